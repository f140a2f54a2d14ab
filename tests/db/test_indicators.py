"""The registry under the office's changes: what counts, what is kept, what is said of changes after data were seen."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from survey_server.db.analysis.indicators import (
    cells_of,
    edit_indicator,
    list_indicators,
    list_late_changes,
    load_registry,
)
from survey_server.db.forms import get_current_version, get_form
from survey_server.db.models import AuditRow, Form, IndicatorRevision, Programme
from survey_server.db.opening import headlines_still_locked, lock_headlines
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.problems import EditedMeanwhile, UnfitIndicator
from tests.web.field import FORM

INDICATORS = """| indicators |
| | code | label::Español (es) | label::English (en) | level | estimator | formula | direction | minimum_change | headline | family |
| | S1 | Se siente seguro | Feels safe | outcome | share | ${safe} = 1 | up | 5 | yes | headline |
| | S2 | Edad media | Mean age | context | mean | ${age} | context | | | secondary |
"""  # noqa: E501 - a sheet


@pytest.fixture
def form(database: Database, programme: Programme) -> Form:
    publish_form(database, programme.id, "mini.md", (FORM.rstrip() + "\n" + INDICATORS).encode())
    with database.reading() as session:
        return get_form(session, programme.id, "mini")


def edit(
    database: Database, form: Form, code: str, new: dict[str, str], seen: int = 0, reason: str = "Acordado en mesa"
) -> IndicatorRevision | None:
    with database.transaction() as session:
        known = {each.indicator.code: cells_of(each.indicator) for each in list_indicators(session, form)}
        cells = {**known.get(code, {}), **new}
        return edit_indicator(session, form, code, cells, seen=seen, reason=reason, actor="person:1")


def test_it_counts_what_the_office_says_over_the_sheet_and_keeps_every_change(database: Database, form: Form) -> None:
    edit(database, form, "S1", {"minimum_change": "3", "label::English (en)": "Feels quite safe"})
    edit(database, form, "S1", {"target": "60"}, seen=1)
    with database.reading() as session:
        registry = load_registry(session, get_current_version(session, form))
        one = next(each for each in list_indicators(session, form) if each.indicator.code == "S1")
        assert session.scalars(select(AuditRow.action).where(AuditRow.action == "edit-indicator")).all() != []
    indicator = registry.indicator("S1")
    assert (indicator.minimum_change, indicator.target, indicator.label("en")) == (3.0, 60.0, "Feels quite safe")
    assert indicator.label("es") == "Se siente seguro"
    assert [revision.number for revision in one.revisions] == [2, 1]
    assert registry.indicator("S2").label("en") == "Mean age"


def test_it_goes_on_counting_after_the_form_is_published_anew(database: Database, form: Form) -> None:
    edit(database, form, "S1", {"target": "60"})
    again = (FORM.replace("| mini    | 1 ", "| mini    | 2 ").rstrip() + "\n" + INDICATORS).encode()
    publish_form(database, form.programme_id, "mini.md", again)
    with database.reading() as session:
        fresh = get_form(session, form.programme_id, "mini")
        version = get_current_version(session, fresh)
        assert version.version == "2"
        assert load_registry(session, version).indicator("S1").target == 60.0


def test_it_adds_an_indicator_that_no_sheet_has(database: Database, form: Form) -> None:
    new = {"label::Español (es)": "Menores de 30", "level": "context", "estimator": "share", "direction": "context"}
    edit(database, form, "S9", {**new, "formula": "${age} < 30", "scale": "100", "unit": "%"})
    with database.reading() as session:
        registry = load_registry(session, get_current_version(session, form))
        assert registry.indicator("S9").formula_text == "${age} < 30"
        assert not next(each for each in list_indicators(session, form) if each.indicator.code == "S9").from_sheet


@pytest.mark.parametrize(
    ("new", "column"),
    [
        ({"formula": "${nothing} = 1"}, "formula"),
        ({"formula": "1 +"}, "formula"),
        ({"formula": ""}, "formula"),
        ({"minimum_change": "mucho"}, "minimum_change"),
        ({"direction": "sideways"}, "direction"),
        ({"direction": "target"}, "target"),
        ({"headline": ""}, "family"),
        ({"breakdowns": "nothing"}, "breakdowns"),
    ],
)
def test_it_refuses_with_the_cell_and_the_cure_and_keeps_nothing(
    database: Database, form: Form, new: dict[str, str], column: str
) -> None:
    with pytest.raises(UnfitIndicator) as raised:
        edit(database, form, "S1", new)
    assert column in {each["column"] for each in raised.value.extras["complaints"]}
    with database.reading() as session:
        assert all(not each.revisions for each in list_indicators(session, form))


def test_it_tells_the_second_of_two_editors_and_asks_why(database: Database, form: Form) -> None:
    edit(database, form, "S1", {"target": "60"})
    with pytest.raises(EditedMeanwhile):
        edit(database, form, "S1", {"target": "70"})
    with pytest.raises(UnfitIndicator):
        edit(database, form, "S1", {"target": "70"}, seen=1, reason="")
    assert edit(database, form, "S1", {}, seen=1, reason="") is None  # nothing differs: nothing to explain


def test_it_says_which_headlines_were_changed_after_a_wave_had_opened(database: Database, form: Form) -> None:
    edit(database, form, "S1", {"target": "50"})
    with database.transaction() as session:
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
        lock_headlines(session, wave, actor="person:1")
        assert headlines_still_locked(session, wave)
    edit(database, form, "S1", {"label::English (en)": "Feels safer"}, seen=1)
    with database.reading() as session:
        assert list_late_changes(session, form.programme_id, form.id) == []
    edit(database, form, "S1", {"minimum_change": "2"}, seen=2)
    edit(database, form, "S2", {"target": "40"})
    with database.reading() as session:
        late = list_late_changes(session, form.programme_id, form.id)
        assert [(each.code, each.wave) for each in late] == [("S1", "W1")]
        assert "minimum_change" in late[0].columns
        assert headlines_still_locked(session, session.get_one(type(wave), (wave.programme_id, wave.id))) is False
