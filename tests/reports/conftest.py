"""Two invented waves of two small forms with planted truths: what a report must find, and nothing else."""
# ruff: noqa: E501 - the tables of the forms are wider than code

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from survey_server.db.publishing import check_form
from survey_server.reports.questionnaire import Questionnaire, questionnaire_of
from survey_server.reports.wave_data import FieldFacts, ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from survey_server.xlsform.registry import Registry

SURVEY = """
| survey |
| | type | name | label::Español (es) | label::English (en) | relevant |
| | text | username | Código | Code |  |
| | text | psu | Punto | Point |  |
| | text | case_id | Caso | Case |  |
| | select_one consent | consent | ¿Acepta? | Do you agree? |  |
| | begin_group | main | Entrevista | Interview | ${consent} = 1 |
| | select_one sex | sex | Sexo | Sex |  |
| | select_one safe | safe_night | ¿Qué tan seguro(a) se siente de noche? | How safe do you feel at night? |  |
| | select_one safe | safe_day | ¿Y de día? | And by day? |  |
| | select_one conf | j_punish | ¿Cree que lo castiguen? | Do you think they will be punished? |  |
| | select_one t7 | tr_a | La policía | The police |  |
| | select_one t7 | tr_b | Los jueces | Judges |  |
| | select_one t7 | tr_c | El ejército | The army |  |
| | select_one t7 | tr_d | La fiscalía | Prosecutors |  |
| | select_one t7 | tr_e | Las iglesias | Churches |  |
| | select_multiple avoid | avoid | ¿Qué dejó de hacer? | What did you stop doing? |  |
| | integer | wait | ¿Cuántos minutos esperó? | How many minutes did you wait? | ${sex} = 1 |
| | end_group |  |  |  |  |

| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | consent | 1 | Sí | Yes |
| | consent | 0 | No | No |
| | sex | 1 | Mujer | Woman |
| | sex | 2 | Hombre | Man |
| | safe | 1 | Muy seguro | Very safe |
| | safe | 2 | Algo seguro | Somewhat safe |
| | safe | 3 | Algo inseguro | Somewhat unsafe |
| | safe | 4 | Muy inseguro | Very unsafe |
| | safe | 88 | No sabe | Does not know |
| | safe | 99 | No responde | Refused |
| | conf | 1 | Mucho | A lot |
| | conf | 2 | Poco | A little |
| | t7 | 1 | 1 | 1 |
| | t7 | 2 | 2 | 2 |
| | t7 | 3 | 3 | 3 |
| | t7 | 4 | 4 | 4 |
| | t7 | 5 | 5 | 5 |
| | t7 | 6 | 6 | 6 |
| | t7 | 7 | 7 | 7 |
| | t7 | 88 | No sabe | Does not know |
| | avoid | 1 | Salir | Going out |
| | avoid | 2 | Viajar | Travelling |
| | avoid | 0 | Nada | Nothing |

| settings |
| | form_title | form_id | version | default_language |
| | Encuesta / Survey | small | 2026010101 | Español (es) |

| design |
| | role | source | field |
| | psu | question | psu |
| | stratum | site | stratum |
| | arm | site | arm |
| | weight | site | weight |
| | department | site | department |
| | interviewer | question | username |
| | case_id | question | case_id |
| | consent | question | consent |

| indicators |
| | code | label::Español (es) | label::English (en) | level | estimator | formula | scale | unit | direction | minimum_change | headline | family | breakdowns | sensitive | target | note |
| | X01 | Seguro de noche | Safe at night | outcome | share | ${safe_night} <= 2 | 100 | % | up | 5 | yes | headline | sex site.department site.arm |  | 70 |
| | X02 | Seguro de día | Safe by day | outcome | share | ${safe_day} <= 2 | 100 | % | up | 5 | yes | headline | sex site.department |  |  |
| | X03 | Castigo | Punishment | outcome | share | ${j_punish} = 1 | 100 | % | up | 5 | yes | headline | sex |  |  |
| | X04 | Confianza | Trust | outcome | mean | ${tr_a} | 1 | 1–7 | up | 0.3 | yes | headline | sex |  |  |
| | X05 | Iglesias | Churches | context | mean | ${tr_e} | 1 | 1–7 | context | 0.3 |  | context | sex |  |  |
| | X06 | Espera | Waiting | outcome | median | ${wait} | 1 | min | down | 5 |  | secondary | sex | yes |  |
| | X07 | Lista | List | outcome | contrast |  | 100 | % | down | 5 |  | secondary |  |  |  | Dos listas |
"""

