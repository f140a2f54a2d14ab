"""Who was drawn and who answered, and what was written as other: in a wave of the survey."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.quality import Thresholds
from survey_server.reports.quality.wave_marks import Marks, QualityFacts
from survey_server.reports.quality.wave_others import list_others, rows_with_others
from survey_server.reports.quality.wave_selection import check_selection
from survey_server.reports.questionnaire import Choice, Item
from survey_server.reports.sample import Sample
from survey_server.reports.wave_data import ProgrammeInfo, WaveData

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]


@pytest.fixture
def survey(waves: Waves) -> WaveData:
    """The second wave of the survey."""
    return waves[2][0]


def households(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Dwellings with a woman of 25 and a man of 65, drawn by turns; and the list of their adults."""
    ids = [f"uuid:{number}" for number in range(n)]
    drawn = [1 + number % 2 for number in range(n)]
    said = {"sex": [str(one) for one in drawn], "age": [25.0 if one == 1 else 65.0 for one in drawn]}
    frame = pd.DataFrame({"_id": ids, "sel_pos": [str(one) for one in drawn], "consent": "1", **said})
    listed = pd.DataFrame(
        {"_id": np.repeat(ids, 2), "_position": [1.0, 2.0] * n, "r_age": [25.0, 65.0] * n, "r_sex": ["1", "2"] * n}
    )
    return frame, listed


def test_it_finds_who_answered_in_the_place_of_the_person_drawn_and_draws_that_were_none(survey: WaveData) -> None:
    frame, listed = households(100)
    frame.loc[0, "sex"], frame.loc[3, "age"], frame.loc[4, "age"], frame.loc[5, "sex"] = "2", 40.0, 26.0, "99"
    fair = Sample(replace(survey, frame=frame.assign(_received_at=pd.NaT), repeats={"roster": listed}))
    found = check_selection(fair, frame)
    assert found is not None
    assert np.flatnonzero(found.others).tolist() == [0, 3]
    assert (found.drawn, found.compared, found.share) == (100, 100, 0.02)
    assert [(mix.kind, mix.expected, mix.drawn, mix.z) for mix in found.mixes] == [
        ("woman", 0.5, 0.5, 0),
        ("young", 0.5, 0.5, 0),
        ("old", 0.5, 0.5, 0),
    ]
    at_home = frame.assign(sel_pos="1", sex="1", age=25.0)  # always whoever opens the door
    chosen = check_selection(Sample(replace(survey, frame=at_home, repeats={"roster": listed})), at_home)
    assert chosen is not None
    assert (chosen.share, chosen.farthest) == (0, pytest.approx(10))
    assert check_selection(Sample(survey), survey.frame) is None


def test_it_gathers_what_was_written_as_other_however_it_is_spelt(survey: WaveData) -> None:
    choices = (Choice("1", {"es": "Agua"}), Choice("other", {"es": "Otro"}))
    listed = Item("worry", "many", {"es": "¿Qué preocupa?"}, choices)
    asked = ["call", "selected", ["path", ".", ["child", "worry"]], ["str", "other"]]
    other = Item("worry_other", "other", {"es": "¿Cuál?"}, conditions=(asked,))
    note = Item("note", "other", {"es": "Comentario"})
    questionnaire = replace(survey.questionnaires[0], items=(listed, other, note))
    registry = replace(survey.registry, types={"worry_other": "text", "note": "text"})
    texts = ["Basura.", " basura", "BÁSURA", "la luz", None, " "]
    frame = pd.DataFrame({"_id": range(6), "worry_other": texts, "note": "x", "consent": "1"})
    data = replace(survey, frame=frame, registry=registry, questionnaires=(questionnaire,))
    marks = Marks(Sample(data), QualityFacts(), Thresholds())
    (found,) = list_others(marks, np.array([True, True, True, True, True, True]))
    assert (found.item.name, found.listed.name, found.choice.code, found.answers) == (
        *("worry_other", "worry", "other"),
        4,
    )
    assert [(said.text, said.rows) for said in found.said] == [("Basura.", (0, 1, 2)), ("la luz", (3,))]
    (some,) = list_others(marks, np.array([False, True, False, False, False, False]))
    assert [said.text for said in some.said] == ["basura"]
    assert rows_with_others(marks).tolist() == [True, True, True, True, False, True]
