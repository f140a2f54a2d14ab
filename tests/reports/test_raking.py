"""Weights fitted to the population: the report's shares follow it, its errors know of it, and bad margins are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from survey_server.estimation.change import estimate_change
from survey_server.estimation.design import Design
from survey_server.estimation.weights import rake
from survey_server.problems import UnfitPlan
from survey_server.reports.plan import Plan
from survey_server.reports.sample import Sample
from survey_server.reports.value import Note, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
HALF = {"sex": {"1": 0.6, "2": 0.4}, "site.department": {"GT17": 0.55, "GT18": 0.44, "GT09": 0.01}}


def report(waves: Waves, margins: Mapping[str, Mapping[str, float]]) -> WaveSummary:
    programme, before, after = waves
    return build_wave_summary(programme, *([replace(side[0], margins=margins)] for side in (before, after)), "es")


def table(summary: WaveSummary, table_id: str) -> Table:
    return next(table for table in summary.tables() if table.id == table_id)


def notes(summary: WaveSummary, rule: str) -> list[Note]:
    return [one for _, one in summary.notes() if one.rule == rule]


def test_it_fits_the_weights_to_the_population_and_says_how_that_went(waves: Waves) -> None:
    summary = report(waves, HALF)
    told = notes(summary, "method.raked")
    assert len(told) == 2
    assert {note.words["margins"] for note in told} == {"Sexo, Departamento"}
    women, men = (table(summary, "topline.small.sex").cell(code, "after").value for code in ("1", "2"))
    assert (women, men) == (pytest.approx(60), pytest.approx(40))


def test_its_change_and_error_are_those_of_raked_designs(waves: Waves) -> None:
    summary = report(waves, HALF)
    cell = table(summary, "glance.headlines").cell("X01", "change")
    sides = []
    for side in waves[1:]:
        frame = Sample(side[0]).frame
        y = frame.safe_night.map(lambda code: np.nan if code in ("88", "99") else float(code in ("1", "2")))
        drawn = Design(frame["site.stratum"], frame.psu, frame["site.weight"])
        sides.append((y, rake(drawn, {name: frame[name] for name in HALF}, HALF, trim=5.0).design))
    change = estimate_change(*sides, "share").scaled(100)
    assert (cell.value, cell.se) == (pytest.approx(change.estimate.value), pytest.approx(change.estimate.se))
    plain = table(report(waves, {}), "glance.headlines").cell("X01", "change")
    assert cell.value != pytest.approx(plain.value or 0)


def test_it_says_when_trimming_keeps_it_from_the_margins(waves: Waves) -> None:
    summary = report(waves, {"site.department": {"GT17": 0.45, "GT18": 0.40, "GT09": 0.15}})
    told = notes(summary, "method.raked_short")
    assert [(note.cells["trimmed"].value or 0) > 0 and (note.cells["gap"].value or 0) > 1 for note in told] == [
        True
    ] * 2


def test_it_keeps_the_share_of_those_who_did_not_answer(waves: Waves) -> None:
    frame = waves[2][0].frame.copy()
    frame.loc[frame.index[::10], "sex"] = "99"
    data = replace(waves[2][0], frame=frame, margins={"sex": {"1": 51.0, "2": 49.0}})
    sample = Sample(data)
    silent = (sample.frame.sex == "99").to_numpy()
    drawn = sample.frame["site.weight"].to_numpy(dtype=float)
    weight = sample.design.weight
    assert weight[silent].sum() / weight.sum() == pytest.approx(drawn[silent].sum() / drawn.sum())
    women = (sample.frame.sex == "1").to_numpy()
    assert weight[women].sum() / weight[~silent].sum() == pytest.approx(0.51)


def test_it_rakes_to_cells_of_several_columns(waves: Waves) -> None:
    cells = {"1*GT17": 0.30, "2*GT17": 0.25, "1*GT18": 0.20, "2*GT18": 0.24, "1*GT09": 0.005, "2*GT09": 0.005}
    sample = Sample(replace(waves[2][0], margins={"sex*site.department": cells}))
    rows = ((sample.frame.sex == "1") & (sample.frame["site.department"] == "GT17")).to_numpy()
    assert sample.design.weight[rows].sum() / sample.design.weight.sum() == pytest.approx(0.30)


@pytest.mark.parametrize(
    ("margins", "what"),
    [
        ({"sex": {"1": 0.5}}, "2"),
        ({"sex": {"1": 0.4, "2": 0.4, "3": 0.2}}, "3"),
        ({"nobody_asked": {"1": 0.5, "2": 0.5}}, "nobody_asked"),
    ],
    ids=["a code without a total", "a total that nobody has", "no such question"],
)
def test_it_says_when_margins_dont_match_and_reports_the_sample_as_drawn(
    waves: Waves, margins: Mapping[str, Mapping[str, float]], what: str
) -> None:
    summary = report(waves, margins)
    told = notes(summary, "caution.margins")
    assert len(told) == 2 and all(what in note.words["reason"] for note in told)
    plain = table(report(waves, {}), "glance.headlines").cell("X01", "change")
    assert table(summary, "glance.headlines").cell("X01", "change").se == plain.se


def test_it_says_when_the_plan_has_margins_of_a_form_that_there_is_not(waves: Waves) -> None:
    programme = replace(waves[0], plan={"margins": {"smal": HALF, "small": HALF}}, forms=("small", "checklist"))
    told = notes(build_wave_summary(programme, *waves[1:], "es"), "care.margins")
    assert [note.words["forms"] for note in told] == ["smal"]


def test_the_plan_takes_margins_of_numbers_only() -> None:
    assert Plan.of({"margins": {"small": HALF}}).margins == {"small": HALF}
    for wrong in ({}, {"small": 3}, {"small": {"sex": {"1": "half"}}}, {"small": {"sex": {"1": -1}}}):
        with pytest.raises(UnfitPlan):
            Plan.of({"margins": wrong})
