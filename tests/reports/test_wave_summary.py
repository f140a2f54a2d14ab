"""The report's numbers against independent arithmetic and against what was planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from survey_server.problems import NothingToReport
from survey_server.reports.decided import Ruling
from survey_server.reports.value import Page, Prose, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from survey_server.xlsform.registry import Indicator

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]


def page(summary: WaveSummary, page_id: str) -> Page:
    return next(page for page in summary.pages if page.id == page_id)


def table(summary: WaveSummary, table_id: str) -> Table:
    return next(table for table in summary.tables() if table.id == table_id)


def words(summary: WaveSummary, code: str) -> str:
    return table(summary, "glance.headlines").cell(code, "verdict").mark


def test_it_prints_the_weighted_share_of_valid_answers(summary: WaveSummary, waves: Waves) -> None:
    frame = waves[2][0].frame
    kept = frame[(frame["consent"] == "1") & frame["safe_night"].isin(["1", "2", "3", "4"])]
    expected = 100 * np.average(kept["safe_night"].isin(["1", "2"]), weights=kept["site.weight"])
    cell = table(summary, "glance.headlines").cell("X01", "after")
    assert cell.value == pytest.approx(expected, rel=1e-12)
    assert cell.n == len(kept)


def test_it_finds_the_planted_rise_and_nothing_that_is_not_there(summary: WaveSummary) -> None:
    assert words(summary, "X01") == "improved"
    assert words(summary, "X02") in ("unclear", "stable")
    assert words(summary, "X04") in ("unclear", "stable")


def test_it_finds_the_rise_only_where_the_programme_was(summary: WaveSummary) -> None:
    effect = table(summary, "comparison.did").cell("X01", "did")
    assert effect.low is not None and effect.high is not None
    assert 0 < effect.low < 36 < effect.high


def test_it_calls_a_question_that_was_reworded_not_comparable(summary: WaveSummary) -> None:
    assert words(summary, "X03") == "broken"
    assert table(summary, "glance.headlines").cell("X03", "change").text == ""
    topline = table(summary, "topline.small.j_punish")
    assert all(row.cells[topline.column("change")].value is None for row in topline.rows)
    assert table(summary, "versions.small").cell("j_punish", "same").mark == "broken"


def test_it_measures_the_hawthorne_gap_that_was_planted(summary: WaveSummary) -> None:
    gap = table(summary, "hawthorne.modes").cell("gap", "both")
    assert gap.low is not None and gap.high is not None
    assert gap.low < 23 < gap.high


def test_it_counts_an_encounter_of_two_observers_once(summary: WaveSummary) -> None:
    assert table(summary, "quality.outcomes.small_observer").cell("counted", "after").value == 288
    assert table(summary, "quality.outcomes.small_observer").cell("second", "after").value == 72
    pairs = table(summary, "hawthorne.agreement").cell("m1_a", "pairs").value
    assert pairs is not None and 100 < pairs <= 144


def test_it_marks_the_interviewer_who_makes_interviews_up_and_nobody_else(summary: WaveSummary) -> None:
    people = table(summary, "quality.interviewers.small.after")
    marked = [row.key for row in people.rows if row.cells[people.column("signs")].text]
    assert marked == ["EN03"]


def test_it_counts_nobody_without_consent(summary: WaveSummary, waves: Waves) -> None:
    refused = int((waves[2][0].frame["consent"] == "0").sum())
    outcomes = table(summary, "quality.outcomes.small")
    assert outcomes.cell("refused", "after").value == refused > 0
    assert outcomes.cell("counted", "after").value == len(waves[2][0].frame) - refused


def test_it_shows_every_answer_so_that_a_question_adds_up_to_100(summary: WaveSummary) -> None:
    for name in ("sex", "safe_night", "tr_a"):
        topline = table(summary, f"topline.small.{name}")
        for wave in ("before", "after"):
            place = topline.column(wave)
            total = sum(row.cells[place].value or 0 for row in topline.rows if row.key != "n")
            assert total == pytest.approx(100, abs=1e-9)


def test_it_keeps_missing_codes_out_of_means(summary: WaveSummary, waves: Waves) -> None:
    frame = waves[2][0].frame
    wait = frame["wait"].where(frame["wait"] >= 0)
    kept = wait.notna()
    expected = np.average(wait[kept], weights=frame["site.weight"][kept])
    topline = table(summary, "topline.small.wait")
    assert topline.cell("mean", "after").value == pytest.approx(expected, rel=1e-12)
    unknown = topline.cell("-88", "after").value
    assert unknown is not None and unknown > 0


def test_it_suppresses_under_25_cases_and_one_more_cell_that_would_give_it_away(summary: WaveSummary) -> None:
    groups = table(summary, "breakdown.small")
    few = groups.cell("site.department=GT09", "X01.after")
    assert (few.flag, few.value, few.se) == ("suppressed", None, None)
    shown = [groups.cell(f"site.department={code}", "X01.after").flag for code in ("GT17", "GT18")]
    assert sorted(shown) == ["", "suppressed"]


def test_it_brackets_25_to_49_cases(waves: Waves) -> None:
    programme, before, after = waves
    frame = after[0].frame.copy()
    frame["site.department"] = np.where(np.arange(len(frame)) < 60, "GT01", "GT02")
    frame.loc[30:40, "consent"] = "0"
    few = replace(after[0], frame=frame)
    cell = table(build_wave_summary(programme, before[:1], [few], "es"), "breakdown.small").cell(
        "site.department=GT01", "X01.after"
    )
    assert cell.flag == "bracketed"
    assert cell.value is not None


def test_it_has_no_verdict_for_context_but_rose_fell_or_flat(summary: WaveSummary) -> None:
    assert table(summary, "indicators.small").cell("X05", "verdict").mark == "context"


def test_it_makes_the_rest_when_an_indicator_is_broken(waves: Waves) -> None:
    programme, before, after = waves
    registry = after[0].registry
    wrong = Indicator("X99", {"": "Roto"}, "outcome", "share", "up", "secondary", formula_text="${nobody_asked} = 1")
    broken = replace(registry, indicators=(*registry.indicators, wrong))
    summary = build_wave_summary(programme, before, [replace(after[0], registry=broken)], "es")
    left_out = [note for note in _small_print(summary) if note.words["code"] == "X99"]
    assert "nobody_asked" in left_out[0].words["reason"]
    assert words(summary, "X01") == "improved"


def test_it_reports_a_single_question_of_one_wave_and_names_the_pages_left_out(waves: Waves) -> None:
    programme, _, after = waves
    lone = replace(after[0].registry, design=(), indicators=after[0].registry.indicators[:1])
    frame = after[0].frame[["_id", "safe_night", "sex", "site.department", "site.arm", "_version"]]
    summary = build_wave_summary(programme, [], [replace(after[0], registry=lone, frame=frame)], "en")
    assert {"comparison", "compliance", "hawthorne"} <= {page.id for page in summary.left_out}
    assert page(summary, "glance").message.rule == "glance.message.one_wave"
    assert table(summary, "method.design.small").cell("psus", "after").value == len(frame)


def test_it_treats_people_without_psu_as_new_people_in_every_wave(waves: Waves) -> None:
    programme, before, after = waves
    sides = [replace(side[0], registry=replace(side[0].registry, design=())) for side in (before, after)]
    summary = build_wave_summary(programme, [sides[0]], [sides[1]], "es")
    headline = table(summary, "glance.headlines")
    change, first, last = (headline.cell("X01", name) for name in ("change", "before", "after"))
    assert change.se is not None and first.se is not None and last.se is not None
    assert change.se == pytest.approx(np.hypot(first.se, last.se), rel=1e-9)


def test_it_refuses_waves_without_anybody(waves: Waves) -> None:
    programme, before, after = waves
    nobody = after[0].frame.assign(consent="0")
    with pytest.raises(NothingToReport):
        build_wave_summary(programme, before, [replace(after[0], frame=nobody)], "es")


def test_it_says_when_verdicts_rest_on_marked_interviewers(waves: Waves) -> None:
    programme, before, after = waves
    sides = []
    for side, answer in ((before[0], "4"), (after[0], "1")):
        frame = side.frame.copy()
        marked = frame["username"] == "EN03"
        frame.loc[marked & (frame["consent"] == "1"), "safe_day"] = answer
        frame.loc[marked, "site.stratum"] = "este"
        frame.loc[marked, "site.weight"] = 4.0
        sides.append(replace(side, frame=frame))
    summary = build_wave_summary(programme, sides[:1], sides[1:], "es")
    assert words(summary, "X02") == "improved"
    assert any(note.rule == "caution.flagged" for note in _box(summary))


def test_it_takes_the_comparison_areas_word_when_they_turn_a_change_round(waves: Waves) -> None:
    programme, before, after = waves
    frame = after[0].frame.copy()
    agreed, treated = frame["consent"] == "1", frame["site.arm"] == "programme"
    frame.loc[agreed, "safe_day"] = "1"
    frame.loc[agreed & treated & (np.arange(len(frame)) % 5 == 0), "safe_day"] = "4"
    summary = build_wave_summary(programme, before[:1], [replace(after[0], frame=frame)], "es")
    change = table(summary, "glance.headlines").cell("X02", "change")
    effect = table(summary, "comparison.did").cell("X02", "did")
    assert change.value is not None and effect.value is not None
    assert change.value > 0 > effect.value
    assert words(summary, "X02") != "improved"


def test_it_gives_the_same_report_id_whatever_the_order_of_arrival(
    summary: WaveSummary, waves: Waves, build: Callable[..., WaveSummary]
) -> None:
    programme, before, after = waves
    shuffled = [replace(one, frame=one.frame.sample(frac=1, random_state=1)) for one in after]
    assert build_wave_summary(programme, before, shuffled, "es").report_id == summary.report_id
    assert build("en").report_id != summary.report_id


def _small_print(summary: WaveSummary) -> list:
    return [note for block in page(summary, "indicators").blocks if isinstance(block, Prose) for note in block.notes]


def _box(summary: WaveSummary) -> list:
    boxes = [b for b in page(summary, "glance").blocks if isinstance(b, Prose) and b.style == "box"]
    return [note for box in boxes for note in box.notes]


def test_its_data_hash_knows_the_plan_and_the_rulings_that_the_figures_rest_on(waves: Waves) -> None:
    info, before, after = waves
    plan = replace(info, plan={**info.plan, "margins": {"small": {"sex": {"1": 0.5, "2": 0.5}}}})
    ruled = [replace(after[0], rulings=(Ruling("safe_night", "safe_night", "a", "b", "same"),)), *after[1:]]
    hashes = [
        build_wave_summary(one, before, later, "es", "public").data_hash
        for one, later in ((info, after), (info, after), (plan, after), (info, ruled))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
