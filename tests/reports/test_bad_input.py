"""What is wrong with a design, a registry or answers is said with its place, and the rest of the report is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.value import Note, Page, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from survey_server.xlsform.registry import Indicator

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]


def page(summary: WaveSummary, page_id: str) -> Page:
    return next(page for page in summary.pages if page.id == page_id)


def table(summary: WaveSummary, table_id: str) -> Table:
    return next(table for table in summary.tables() if table.id == table_id)


def _with(data: WaveData, *more: Indicator, **columns: object) -> WaveData:
    registry = replace(data.registry, indicators=(*data.registry.indicators, *more))
    return replace(data, registry=registry, frame=data.frame.assign(**columns))


def _odd(code: str, formula: str, base: str = "") -> Indicator:
    return Indicator(
        code, {"": code}, "outcome", "share", "up", "headline", formula_text=formula, base_text=base,
        scale=100.0, unit="%", headline=True, breakdowns=("sex",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "columns"),
    [
        (_odd("B1", "${nobody_asked} = 1"), {}),
        (_odd("B2", "${safe_night} <= 2", "${sex} = 9"), {}),
        (_odd("B3", "${safe_day} <= 4"), {}),
        (_odd("B4", "${safe_day} <= 2"), {"safe_day": None}),
        (_odd("B5", "${safe_day} <= 2"), {"safe_day": "88"}),
    ],
    ids=["no such question", "empty domain", "one category", "all missing", "all no answer"],
)
def test_it_says_what_is_wrong_with_an_indicator_and_makes_the_rest(
    waves: Waves, indicator: Indicator, columns: dict[str, object]
) -> None:
    programme, before, after = waves
    sides = [_with(side[0], indicator, **columns) for side in (before, after)]
    summary = build_wave_summary(programme, sides[:1], sides[1:], "es")
    assert table(summary, "glance.headlines").cell("X01", "change").value is not None
    shown = indicator.code in [row.key for row in table(summary, "glance.headlines").rows]
    named = [note for note in _small_print(summary) if note.words["code"] == indicator.code]
    assert shown != bool(named)


def _box(summary: WaveSummary, rule: str) -> list[Note]:
    return [one for page_id, one in summary.notes() if page_id == "glance" and one.rule == rule]


@pytest.mark.parametrize("weights", [0.0, -1.0, None, "x"])
def test_it_leaves_out_rows_whose_weight_is_no_weight_and_names_their_site(waves: Waves, weights: object) -> None:
    programme, before, after = waves
    frame = after[0].frame.copy()
    frame["site.weight"] = frame["site.weight"].astype(object)
    frame.loc[frame["psu"] == "P00", "site.weight"] = weights
    summary = build_wave_summary(programme, before[:1], [replace(after[0], frame=frame)], "es")
    assert table(summary, "quality.outcomes.small").cell("unplaced", "after").value
    assert table(summary, "glance.headlines").cell("X01", "after").value is not None
    assert [one.words["sites"] for one in _box(summary, "caution.weights")] == [
        f"P00 ({'–' if weights is None else weights})"
    ]


@pytest.mark.parametrize("which", ["after", "both"])
def test_it_goes_without_weights_and_strata_that_no_site_has_and_says_so(waves: Waves, which: str) -> None:
    programme, before, after = waves
    blank = [
        [replace(one[0], frame=one[0].frame.assign(**{"site.weight": np.nan, "site.stratum": None}))]
        for one in (before, after)
    ]
    summary = build_wave_summary(programme, blank[0] if which == "both" else before[:1], blank[1], "es")
    assert {one.words["columns"] for one in _box(summary, "caution.blank")} == {"site.weight, site.stratum"}
    headline = table(summary, "glance.headlines").cell("X01", "after")
    frame = after[0].frame[after[0].frame["consent"].astype(str) == "1"]
    codes = frame["safe_night"].astype(str)
    told = codes[codes.isin(["1", "2", "3", "4"])]
    assert headline.value == pytest.approx(100 * told.isin(["1", "2"]).mean())


def test_it_counts_a_point_of_two_strata_in_one_of_them_and_says_so(waves: Waves) -> None:
    programme, before, after = waves
    frame = after[0].frame.copy()
    frame.loc[frame.index[frame["psu"] == "P00"][:4], "site.stratum"] = "sur"
    sides = (before[:1], [replace(after[0], frame=frame)])
    summary = build_wave_summary(programme, *sides, "es")
    assert [one.words["sites"] for one in _box(summary, "caution.strata")] == ["P00 (norte, sur → norte)"]
    plain = build_wave_summary(programme, before[:1], after[:1], "es")
    cells = [table(one, "glance.headlines").cell("X01", "change") for one in (summary, plain)]
    assert (cells[0].value, cells[0].se) == (cells[1].value, cells[1].se)
    partner = build_wave_summary(programme, *sides, "es", "partner")
    assert "P00" not in " ".join(_texts(partner))


def test_it_names_a_stratum_with_one_point_and_a_point_that_changed_its_stratum(waves: Waves) -> None:
    programme, before, after = waves
    frame = after[0].frame.copy()
    frame.loc[frame["psu"] == "P00", "site.stratum"] = "solo"
    summary = build_wave_summary(programme, before[:1], [replace(after[0], frame=frame)], "es")
    assert [one.words["strata"] for _, one in summary.notes() if one.rule == "method.lonely"] == ["solo"]
    assert [one.words["sites"] for one in _box(summary, "caution.moved")] == ["P00 (norte → solo)"]
    assert table(summary, "glance.headlines").cell("X01", "change").value is not None


def test_it_says_that_a_breakdown_has_too_many_groups_and_shows_the_others(waves: Waves) -> None:
    programme, before, after = waves
    sides = []
    for data in (before[0], after[0]):
        indicators = tuple(replace(i, breakdowns=("case_id", *i.breakdowns)) for i in data.registry.indicators)
        sides.append(replace(data, registry=replace(data.registry, indicators=indicators)))
    summary = build_wave_summary(programme, sides[:1], sides[1:], "es")
    told = [one for _, one in summary.notes() if one.rule == "breakdown.levels"]
    assert [(one.words["name"], (one.cells["count"].value or 0) > 1000) for one in told] == [("Caso", True)]
    assert table(summary, "breakdown.small").cell("sex=1", "X01.after").value is not None


def _texts(summary: WaveSummary) -> list[str]:
    catalogue = get_catalogue(summary.language)
    return [catalogue.write(one) for _, one in summary.notes()]


def _small_print(summary: WaveSummary) -> Sequence:
    return [
        note
        for block in page(summary, "indicators").blocks
        for note in getattr(block, "notes", ())
        if note.rule == "indicators.problem"
    ]
