"""The report finds what was planted in the demo's registers: returns, courses, courts, committees, back-checks."""

import pytest

from survey_server.demo import returns, training
from survey_server.demo.community import ANSWERED_BY_NEXT, COMMITTEES
from survey_server.demo.incidents import RESPONSE
from survey_server.demo.justice import CLEARANCE, STOCK_FLOW_GAP
from survey_server.demo.observation import LIFT
from survey_server.demo.perception import FABRICATOR
from survey_server.estimation.distributions import t_quantile
from survey_server.reports.value import Note
from survey_server.reports.wave_summary import WaveSummary
from tests.demo.conftest import Figures

MISSING = ("2026-03", "2026-04", "2026-05")
"""The months of the unit with gaps: two that never came and one that came without data."""


def message(summary: WaveSummary, page: str) -> Note:
    return next(one.message for one in summary.pages if one.id == page)


def test_it_draws_every_page_of_the_registers(summary: WaveSummary) -> None:
    drawn = {page.id for page in summary.pages}
    assert {"training", "followup", "admin", "reporting", "reaction", "justice", "community"} <= drawn


def test_it_shows_months_that_did_not_come_as_gaps_and_not_as_zeros(figures: Figures) -> None:
    unit = returns.GAPS[0]
    series = {
        row: figures.rows["admin.units", row, unit]["value"]
        for (table, row, col) in figures.rows
        if table == "admin.units" and col == unit
    }
    assert {month for month, value in series.items() if value == ""} == set(MISSING)
    assert figures.number("admin.complete", "missing", "value") == 2
    assert figures.number("admin.complete", "no_data", "value") == 1


def test_it_counts_the_last_revision_of_a_return_only(figures: Figures) -> None:
    assert figures.number("admin.complete", "superseded", "value") == sum(n - 1 for n in returns.CORRECTED.values())
    assert figures.number("admin.units", "2026-01", "GTU03") < 1.5 * figures.number("admin.units", "2025-12", "GTU03")


def test_it_finds_the_rise_of_reports(figures: Figures) -> None:
    low, high = figures.interval("admin.counts", "rep_viol", "change")
    assert low <= 100 * (returns.MORE_REPORTS - 1) <= high


def test_it_finds_no_change_in_counts_where_none_was_planted(figures: Figures) -> None:
    for row in ("arr_all", "arr_drug", "rep_rob", "rep_ext", "arms_n", "docs_false", "cmp_in", "calls"):
        low, high = figures.interval("admin.counts", row, "change")
        assert low < 0 < high or abs(figures.number("admin.counts", row, "change")) < 5, row


def test_it_finds_the_seizures_with_a_dog(figures: Figures) -> None:
    for year, wave in (("before", 1), ("after", 2)):
        low, high = figures.interval("admin.ratios", "k9", year)
        assert low <= 100 * returns.DOG_SHARE[wave] <= high


def test_it_names_the_one_sudden_jump(figures: Figures) -> None:
    assert figures.number("admin.complete", "jumps", "value") == 1


def test_it_reads_more_reports_with_fewer_victims_as_people_coming_forward(
    summary: WaveSummary, figures: Figures
) -> None:
    assert message(summary, "reporting").words["reading"] == "más personas se animan a denunciar"
    for part in ("victimisation", "reporting_rate"):
        low, high = figures.interval("reporting.parts", part, "change")
        assert low > 0 or high < 0
    low, high = figures.interval("reporting.parts", "residual", "change")
    assert low < 0 < high


def test_it_classes_the_programme_areas_b_and_the_comparison_areas_a(summary: WaveSummary) -> None:
    assert message(summary, "reaction").rule == "reaction.message.B"
    table = next(table for table in summary.tables() if table.id == "reaction.classes")
    kinds = {row.key: row.cells[0].text[0] for row in table.rows}
    assert (kinds["programme"], kinds["comparison"]) == ("B", "A")
    assert set(kinds.values()) <= {"A", "B"}


def test_it_sees_the_handover_fall_behind_the_plan(summary: WaveSummary, figures: Figures) -> None:
    table = next(table for table in summary.tables() if table.id == "training.taper")
    red = [row.key for row in table.rows if row.cells[2].mark == "worsened"]
    assert len(red) == len(table.rows) - training.BEHIND_FROM - 1  # from the second short month on
    assert message(summary, "training").rule == "training.message.target.behind"
    assert figures.number("training.summary", "target", "value") == training.TARGET