CHECKLIST = """
| survey |
| | type | name | label::Español (es) | label::English (en) |
| | text | username | Código | Code |
| | text | post | Puesto | Post |
| | text | enc_id | Atención | Encounter |
| | select_one mode | obs_mode | Forma | Mode |
| | integer | visit_ord | Visita | Visit |
| | integer | minutes_in | Minutos | Minutes |
| | select_one yn | intrpt | ¿Reaccionó alguien? | Did anyone react? |
| | select_one obs5 | m1_a | Pide el documento | Asks for the document |
| | select_one obs5 | m1_b | Mira el documento | Looks at the document |
| | select_one obs5 | m1_c | Saluda | Greets |

| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | mode | 1 | Anunciada | Announced |
| | mode | 2 | Sin aviso | Unannounced |
| | mode | 3 | Discreta | Discreet |
| | yn | 1 | Sí | Yes |
| | yn | 0 | No | No |
| | obs5 | 2 | Cumple | Met |
| | obs5 | 1 | En parte | Partly |
| | obs5 | 0 | No cumple | Not met |
| | obs5 | 77 | No aplica | Not applicable |
| | obs5 | 66 | No se vio | Not seen |

| settings |
| | form_title | form_id | version | default_language |
| | Lista / Checklist | small_observer | 2026010101 | Español (es) |

| design |
| | role | source | field |
| | psu | question | post |
| | stratum | site | stratum |
| | observer | question | username |
| | interviewer | question | username |
| | pair | question | enc_id |
| | case_id | question | enc_id |
| | mode | question | obs_mode |
| | visit_ordinal | question | visit_ord |
| | minutes | question | minutes_in |
| | reacted | question | intrpt |

| indicators |
| | code | label::Español (es) | label::English (en) | level | estimator | formula | base | scale | unit | direction | minimum_change | headline | family | breakdowns |
| | Y01 | Cumplimiento | Compliance | behaviour | mean | mean-valid(1, ${m1_a}, ${m1_b}, ${m1_c}) * 50 | any-selected(${obs_mode}, '2 3') | 1 | 0–100 | up | 5 | yes | headline | obs_mode |
"""

RISE, GAP, FABRICATOR = 36.0, 23.0, "EN03"
SITES, PER_SITE = 40, 15
FEW = "GT09"
"""The department with too few interviews to publish."""


def compile_small(source: str) -> tuple[Questionnaire, Registry]:
    """A small form's questions and registry."""
    draft = check_form("small.md", source.encode(), {})
    return questionnaire_of(json.loads(draft.phone)), draft.registry


def _when(wave: int, rng: np.random.Generator) -> datetime:
    first = datetime(2026, 2, 2, 15, tzinfo=UTC) if wave == 1 else datetime(2026, 3, 2, 15, tzinfo=UTC)
    return first + timedelta(days=int(rng.integers(0, 20)), minutes=int(rng.integers(0, 300)))


def _stamps(when: datetime, minutes: float, interviewer: str, version: str) -> dict[str, object]:
    return {
        "_collected_on": pd.Timestamp(when.date()),
        "_started": when,
        "_ended": when + timedelta(minutes=minutes),
        "_received_at": when + timedelta(hours=6),
        "_interviewer": interviewer,
        "_version": version,
        "_repeats": 0,
    }


