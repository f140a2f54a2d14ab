"""A form with one question of each kind that an import has to fill."""

from __future__ import annotations

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.form import Form
from survey_server.xlsform.workbook import read_workbook

FORM = """
| survey |
| | type | name | label::es | label::en | required | constraint | relevant | calculation | choice_filter |
| | start | start | | | | | | | |
| | today | today | | | | | | | |
| | select_one country | country | País | Country | yes | | | | |
| | select_one town | town | Municipio | Town | | | | | in=${country} |
| | integer | bribe | ¿Aceptar un soborno? | Accepting a bribe? | | . >= 1 and . <= 10 | | | |
| | decimal | income | Ingreso | Income | | | | | |
| | date | visited | Visita | Visit | | | | | |
| | select_multiple way | ways | ¿Cómo viaja? | How do you travel? | | | | | |
| | text | remark | Comentario | Remark | | | ${bribe} > 5 | | |
| | calculate | twice | | | | | | ${bribe} * 2 | |
| | calculate | dice | | | | | | once(random()) | |
| | begin_repeat | kids | Hijos | Children | | | | | |
| | integer | kid_age | Edad | Age | | | | | |
| | end_repeat | | | | | | | | |
| choices |
| | list_name | name | label::es | label::en | in |
| | country | MX | México | Mexico | |
| | country | CO | Colombia | Colombia | |
| | town | 1 | Tijuana | Tijuana | MX |
| | town | 2 | Cali | Cali | CO |
| | way | 1 | A pie | On foot | |
| | way | 2 | En bus | By bus | |
| | way | 3 | Otro | Other | |
| | way | 4 | Otro | Something else | |
| settings |
| | form_title | form_id | version | default_language |
| | Soborno | bribe | 1 | es |
"""


@pytest.fixture(scope="session")
def form() -> Form:
    return compile_form(read_workbook(FORM.encode(), "bribe.md").xform, {})