def test_it_counts_people_and_not_attendances(figures: Figures) -> None:
    trained = figures.number("training.summary", "trained", "value")
    assert 500 < trained < 700
    assert sum(figures.number("training.p_sex", code, "n") for code in "12") == trained


def test_it_finds_what_people_gain_in_a_course(figures: Figures) -> None:
    assert figures.number("training.summary", "gain", "value") == pytest.approx(training.GAIN, abs=1.0)


def test_it_finds_that_use_and_knowledge_wear_off(figures: Figures) -> None:
    for time in training.USE:
        low, high = figures.interval("followup.wear", str(time), "use")
        assert low - 2 <= 100 * training.USE[time] <= high + 2
        assert figures.number("followup.wear", str(time), "knowledge") == pytest.approx(
            100 * training.KNOWLEDGE[time], abs=5
        )


def test_it_finds_the_backlog_growing_and_then_shrinking(figures: Figures) -> None:
    for year, wave in (("before", 1), ("after", 2)):
        assert figures.number("justice.flow", "clearance", year) == pytest.approx(100 * CLEARANCE[wave], abs=2)
    assert figures.number("justice.flow", "backlog", "before") > 0 > figures.number("justice.flow", "backlog", "after")


def test_it_lists_the_one_book_that_does_not_add_up(figures: Figures) -> None:
    gaps = [(row, figures.number(table, row, col)) for table, row, col in figures.rows if table == "justice.gaps"]
    assert gaps == [(f"{STOCK_FLOW_GAP[0]}.2026-06", STOCK_FLOW_GAP[2])]


def test_it_finds_how_many_points_are_answered_by_the_next_meeting(figures: Figures) -> None:
    low, high = figures.interval("community.committees", "by_next", "value")
    assert low <= 100 * ANSWERED_BY_NEXT <= high
    assert figures.number("community.committees", "active", "value") == pytest.approx(
        100 * (COMMITTEES - 1) / COMMITTEES
    )


def test_it_prints_no_point_that_could_put_somebody_at_risk(figures: Figures) -> None:
    restricted = figures.number("community.committees", "restricted", "value")
    counted = sum(figures.number(t, r, c) for t, r, c in figures.rows if t == "community.points" and c == "all")
    assert restricted > 0
    assert counted > 0


def test_it_finds_the_units_arriving_sooner(figures: Figures) -> None:
    for year, wave in (("before", 1), ("after", 2)):
        assert figures.number("admin.ratios", "response", year) == pytest.approx(RESPONSE[wave], abs=1.5)


def test_it_finds_whose_back_checks_do_not_agree(figures: Figures) -> None:
    people = {row for table, row, _ in figures.rows if table == "quality.backchecks.people"}
    assert people == {f"W2.{FABRICATOR}"}
    assert figures.number("quality.backchecks", "firm", "W1") < 5


def test_it_calls_nothing_on_the_context_pages_better_or_worse(summary: WaveSummary) -> None:
    words = ("mejor", "empeor")
    for page in summary.pages:
        if page.id in ("admin", "reporting", "reaction"):
            cells = [
                cell.text
                for table in summary.tables()
                if table.id.startswith(page.id)
                for row in table.rows
                for cell in row.cells
            ]
            assert not [text for text in cells if any(text.lower().startswith(word) for word in words)]


def test_it_sees_in_the_field_how_a_course_wears_off(figures: Figures) -> None:
    bands = dict(zip(("0–2", "3–5", "6–8", "9+"), sorted(LIFT), strict=True))
    for band, months in bands.items():  # all four at once: a visit of ten encounters more or less says little
        low, high = figures.interval("followup.observed", band, "change")
        middle, reach = (low + high) / 2, (high - low) / 2 * t_quantile(1 - 0.05 / 8, 8) / t_quantile(0.975, 8)
        assert middle - reach <= LIFT[months] <= middle + reach, band
    assert figures.interval("followup.observed", "0–2", "change")[0] > 0
    assert figures.number("followup.observed", "0–2", "change") > figures.number("followup.observed", "9+", "change")
