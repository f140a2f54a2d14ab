"""Every edition is drawn from the same value: no number in print that isn't in the CSV pack, no byte that changes."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from lxml import html
from openpyxl import load_workbook
from pypdf import PdfReader

from survey_server.reports.csv_pack import csv_lines
from survey_server.reports.editions import FORMATS, file_name, render_edition
from survey_server.reports.wave_summary import WaveSummary

NUMBER = re.compile(r"[−+]?\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module")
def pdf(summary: WaveSummary) -> bytes:
    """The report on paper."""
    return render_edition(summary, "pdf")


@pytest.fixture(scope="module")
def page(summary: WaveSummary) -> html.HtmlElement:
    """The report for a browser."""
    return html.document_fromstring(render_edition(summary, "html").decode())


def numbers_of(pack: bytes) -> list[float]:
    with zipfile.ZipFile(io.BytesIO(pack)) as files:
        lines = csv.DictReader(io.StringIO(files.read("numbers.csv").decode("utf-8-sig")))
        return [float(line[name]) for line in lines for name in ("value", "n", "n_eff") if line[name]]


def printed_numbers(page: html.HtmlElement) -> Iterator[str]:
    cells = page.xpath("//td[not(contains(@class, 'text'))]")
    for element in cells:
        yield from NUMBER.findall(element.text_content().replace("< 0.001", ""))


def test_it_prints_no_number_in_a_table_that_is_not_in_the_csv_pack(
    page: html.HtmlElement, summary: WaveSummary
) -> None:
    known = numbers_of(render_edition(summary, "zip"))
    rounded = {decimals: {round(value, decimals) for value in known} for decimals in range(4)}
    half = {decimals: {f"{value:.{decimals}f}" for value in known} for decimals in range(4)}
    missing = []
    printed = list(printed_numbers(page))
    for text in printed:
        plain = text.replace(",", "").replace("−", "-").replace("+", "")
        decimals = len(plain.partition(".")[2])
        if float(plain) not in rounded[decimals] and plain not in half[decimals]:
            missing.append(text)
    assert len(printed) > 500
    assert missing == []


def test_it_gives_no_value_for_a_suppressed_cell(summary: WaveSummary) -> None:
    hidden = [line for line in csv_lines(summary) if line.flag == "suppressed"]
    assert hidden
    assert all(line.value == line.se == "" for line in hidden)


def test_it_has_the_columns_that_were_agreed_and_no_line_twice(summary: WaveSummary) -> None:
    with zipfile.ZipFile(io.BytesIO(render_edition(summary, "zip"))) as files:
        text = files.read("numbers.csv").decode("utf-8-sig")
    assert text.splitlines()[0] == "table_id,row,col,value,se,n,n_eff,flag"
    keys = [(line.table_id, line.row, line.col) for line in csv_lines(summary)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_it_makes_the_same_bytes_for_the_same_data(
    form: str, summary: WaveSummary, build: Callable[..., WaveSummary], pdf: bytes
) -> None:
    first = pdf if form == "pdf" else render_edition(summary, form)
    assert render_edition(build("es"), form) == first


def test_it_says_demo_on_every_page_with_page_numbers_and_the_data_hash(pdf: bytes, summary: WaveSummary) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    for number, sheet in enumerate(reader.pages, start=1):
        text = sheet.extract_text()
        assert "DEMOSTRACIÓN" in text
        assert f"Página {number} de {len(reader.pages)}" in text
        assert summary.data_hash in text
        assert summary.report_id in text


def test_it_is_a_tagged_document_with_language_bookmarks_and_embedded_fonts(pdf: bytes, summary: WaveSummary) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "es"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    titles = [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)]
    assert titles == ["Portada", *(page.name for page in summary.pages)]
    assert _fonts(reader) and all("Source" in name for name in _fonts(reader))


def test_it_gives_every_figure_an_alternative_text(pdf: bytes) -> None:
    figures = list(_figures(PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]))
    assert len(figures) > 4
    assert all("/Alt" in figure for figure in figures)


def test_it_fits_letter_paper(summary: WaveSummary) -> None:
    sheet = PdfReader(io.BytesIO(render_edition(summary, "pdf", "Letter"))).pages[0]
    assert (round(float(sheet.mediabox.width)), round(float(sheet.mediabox.height))) == (612, 792)


def test_it_needs_nothing_from_elsewhere_as_html(summary: WaveSummary) -> None:
    text = render_edition(summary, "html").decode()
    document = html.document_fromstring(text)
    links = [*document.xpath("//@src"), *document.xpath("//@href")]
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "<script" not in text
    assert not re.search(r"url\('(?!data:)", text)


def test_it_writes_numbers_as_numbers_in_the_workbook(summary: WaveSummary) -> None:
    book = load_workbook(io.BytesIO(render_edition(summary, "xlsx")))
    values = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    headline = next(line for line in csv_lines(summary) if (line.row, line.col) == ("X01", "after"))
    assert any(isinstance(value, float) and value == pytest.approx(float(headline.value)) for value in values)
    assert not any(isinstance(value, str) and value.startswith("=") for value in values)


def test_it_holds_the_same_headline_in_json(summary: WaveSummary) -> None:
    document = json.loads(render_edition(summary, "json"))
    glance = next(page for page in document["pages"] if page["id"] == "glance")
    table = next(block["table"] for block in glance["blocks"] if block["type"] == "headlines")
    row = next(row for row in table["rows"] if row["key"] == "X01")
    place = [column["key"] for column in table["columns"]].index("after")
    headline = next(line for line in csv_lines(summary) if (line.row, line.col) == ("X01", "after"))
    assert row["cells"][place]["value"] == float(headline.value)


def test_it_names_its_file_after_programme_wave_language_and_day_of_the_data(summary: WaveSummary) -> None:
    assert file_name(summary, "pdf") == f"wave-summary_DEMO_Ola2_es_{summary.cutoff:%Y%m%d}.pdf"


def test_it_escapes_what_a_programme_is_called(summary: WaveSummary) -> None:
    named = replace(summary, programme=replace(summary.programme, name='<b>"A" \\ B</b>'))
    assert "<b>" not in render_edition(named, "html").decode()
    text = PdfReader(io.BytesIO(render_edition(named, "pdf"))).pages[1].extract_text()
    assert '<b>"A" \\ B</b>' in text


def _fonts(reader: PdfReader) -> set[str]:
    names = set()
    for sheet in reader.pages:
        for font in sheet["/Resources"].get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert any(key.startswith("/FontFile") for key in descriptor)
            names.add(str(descriptor["/FontName"]))
    return names


def _figures(element: object) -> Iterator[dict]:
    element = element.get_object() if hasattr(element, "get_object") else element
    if isinstance(element, list):
        for child in element:
            yield from _figures(child)
    elif isinstance(element, dict):
        if element.get("/S") == "/Figure":
            yield element
        if "/K" in element:
            yield from _figures(element["/K"])
