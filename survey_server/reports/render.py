"""From a WaveSummary to HTML and PDF: one template, with the drawings and the head and foot of every page."""

from __future__ import annotations

import base64
import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from cssselect2 import ElementWrapper
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import etree, html
from markupsafe import Markup
from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from survey_server.reports.catalogue import Catalogue, get_catalogue
from survey_server.reports.charts.kinds import draw_chart
from survey_server.reports.charts.palette import AFTER, QUIET
from survey_server.reports.charts.sparks import change_spark, legend_mark, level_spark, rating_bars
from survey_server.reports.fonts import FACES, Face
from survey_server.reports.packing import cut, folded, joined, pack, part_height, question_height
from survey_server.reports.value import Chart, Column, Part, Question, Row, Table
from survey_server.reports.wave_summary import WaveSummary

Paper = Literal["A4", "Letter"]
PACKAGE = Path(__file__).parent
MARKS = {
    "rise": " ▲",
    "fall": " ▼",
    "improved": "▲ ",
    "worsened": "▼ ",
    "broken": " ≠",
    "caution": " †",
    "apart": " ■",
    "default": " *",
}


def render_pdf(summary: WaveSummary, paper: Paper = "A4") -> bytes:
    """The report on paper: tagged (PDF/UA-1), bookmarked, fonts embedded, the same bytes for the same value."""
    with _without_collecting():
        fonts = FontConfiguration()
        style = CSS(string=_faces(_file_url) + _paper(summary, paper), font_config=fonts)
        document = _Html(_html(summary, _image, "", paper)).render(stylesheets=[style], font_config=fonts)
        identifier = bytes.fromhex(_identifier(summary))
        pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier, finisher=_written_once)
    return pdf


class _Written:
    """An object of a PDF as the bytes that it will be; the rest as pydyf, which WeasyPrint writes with, asks for it."""

    def __init__(self, told: Any) -> None:
        self.number, self.generation, self.free, self.offset = told.number, told.generation, told.free, told.offset
        self.data, self.compressible = told.data, told.compressible

    @property
    def indirect(self) -> bytes:
        """The object as it stands by itself in the file."""
        return b"%d %d obj\n%b\nendobj" % (self.number, self.generation, self.data)


def _written_once(_: Document, pdf: Any) -> None:
    """Objects are turned into bytes for the identifier and again for the file: do it, and compress, only once."""
    pdf.objects = [told if told.free == "f" else _Written(told) for told in pdf.objects]


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Laying out makes millions of objects and little rubbish: looking for it would take a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def render_html(summary: WaveSummary) -> str:
    """The report as one self-contained file for a browser."""
    return _html(summary, _inline, _faces(_data_url))


def _identifier(summary: WaveSummary) -> str:
    return (summary.report_id.lower() + "0" * 32)[:32]


def _html(summary: WaveSummary, picture: Any, faces: str, paper: Paper = "A4") -> str:
    catalogue = get_catalogue(summary.language)
    drawing = _Drawing(catalogue, picture)
    environment = Environment(
        loader=FileSystemLoader(PACKAGE.parent / "templates" / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["runs"] = _runs
    environment.filters["css_string"] = _css_string
    environment.globals |= {
        "summary": summary,
        "has_guide": any(page.id == "guide" for page in summary.pages),
        "t": catalogue,
        "marks": MARKS,
        "picture": drawing.chart,
        "spark": drawing.spark,
        "bars": drawing.bars,
        "legend": drawing.legend,
        "question_bands": partial(_question_bands, catalogue, paper),
        "part_bands": drawing.bands,
        "folded": folded,
        "style": Markup(faces + _style("report.css") + _style("screen.css")),  # noqa: S704 - our own files
    }
    return environment.get_template("report.html.j2").render()


class _Html(HTML):  # type: ignore[misc]
    """HTML read by lxml, whose default style has no footnotes and list markers: less to read and to compute."""

    def __init__(self, text: str) -> None:
        tree = etree.tostring(html.document_fromstring(text), encoding="unicode")
        self.base_url, self.url_fetcher, self.media_type = None, URLFetcher(), "print"
        root = ElementTree.fromstring(tree)  # noqa: S314 - our own page, just written
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_default_style()]


@cache
def _default_style() -> CSS:
    """WeasyPrint's own default style without the rules for pseudo-elements that a report never has."""
    text = files("weasyprint").joinpath("css", "html5_ua.css").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("::marker", "::footnote", "::note"))]
    return CSS(string="\n".join(kept))


