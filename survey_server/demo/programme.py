"""Makes the demo programme: forms published, sites listed, phones enrolled, two waves answered and sent."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Protocol
from uuid import UUID

from flask import Flask

from survey_server import __version__
from survey_server.db.compiled import CompiledVersion, load_version
from survey_server.db.devices import add_device
from survey_server.db.forms import get_form
from survey_server.db.programmes import add_programme, get_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database, Session
from survey_server.db.sites import set_sites, set_wave_sites
from survey_server.db.waves import add_wave, get_wave, set_wave_state
from survey_server.demo.observation import demo_posts, encounters
from survey_server.demo.perception import GUATEMALA, demo_sites, respondents
from survey_server.demo.sync import Finished, batches, send
from survey_server.demo.walk import Reader, answer_all
from survey_server.problems import UnknownForm, UnknownWave
from survey_server.xlsform.interview import Interview

CODE = "demo"
SEED = 17
FORMS = Path(__file__).parents[2] / "forms"
PERCEPTION, OBSERVER = "ssr_perception", "ssr_observer"
WAVES = (1, 2)
WAVE_LENGTH = timedelta(days=35)
BETWEEN_WAVES = timedelta(days=364)  # the same weeks of the year, as a plan would have it
REPEATED_UPLOADS = 2
DATA_SETS = ("psus.csv", "posts.csv", "units.csv", "venues.csv")
WORDING_BREAK = (
    "Si capturan a alguien que vende o mueve droga,",
    "Cuando la policía captura a alguien por vender o mover droga,",
)
"""What the second wave asks differently: the trend of this item must end in "not comparable"."""


class Answered(Protocol):
    """A person or an encounter: whoever can say what the form gets to hear."""

    def answer(self, name: str, choices: list[str], read: Reader) -> str:
        """The value for a question."""


@dataclass(frozen=True)
class Interviewed:
    """One form to fill: by whom, when, and what is answered."""

    by: str
    started: datetime
    ended: datetime
    source: Answered


Progress = Callable[[int], None]


def make_demo(app: Flask, today: date, progress: Progress) -> None:
    """Create the demo programme in `app`'s database; `progress(n)` is told how many more interviews have been sent.

    Two waves are answered and locked; a third begins `today` and is open for whoever tries the phone app.
    """
    database: Database = app.extensions["database"]
    rng = Random(SEED)
    first_days = [today - WAVE_LENGTH - BETWEEN_WAVES, today - WAVE_LENGTH]
    programme_id = _prepare(database, [*first_days, today])
    tokens = _Tokens(database, programme_id)
    for wave, first_day in zip(WAVES, first_days, strict=True):
        for form_id, work in ((PERCEPTION, _interviews), (OBSERVER, _observations)):
            _publish(database, programme_id, form_id, wave)
            filled = _fill(_load(database, programme_id, form_id), work(wave, first_day, rng), tokens, rng)
            _send_all(app, filled, progress, repeats=REPEATED_UPLOADS if wave == 2 and form_id == PERCEPTION else 0)
            with database.transaction() as session:
                form = get_form(session, programme_id, form_id)
                set_wave_state(session, get_wave(session, form, f"W{wave}"), "locked", actor="demo")


def is_demo_whole(session: Session) -> bool:
    """Whether the demo was made to its end: its last wave with interviews is locked."""
    try:
        form = get_form(session, get_programme(session, CODE).id, OBSERVER)
        return get_wave(session, form, f"W{WAVES[-1]}").state == "locked"
    except (UnknownForm, UnknownWave):
        return False


def demo_size() -> int:
    """About how many interviews the demo sends, for a progress bar."""
    return 2 * (1200 + 30 + 360)


def _prepare(database: Database, first_days: Sequence[date]) -> int:
    with database.transaction() as session:
        programme = add_programme(session, CODE, "Programa de demostración", demo=True)
        set_sites(session, programme.id, [*_sites("demo_sites.csv"), *_sites("demo_post_sites.csv")], actor="demo")
        programme_id = programme.id
    for form_id, sites in ((PERCEPTION, "demo_sites.csv"), (OBSERVER, "demo_post_sites.csv")):
        _publish(database, programme_id, form_id, 1)
        with database.transaction() as session:
            form = get_form(session, programme_id, form_id)
            for wave, first_day in enumerate(first_days, start=1):
                last_day = first_day + WAVE_LENGTH - timedelta(days=1)
                row = add_wave(session, form, f"W{wave}", first_day, last_day, state="open")
                set_wave_sites(session, row, [site["code"] for site in read_rows(sites)], actor="demo")
    for path in sorted(FORMS.glob("ssr_*.md")):
        if path.stem not in (PERCEPTION, OBSERVER):
            _publish(database, programme_id, path.stem, 1)
    return programme_id


def _publish(database: Database, programme_id: int, form_id: str, wave: int) -> None:
    """Publish a form as it stood in a wave: the perception survey of wave 2 asks one question in other words."""
    source = (FORMS / f"{form_id}.md").read_text()
    if form_id == PERCEPTION and wave == 2:
        source = source.replace(*WORDING_BREAK).replace("| ssr_perception | 2026", "| ssr_perception | 2027")
    data = {name: (FORMS / name).read_bytes() for name in DATA_SETS if name in source}
    publish_form(database, programme_id, f"{form_id}.md", source.encode(), data, actor="demo")


def _load(database: Database, programme_id: int, form_id: str) -> CompiledVersion:
    with database.reading() as session:
        version_id = get_form(session, programme_id, form_id).current_version_id
        assert version_id is not None
        return load_version(session, programme_id, version_id)


def _interviews(wave: int, first_day: date, rng: Random) -> Iterator[Interviewed]:
    for person in respondents(demo_sites(read_rows("demo_sites.csv"), Random(SEED)), wave, first_day, rng):
        yield Interviewed(
            person.interviewer, person.started, person.started + timedelta(minutes=person.minutes), person
        )


def _observations(wave: int, first_day: date, rng: Random) -> Iterator[Interviewed]:
    for encounter in encounters(demo_posts(read_rows("posts.csv"), Random(SEED)), wave, first_day, rng):
        ended = encounter.started + timedelta(seconds=encounter.seconds + 60)
        yield Interviewed(encounter.observer, encounter.started, ended, encounter)


def _fill(version: CompiledVersion, work: Iterator[Interviewed], tokens: _Tokens, rng: Random) -> Iterator[Finished]:
    for task in work:
        interview = Interview(
            version.form,
            properties={"username": task.by, "deviceid": f"demo-{task.by}"},
            now=task.started,
            tz=str(GUATEMALA),
            random=rng.random,
        )
        answer_all(interview, task.source.answer)
        instance_id = f"uuid:{UUID(int=rng.getrandbits(128), version=4)}"
        xml = interview.finish(instance_id=instance_id, now=task.ended)
        yield Finished(instance_id, version.form.id, version.form.version, tokens.of(task.by), task.ended, xml)


def _send_all(app: Flask, filled: Iterator[Finished], progress: Progress, repeats: int) -> None:
    """Send everything, the clock at the evening of the day of each batch; the last few are sent a second time."""
    client = app.test_client()
    sent: list[list[Finished]] = []
    for batch in batches(list(filled)):
        evening = datetime.combine(batch[0].ended.date(), time(18, 45), GUATEMALA)
        app.config["CLOCK"] = lambda moment=evening: moment.astimezone(UTC)
        send(client, batch, __version__)
        sent.append(batch)
        progress(len(batch))
    if repeats:
        send(client, sent[-1][:repeats], __version__)


class _Tokens:
    """One enrolled phone for each interviewer and observer, enrolled when first needed."""

    def __init__(self, database: Database, programme_id: int) -> None:
        self._database = database
        self._programme_id = programme_id
        self._known: dict[str, str] = {}

    def of(self, code: str) -> str:
        """The token of this person's phone."""
        if code not in self._known:
            with self._database.transaction() as session:
                self._known[code] = add_device(session, self._programme_id, f"Teléfono {code}", code)[1]
        return self._known[code]


def _sites(name: str) -> list[dict[str, str | None]]:
    return [{column: text or None for column, text in row.items()} for row in read_rows(name)]


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the demo's tables in forms/."""
    with (FORMS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
