"""The plots of a report by kind; each is drawn by hand as SVG: same cells, same bytes, and fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts.dots import draw_modes, draw_whiskers
from survey_server.reports.charts.funnel import draw_funnel
from survey_server.reports.charts.lines import draw_curves, draw_slopes, draw_trends
from survey_server.reports.charts.map import draw_map
from survey_server.reports.charts.series import draw_months, draw_parts, draw_stages
from survey_server.reports.charts.views import draw_example, draw_views
from survey_server.reports.value import Chart

DRAWINGS: Mapping[str, Callable[[Chart, Catalogue], str]] = {
    "whisker": draw_whiskers,
    "slope": draw_slopes,
    "modes": draw_modes,
    "curve": draw_curves,
    "trend": draw_trends,
    "funnel": draw_funnel,
    "map": draw_map,
    "months": draw_months,
    "parts": draw_parts,
    "stages": draw_stages,
    "views": draw_views,
    "example": draw_example,
}
"""Every kind of chart and who draws it: a function of the chart and the words to an SVG document."""


def draw_chart(chart: Chart, catalogue: Catalogue) -> str:
    """The chart as an SVG document without anything that changes from run to run."""
    return DRAWINGS[chart.kind](chart, catalogue)