class _Drawing:
    """The drawings of one rendering, as markup."""

    def __init__(self, catalogue: Catalogue, picture: Any) -> None:
        self.t, self.picture = catalogue, picture

    def chart(self, chart: Chart) -> Markup:
        """A plot with its words for those who can't see it."""
        drawn: Markup = self.picture(draw_chart(chart, self.t), chart.alt)
        return drawn

    def bands(self, parts: Sequence[Part]) -> Iterator[list[list[Part]]]:
        """The parts in strips of two columns with as little left blank as can be."""
        shown = [piece for part in parts if not isinstance(part, Table) or part.rows for piece in cut(part)]
        heights = [part_height(p, self.t, self._height(p) if isinstance(p, Chart) else 0.0) for p in shown]
        for band in pack(heights, 2):
            yield [joined(shown[place] for place in column) for column in band.columns]

    def _height(self, chart: Chart) -> float:
        return float(_SVG_HEIGHT.search(draw_chart(chart, self.t))[1])  # type: ignore[index]

    def spark(self, table: Table, row: Row) -> Markup:
        """The plot of one headline indicator."""
        cells = {column.key: cell for column, cell in zip(table.columns, row.cells, strict=True)}
        assert row.spark is not None
        target = cells["target"].value if "target" in cells else None
        if "before" not in cells:
            svg = level_spark(cells["after"], target, row.spark.ends)
        else:
            start = cells["before"].value
            needed = target - start if target is not None and start is not None else None
            good = row.spark.good or 1
            colour = AFTER if row.spark.good else QUIET
            svg = change_spark(cells["change"], good, row.spark.minimum_change, needed, colour)
        alt = (
            f"{row.label}: {' → '.join(self.t.numbers.show(cells[key]) for key in ('before', 'after') if key in cells)}"
        )
        drawn: Markup = self.picture(svg, alt)
        return drawn

    def bars(self, question: Question) -> Markup:
        """The rating bars of one question."""
        waves = [column.key for column in question.table.columns if column.key != "change"]
        shares = [[question.table.cell(code, wave).value or 0.0 for code in question.scale] for wave in waves]
        drawn: Markup = self.picture(rating_bars(shares, question.good_end), question.name, "bars")
        return drawn

    def legend(self, kind: str) -> Markup:
        """What the marks of the first page mean."""
        parts = [
            Markup("{} {}").format(self.picture(legend_mark(mark), self.t[f"legend.{mark}"]), self.t[f"legend.{mark}"])
            for mark in ("interval", "band", "target")
        ]
        return Markup(" &nbsp; ").join(parts)


_SVG_HEIGHT = re.compile(r'height="([\d.]+)pt"')
PAGE_MARGIN: Mapping[Paper, str] = {"A4": "15.5mm 18mm 16.5mm", "Letter": "13.2mm 18mm 14.5mm"}
QUESTION_PAGE, QUESTION_HEAD = {"A4": 738.0, "Letter": 697.0}, 100.0
"""The room of a page for toplines, which a strip may fill, and what heading and reading aid take of the first."""


def _question_bands(
    catalogue: Catalogue, paper: Paper, questions: Sequence[Question]
) -> Iterator[list[list[Question]]]:
    """The toplines in strips of three columns that fill the pages nearly to their feet."""
    heights = [question_height(question, catalogue) for question in questions]
    for band in pack(heights, 3, QUESTION_PAGE[paper], QUESTION_PAGE[paper], QUESTION_HEAD):
        yield [[questions[place] for place in column] for column in band.columns]


def _image(svg: str, alt: str, css_class: str = "") -> Markup:
    """A drawing as an image, so that the PDF tags it as a figure with its alternative text."""
    data = base64.b64encode(svg.encode()).decode()
    return Markup('<img class="{}" alt="{}" src="data:image/svg+xml;base64,{}">').format(css_class, alt, data)


def _inline(svg: str, alt: str, css_class: str = "") -> Markup:
    """A drawing inside the page, so that a browser sets its text in the page's typeface."""
    label = Markup('<svg class="{}" role="img" aria-label="{}" ').format(css_class, alt)
    return Markup(svg.replace("<svg ", str(label), 1))  # noqa: S704 - drawn by us; labels are escaped by the drawers


def _runs(columns: Sequence[Column], attribute: str) -> Iterator[tuple[str, list[Column]]]:
    """Neighbouring columns of one group, for spanning heads."""
    for name, group in groupby(columns, key=lambda column: getattr(column, attribute)):
        yield name, list(group)


def _paper(summary: WaveSummary, paper: Paper) -> str:
    t = get_catalogue(summary.language)
    page = t["foot.page"].format(page='" counter(page) "', pages='" counter(pages) "')
    words = {
        "programme": summary.programme.name,
        "waves": summary.waves_line,
        "cutoff": t.numbers.moment(summary.cutoff),
        "report": summary.report_id,
        "code": summary.code_version,
        "data": summary.data_hash,
        "edition": t[f"edition.{summary.edition}"],
    }
    foot = "\n".join(t[f"foot.{line}"].format(**words) for line in ("line1", "line2"))
    return (
        _style("paper.css")
        .replace("var-wide", f"{paper} landscape")
        .replace("var-paper", paper)
        .replace("var-margin", PAGE_MARGIN[paper])
        .replace("var-head", f'"{_css_string(summary.title)}"')
        .replace("var-demo", f'"{_css_string(t["demo.band"]) if summary.programme.demo else ""}"')
        .replace("var-foot", f'"{_css_string(foot)}"')
        .replace("var-page", f'"{page}"')
    )


def _css_string(text: str) -> str:
    """Text inside a CSS string: quotes, backslashes and line ends escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'").replace("\n", "\\A ")


def _style(name: str) -> str:
    return (PACKAGE / "style" / name).read_text(encoding="utf-8")


def _faces(url: Any) -> str:
    return "".join(
        f"@font-face {{ font-family: '{f.family}'; font-weight: {f.weight}; font-style: {f.style};"
        f" src: url('{url(f)}'); }}\n"
        for f in FACES
    )


def _file_url(face: Face) -> str:
    return face.path.as_uri()


def _data_url(face: Face) -> str:
    return "data:font/ttf;base64," + base64.b64encode(face.path.read_bytes()).decode()
