"""A form in two versions with nested repeats, and submissions of it, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave

FIRST = """
| survey |
| | type                | name    | label::Español (es) | label::English (en) | relevant        |
| | today               | today   |                     |                     |                 |
| | text                | psu     | Punto               | Point               |                 |
| | select_one yn       | safe    | ¿Se siente seguro?  | Do you feel safe?   |                 |
| | integer             | age     | Edad                | Age                 | ${safe} = '1'   |
| | select_multiple how | news    | Noticias            | News                |                 |
| | text                | remark  | Comentario          | Remark              |                 |
| | geopoint            | place   | Lugar               | Place               |                 |
| | begin_repeat        | member  | Persona             | Person              |                 |
| | integer             | years   | Años                | Years               |                 |
| | begin_repeat        | job     | Trabajo             | Job                 |                 |
| | text                | what    | ¿Cuál?              | Which?              |                 |
| | end_repeat          |         |                     |                     |                 |
| | end_repeat          |         |                     |                     |                 |
| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | yn        | 1    | Sí                  | Yes                 |
| | yn        | 0    | No                  | No                  |
| | yn        | 88   | No sabe             | Does not know       |
| | how       | r    | Radio               | Radio               |
| | how       | t    | Televisión          | Television          |
| settings |
| | form_title | form_id | version | default_language |
| | Hogar      | home    | 1       | Español (es)     |
| design |
| | role | source   | field | note |
| | psu  | question | psu   |      |
"""
SECOND = (
    FIRST.replace("| home    | 1       |", "| home    | 2       |")
    .replace("| integer             | age     |", "| text                | age     |")
    .replace("| | text                | remark  | Comentario          | Remark              |                 |\n", "")
    .replace(
        "| | yn        | 0    | No  ",
        "| | yn        | 2    | A veces             | Sometimes           |\n| | yn        | 0    | No  ",
    )
)


@pytest.fixture
def home(database: Database, programme: Programme) -> Programme:
    """The programme with both versions of the form, an open wave and two sites."""
    publish_form(database, programme.id, "home.md", FIRST.encode())
    publish_form(database, programme.id, "home.md", SECOND.encode())
    with database.transaction() as session:
        set_sites(session, programme.id, [{"code": "A"}, {"code": "B"}], actor="command")
        form = get_form(session, programme.id, "home")
        add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), state="open")
    return programme


Send = Callable[..., None]


@pytest.fixture
def send(database: Database, home: Programme) -> Send:
    """Take one submission in."""

    def take(number: int, body: str, version: str = "1", site: str = "A") -> None:
        xml = (
            f'<data id="home" version="{version}"><today>2026-03-05</today><psu>{site}</psu>{body}'
            f"<meta><instanceID>uuid:{number}</instanceID></meta></data>"
        )
        take_in(
            database, Source(home.id, "demo", "command"), [Arrival(f"uuid:{number}", "home", version, xml.encode())]
        )

    return take