def _interview(wave: int, site: int, place: int, rng: np.random.Generator) -> dict[str, object]:
    programme = site % 2 == 0
    department = "GT17" if site < SITES // 2 else "GT18"
    who = f"EN{1 + site % 8:02d}"
    made_up = who == FABRICATOR and wave == 2
    share = 0.40 + site % 5 * 0.02 + (RISE / 100 if programme and wave == 2 else 0.0)
    row: dict[str, object] = {
        "_id": f"s{wave}-{site}-{place}",
        "username": who,
        "psu": f"P{site:02d}",
        "case_id": f"P{site:02d}-{place}-{wave}",
        "consent": "0" if place == 0 and site % 4 == 0 else "1",
        "site.stratum": "norte" if site < SITES // 2 else "sur",
        "site.arm": "programme" if programme else "comparison",
        "site.weight": 1.0 + site % 3,
        "site.department": FEW if site == SITES - 1 else department,
        **_stamps(_when(wave, rng), 6.0 if made_up else float(rng.normal(22, 2)), who, "1"),
    }
    if row["consent"] == "0":
        return row
    sex = str(rng.integers(1, 3))
    trust = "4" if made_up else None
    row |= {
        "sex": sex,
        "safe_night": str(rng.choice(["88", "99"])) if rng.random() < 0.04 else _safe(share, rng),
        "safe_day": _safe(0.6, rng),
        "j_punish": "1" if rng.random() < 0.5 else "2",
        **{f"tr_{letter}": trust or str(rng.integers(1, 8)) for letter in "abcde"},
        "avoid": str(rng.choice(["0", "1", "1 2"])),
    }
    if sex == "1":
        row["wait"] = float(rng.choice([-88.0, *range(5, 60)]))
    return row


def _safe(share: float, rng: np.random.Generator) -> str:
    return str(rng.integers(1, 3)) if rng.random() < share else str(rng.integers(3, 5))


def _encounter(wave: int, number: int, rng: np.random.Generator) -> list[dict[str, object]]:
    mode = "123"[number % 3]
    share = 0.85 if mode == "1" else 0.85 - GAP / 100
    truth = {
        name: "77" if rng.random() < 0.05 else "2" if rng.random() < share else "0" for name in ("m1_a", "m1_b", "m1_c")
    }
    rows = []
    for second in range(2 if number % 4 == 0 else 1):
        seen = {name: code if rng.random() < 0.97 else "0" for name, code in truth.items()} if second else truth
        rows.append(
            {
                "_id": f"o{wave}-{number}-{second}",
                "username": f"OB{1 + (number + second) % 4:02d}",
                "post": f"G{number % 12:02d}",
                "enc_id": f"E{wave}-{number}",
                "obs_mode": mode,
                "visit_ord": float(1 + number // 72),
                "minutes_in": float(rng.integers(0, 90)),
                "intrpt": str(int(rng.random() < 0.2)),
                "site.stratum": "norte",
                **_stamps(_when(wave, rng), 6.0, f"OB{1 + (number + second) % 4:02d}", "1"),
                **seen,
            }
        )
    return rows


@pytest.fixture(scope="session")
def waves() -> tuple[ProgrammeInfo, list[WaveData], list[WaveData]]:
    """Programme, waves before and waves after of both forms."""
    rng = np.random.default_rng(20261121)
    survey, registry = compile_small(SURVEY)
    other, _ = compile_small(SURVEY.replace("¿Cree que lo castiguen?", "¿Cree que un juez lo castigue?"))
    checklist, observing = compile_small(CHECKLIST)
    sides: list[list[WaveData]] = []
    for wave in (1, 2):
        info = WaveInfo(f"Ola {wave}", wave, date(2026, wave + 1, 1), date(2026, wave + 1, 28), "locked")
        interviews = [
            _interview(wave, site, place, rng)
            for site in range(SITES)
            for place in range(PER_SITE if site != SITES - 1 else 5)
        ]
        encounters = [row for number in range(288) for row in _encounter(wave, number, rng)]
        asked = survey if wave == 1 else other
        facts = FieldFacts(planned_sites=SITES, conflicts=wave - 1)
        sides.append(
            [
                WaveData("small", info, (asked,), registry, pd.DataFrame(interviews), facts),
                WaveData("small_observer", info, (checklist,), observing, pd.DataFrame(encounters)),
            ]
        )
    return ProgrammeInfo("DEMO", "Programa inventado", demo=True), sides[0], sides[1]


@pytest.fixture(scope="session")
def build(waves: tuple[ProgrammeInfo, list[WaveData], list[WaveData]]) -> Callable[..., WaveSummary]:
    """Builds the report in a language."""

    def build_in(language: str = "es") -> WaveSummary:
        return build_wave_summary(*waves, language)

    return build_in


@pytest.fixture(scope="session")
def summary(build: Callable[..., WaveSummary]) -> WaveSummary:
    """The report in Spanish."""
    return build("es")
