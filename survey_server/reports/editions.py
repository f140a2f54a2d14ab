"""The forms that a report can take: each drawn from the same WaveSummary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from survey_server.reports.csv_pack import render_csv_pack
from survey_server.reports.document import render_json
from survey_server.reports.render import Paper, render_html, render_pdf
from survey_server.reports.wave_summary import WaveSummary
from survey_server.reports.workbook import render_workbook

PAPERS = ("A4", "Letter")
FORMATS: Mapping[str, Callable[[WaveSummary, str], bytes]] = {
    "pdf": lambda summary, paper: render_pdf(summary, cast(Paper, paper)),
    "html": lambda summary, _: render_html(summary).encode(),
    "xlsx": lambda summary, _: render_workbook(summary),
    "zip": lambda summary, _: render_csv_pack(summary),
    "json": lambda summary, _: render_json(summary),
}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "json": "application/json",
}


def render_edition(summary: WaveSummary, form: str, paper: str = "A4") -> bytes:
    """The report as `form`, one of FORMATS."""
    return FORMATS[form](summary, paper)


def file_name(summary: WaveSummary, form: str) -> str:
    """The name of the file: wave-summary_DEMO_W2_es_20261121.pdf; the day is that of the data.

    Editions other than the full one are named: wave-summary_DEMO_W2_es_20261121_public.pdf.
    """
    day = f"_{summary.cutoff:%Y%m%d}" if summary.cutoff else ""
    wave = "".join(letter for letter in summary.waves[-1] if letter.isalnum())
    edition = "" if summary.edition == "full" else f"_{summary.edition}"
    return f"wave-summary_{summary.programme.code}_{wave}_{summary.language}{day}{edition}.{form}"
