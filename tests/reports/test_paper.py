"""The PDF as a document for everybody: tags, tables with heads, contents, outline, metadata, in each language."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from survey_server.reports.catalogue import LANGUAGES, get_catalogue
from survey_server.reports.charts.palette import ordered_shades, scale_colours
from survey_server.reports.charts.svg import Scale, fitted, round_step, text_width, wrap
from survey_server.reports.editions import PAPERS, render_edition
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]


@pytest.fixture(scope="module", params=LANGUAGES)
def printed(request: pytest.FixtureRequest, waves: Waves) -> tuple[WaveSummary, PdfReader]:
    """The report on paper in one language."""
    summary = build_wave_summary(*waves, request.param)
    return summary, PdfReader(io.BytesIO(render_edition(summary, "pdf")))


def elements(node: object, parent: str = "") -> Iterator[tuple[str, str, DictionaryObject]]:
    """Every structure element with its parent's type and its own."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from elements(child, parent)
    elif isinstance(node, dict):
        kind = str(node.get("/S", ""))
        if kind:
            yield parent, kind, node
        if "/K" in node:
            yield from elements(node["/K"], kind or parent)


def test_it_tags_tables_as_rows_of_heads_and_cells(printed: tuple[WaveSummary, PdfReader]) -> None:
    _, reader = printed
    found = list(elements(reader.trailer["/Root"]["/StructTreeRoot"]))
    kinds = Counter(kind for _, kind, _ in found)
    assert kinds["/Table"] > 10
    assert kinds["/TH"] > 100
    assert {parent for parent, kind, _ in found if kind in ("/TD", "/TH")} == {"/TR"}
    assert {parent for parent, kind, _ in found if kind == "/TR"} <= {"/Table", "/THead", "/TBody", "/TFoot"}


def test_it_has_headings_in_order_and_a_figure_text_for_every_plot(printed: tuple[WaveSummary, PdfReader]) -> None:
    _, reader = printed
    found = list(elements(reader.trailer["/Root"]["/StructTreeRoot"]))
    levels = [int(kind[2:]) for _, kind, _ in found if kind in ("/H1", "/H2", "/H3")]
    assert levels[0] == 1
    assert all(str(node.get("/Alt", "")).strip() for _, kind, node in found if kind == "/Figure")


def test_it_knows_its_language_title_and_standard(printed: tuple[WaveSummary, PdfReader]) -> None:
    summary, reader = printed
    root = reader.trailer["/Root"]
    assert root["/Lang"] == summary.language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == summary.title
    assert (
        b"<pdfuaid:part>1" in root["/Metadata"].get_object().get_data()
        or b"pdfuaid" in root["/Metadata"].get_object().get_data()
    )


def test_it_lists_every_page_in_contents_and_outline(printed: tuple[WaveSummary, PdfReader]) -> None:
    summary, reader = printed
    first = reader.pages[0].extract_text()
    titles = [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [get_catalogue(summary.language)["cover.bookmark"], *(page.name for page in summary.pages)]
    assert all(page.name.split(":")[0].strip() in first.replace("\n", " ") for page in summary.pages)
    links = [a.get_object() for a in reader.pages[0].get("/Annots", ())]
    assert len(links) >= len(summary.pages)


def test_it_numbers_every_sheet_in_the_readers_language(printed: tuple[WaveSummary, PdfReader]) -> None:
    summary, reader = printed
    text = get_catalogue(summary.language)["foot.page"]
    for number, sheet in enumerate(reader.pages, start=1):
        assert text.format(page=number, pages=len(reader.pages)) in sheet.extract_text()


@pytest.mark.parametrize("paper", PAPERS)
def test_it_keeps_everything_on_the_sheet(waves: Waves, paper: str) -> None:
    summary = build_wave_summary(*waves, "fr", "partner")
    reader = PdfReader(io.BytesIO(render_edition(summary, "pdf", paper)))
    sizes = {(round(float(s.mediabox.width)), round(float(s.mediabox.height))) for s in reader.pages}
    short, long = {"A4": (595, 842), "Letter": (612, 792)}[paper]
    assert sizes <= {(short, long), (long, short)}


def grey(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_it_keeps_the_classes_of_a_map_apart_on_a_grey_printer(classes: int) -> None:
    tones = [grey(colour) for colour in ordered_shades(classes)]
    assert len(tones) == classes
    assert all(one - two > 25 for one, two in pairwise(tones))


@pytest.mark.parametrize("steps", [3, 4, 5, 6, 7])
def test_it_has_a_colour_for_every_step_of_a_scale_and_none_twice(steps: int) -> None:
    colours = scale_colours(steps, 1)
    assert len(set(colours)) == steps
    assert scale_colours(steps, -1) == colours[::-1]


def test_it_places_numbers_on_a_scale_and_marks_round_ones() -> None:
    scale = Scale(0, 50, 100, 200)
    assert scale(25) == 150
    assert scale(70) == 200
    assert list(Scale(0, 100, 0, 1).ticks(5)) == [0, 20, 40, 60, 80, 100]
    assert [round_step(value) for value in (0.03, 1.0, 3.0, 7.0)] == pytest.approx([0.05, 1, 5, 10])
    spread = fitted([3.0, 3.0], 0, 10)
    assert spread.low < 3.0 < spread.high


def test_it_breaks_lines_where_they_no_longer_fit() -> None:
    lines = wrap("Se siente seguro de noche en su casa", 60, 7)
    assert all(text_width(line, 7) <= 60 or " " not in line for line in lines)
    assert " ".join(lines) == "Se siente seguro de noche en su casa"
