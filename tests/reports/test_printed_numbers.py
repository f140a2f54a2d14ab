"""Every number that stands on paper can be found in the CSV pack."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from lxml import etree
from pypdf import PdfReader

from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.charts.kinds import DRAWINGS, draw_chart
from survey_server.reports.charts.palette import QUIET
from survey_server.reports.editions import render_edition
from survey_server.reports.value import Chart
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

NUMBER = re.compile(r"\d+(?:[,\u202f]\d{3})*(?:[.,]\d+)?")


def plain(text: str, language: str) -> str:
    """A printed number as Python writes it."""
    if language == "fr":
        return text.replace("\u202f", "").replace(",", ".")
    return text.replace(",", "")


def packed(pack: bytes) -> tuple[list[float], str]:
    """The figures of numbers.csv, and the words of all other files together."""
    with zipfile.ZipFile(io.BytesIO(pack)) as files:
        lines = csv.DictReader(io.StringIO(files.read("numbers.csv").decode("utf-8-sig")))
        figures = [float(line[name]) for line in lines for name in ("value", "n", "n_eff", "se") if line[name]]
        rest = [files.read(name).decode("utf-8-sig") for name in files.namelist() if name != "numbers.csv"]
    return figures, "\n".join(rest)


def axis_numbers(summary: WaveSummary) -> Iterator[str]:
    """The round numbers at the axes of the plots: they aren't results."""
    for page in summary.pages:
        for chart in (block for block in page.parts if isinstance(block, Chart)):
            drawn = etree.fromstring(draw_chart(chart, get_catalogue(summary.language)).encode())
            for text in drawn.iter("{http://www.w3.org/2000/svg}text"):
                if text.get("fill") == QUIET or chart.kind == "map":
                    yield text.text or ""


@pytest.mark.parametrize(("language", "edition"), [("es", "full"), ("fr", "partner"), ("en", "public")])
def test_it_prints_no_number_on_paper_that_is_not_in_the_csv_pack(
    waves: tuple[ProgrammeInfo, list[WaveData], list[WaveData]], language: str, edition: str
) -> None:
    summary = build_wave_summary(*waves, language, edition)
    figures, words = packed(render_edition(summary, "zip"))
    known = {f"{abs(figure):.{decimals}f}" for figure in figures for decimals in range(4)}
    known |= {f"{round(abs(figure), decimals):.{decimals}f}" for figure in figures for decimals in range(4)}
    texts = " ".join([words, *axis_numbers(summary), *get_catalogue(language).texts.values()])
    known |= {plain(text, language) for text in NUMBER.findall(texts)} | set(NUMBER.findall(texts))
    reader = PdfReader(io.BytesIO(render_edition(summary, "pdf")))
    known |= {str(number) for number in range(1, len(reader.pages) + 1)}
    allowed_words = {summary.report_id, summary.data_hash, summary.code_version}
    missing = []
    for number, sheet in enumerate(reader.pages, start=1):
        text = sheet.extract_text()
        for word in allowed_words:
            text = text.replace(word, " ")
        text = re.sub(r"<\s*0[.,]001", " ", text)  # how a very small p is printed
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", " ", text)
        missing += [(number, found) for found in NUMBER.findall(text) if plain(found, language) not in known]
    assert missing == []


def test_it_draws_every_kind_of_chart_that_pages_ask_for(summary: WaveSummary) -> None:
    kinds = {block.kind for page in summary.pages for block in page.blocks if isinstance(block, Chart)}
    assert kinds
    assert kinds <= set(DRAWINGS)
