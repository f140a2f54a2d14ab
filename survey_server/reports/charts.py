"""The plots of a report, as SVG by matplotlib: same cells, same bytes. Text stays text, in the report's typeface."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.charts_dots import draw_modes, draw_whiskers
from survey_server.reports.charts_lines import draw_curves, draw_slopes
from survey_server.reports.fonts import FACES, SANS
from survey_server.reports.palette import INK, LINE, QUIET
from survey_server.reports.value import Chart

STYLE: Any = {
    "font.family": SANS,
    "font.size": 7.6,
    "axes.titlesize": 8.2,
    "axes.titleweight": 600,
    "axes.titlelocation": "left",
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.6,
    "axes.labelcolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.unicode_minus": True,
    "grid.color": LINE,
    "grid.linewidth": 0.4,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7.4,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "survey_server",
}
_DRAWINGS: Mapping[str, Callable[[Chart, Catalogue], Figure]] = {
    "whisker": draw_whiskers,
    "slope": draw_slopes,
    "modes": draw_modes,
    "curve": draw_curves,
}
_IDS = re.compile(r' id="[a-zA-Z0-9_.]+_\d+"')
_lock = Lock()  # matplotlib's settings belong to the process

for face in FACES:
    font_manager.fontManager.addfont(face.path)


def draw_chart(chart: Chart, catalogue: Catalogue) -> str:
    """The chart as an SVG document without anything that changes from run to run."""
    with _lock, mpl.rc_context(STYLE):
        figure = _DRAWINGS[chart.kind](chart, catalogue)
        buffer = io.StringIO()
        figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Type": None, "Format": None},
        )
    text = buffer.getvalue()
    return _IDS.sub("", text[text.index("<svg") :])
