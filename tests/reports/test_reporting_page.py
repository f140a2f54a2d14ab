"""Reported violence read with trust: the marked cell, the parts of the change, and when nothing may be read."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from survey_server.estimation.change import Change
from survey_server.estimation.estimate import Estimate
from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.charts.kinds import draw_chart
from survey_server.reports.comparability import Comparability
from survey_server.reports.measure import Comparison
from survey_server.reports.pages.reporting import build_reporting
from survey_server.reports.registers.monthly import Returns
from survey_server.reports.results import Result
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import Chart, Page, tables_of
from survey_server.reports.wave_data import ProgrammeInfo
from survey_server.xlsform.registry import Indicator
from tests.reports.registers import FLAT, START, compiled, register, returns


def estimate(value: float, se: float, n: int = 300) -> Estimate:
    return Estimate(value, se, value - 1.97 * se, value + 1.97 * se, 100.0, n, float(n), float(n), 1.0, math.nan)


def result(code: str, before: float, after: float, se: float, n: int = 300) -> Result:
    indicator: Indicator = next(one for one in compiled("ssr_perception")[1].indicators if one.code == code)
    sides = estimate(before, se, n), estimate(after, se, n)
    difference = estimate(after - before, se * math.sqrt(2), n)
    change = Change(difference, *sides, 0.01, 3.0, 1.0)
    pair: Any = None
    return Result(indicator, pair, Comparison(*sides, change), Comparability())


class Fixed(Study):
    """A study whose survey results are given."""

    @property
    def results(self) -> tuple[Result, ...]:  # type: ignore[override]
        return self.programme.plan["results"]  # type: ignore[no-any-return]


def built(reports: float, victims: float, rate: float, trust: float, n: int = 300) -> list[Page]:
    """The page when reports, victims, reporting rate and trust change by these factors."""
    counts = [*FLAT[:12], *(count * reports for count in FLAT[12:])]
    sample: Sample = register("ssr_admin_monthly", returns({"P1": FLAT, "C1": FLAT}))
    frame = sample.frame.assign(rep_viol=np.array([*counts, *counts]) * 10)
    data = replace(sample.data, frame=frame)
    results = (
        result("S09", 20, 20 * victims, 0.8, n),
        result("S12p", 30, 30 * rate, 1.5, n),
        result("S12", 35, 35 * rate, 1.5, n),
        result("S16", 3.5, 3.5 * trust, 0.05, n),
    )
    study = Fixed(ProgrammeInfo("P", "P", plan={"results": results}), (), get_catalogue("en"))
    return [page for page in build_reporting(study, Returns(Sample(data), START)) if isinstance(page, Page)]


def marked(page: Page) -> list[tuple[str, str]]:
    matrix = next(table for table in tables_of(page) if table.id == "reporting.matrix")
    return [
        (row.key, column.key)
        for row in matrix.rows
        for column, cell in zip(matrix.columns, row.cells, strict=True)
        if cell.mark == "here"
    ]


@pytest.mark.parametrize(
    ("factors", "cell", "reading"),
    [
        ((1.3, 0.8, 1.6, 1.0), ("up_not_more", "up"), "more people are coming forward"),
        ((1.3, 1.0, 1.0, 1.0), ("up_not_more", "flat"), "more was recorded; recording practice may have changed"),
        ((1.3, 1.0, 0.6, 1.0), ("up_not_more", "down"), "conflicting signs: check the data"),
        ((1.3, 1.5, 1.6, 1.0), ("up_more", "up"), "there is more violence and more people report it"),
        ((1.3, 1.5, 1.0, 1.0), ("up_more", "flat"), "there is more violence"),
        ((1.3, 1.5, 1.0, 0.8), ("up_more", "down"), "there is more violence and less confidence"),
        ((1.0, 0.8, 1.6, 1.0), ("flat", "up"), "likely less violence and more candour"),
        ((1.0, 1.0, 0.6, 1.0), ("flat", "down"), "possible hidden rise"),
        ((0.7, 0.8, 1.6, 1.0), ("down", "up"), "less violence likely"),
        ((0.7, 1.0, 1.0, 1.0), ("down", "flat"), "less violence or less recording: see victimisation"),
        ((0.7, 1.0, 0.6, 0.8), ("down", "down"), "silence: fewer reports with less trust"),
    ],
)
def test_it_marks_the_cell_that_fits_and_says_its_reading(
    factors: tuple[float, float, float, float], cell: tuple[str, str], reading: str
) -> None:
    [page] = built(*factors)
    assert marked(page) == [cell]
    assert page.message.words["reading"] == reading


def test_it_reads_rate_and_trust_that_disagree_as_no_change() -> None:
    [page] = built(1.3, 1.0, 1.6, 0.8)
    assert marked(page) == [("up_not_more", "flat")]


def test_its_parts_multiply_to_the_change_of_reports() -> None:
    [page] = built(1.28, 0.8, 1.6, 1.0)
    chart = next(block for block in page.parts if isinstance(block, Chart))
    parts = {row.key: 1 + (row.cells[0].value or 0) / 100 for row in chart.table.rows}
    assert parts["victimisation"] * parts["reporting_rate"] * parts["residual"] == pytest.approx(parts["reports"])
    assert parts["reports"] == pytest.approx(1.28)
    # Nothing is left over: whether a bar without width is drawn is all the same.
    assert draw_chart(chart, get_catalogue("en")).count("<rect") in (3, 4)
