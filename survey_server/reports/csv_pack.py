"""The CSV pack: every number of the report as one line `table_id,row,col,value,se,n,n_eff,flag`, with its key."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.value import Cell, Table, Toplines
from survey_server.reports.wave_summary import WaveSummary
from survey_server.xlsform.cells import neutral

HEAD = ("table_id", "row", "col", "value", "se", "n", "n_eff", "flag")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the pack, so that the same report gives the same bytes."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


class Line(NamedTuple):
    """One number; `value` is empty when it is suppressed or wasn't asked."""

    table_id: str
    row: str
    col: str
    value: str
    se: str
    n: str
    n_eff: str
    flag: str


def csv_lines(summary: WaveSummary) -> Iterator[Line]:
    """Every number of every table and sentence; interval ends are columns of their own, `.low` and `.high`."""
    for table in summary.tables():
        yield from _table_lines(table)
    for place, (page, sentence) in enumerate(summary.notes(), start=1):
        for name, cell in sentence.cells.items():
            yield from _cell_lines(f"text.{page}", f"{place}.{sentence.rule}", name, cell)


def render_csv_pack(summary: WaveSummary) -> bytes:
    """A zip with numbers.csv, the heads (labels.csv) and words (words.csv) of every table, and the sentences."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as pack:
        _write(pack, "numbers.csv", HEAD, csv_lines(summary))
        _write(pack, "labels.csv", ("table_id", "title", "kind", "key", "label"), _labels(summary))
        _write(pack, "words.csv", ("table_id", "row", "col", "words"), _words(summary))
        _write(pack, "sentences.csv", ("page", "rule", "sentence"), _sentences(summary))
        _write(pack, "report.csv", ("key", "value"), _facts(summary))
    return buffer.getvalue()


def _table_lines(table: Table) -> Iterator[Line]:
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=False):
            yield from _cell_lines(table.id, row.key, column.key, cell)


def _cell_lines(table_id: str, row: str, col: str, cell: Cell) -> Iterator[Line]:
    if cell.format == "text":
        if cell.value is not None:  # words that quote one number: the smallest detectable change beside a verdict
            yield Line(table_id, row, f"{col}.quoted", _number(cell.value), "", "", "", "")
        return
    n = "" if cell.n is None else str(cell.n)
    yield Line(table_id, row, col, _number(cell.value), _number(cell.se), n, _number(cell.n_eff), cell.flag)
    for end in ("low", "high"):
        edge = getattr(cell, end)
        if cell.value is not None and edge is not None:
            yield Line(table_id, row, f"{col}.{end}", _number(edge), "", n, "", cell.flag)


def _number(value: float | None) -> str:
    """As short as it can be read back exactly; whole numbers without a point."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _labels(summary: WaveSummary) -> Iterator[Sequence[str]]:
    for page in summary.pages:
        yield page.id, page.name, "page", page.number, page.name
    for left in summary.left_out:
        yield left.id, left.name, "left-out", left.number, left.name
    for page in summary.pages:
        for block in page.blocks:
            if isinstance(block, Toplines):
                section = ""
                for question in block.questions:
                    section = question.section or section
                    yield question.table.id, question.wording, "section", question.name, section
                    if question.lead_in:
                        yield question.table.id, question.wording, "lead-in", question.name, question.lead_in
    for table in summary.tables():
        for column in table.columns:
            head = " · ".join(filter(None, (column.group, column.label, column.detail)))
            yield table.id, table.title, "column", column.key, head
        for row in table.rows:
            yield table.id, table.title, "row", row.key, " · ".join(filter(None, (row.label, row.detail)))


def _words(summary: WaveSummary) -> Iterator[Sequence[str]]:
    """The cells that hold words: dates, verdicts, signs, conditions."""
    for table in summary.tables():
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=False):
                if cell.format == "text" and cell.text:
                    yield table.id, row.key, column.key, cell.text.replace("\n", ": ")


def _sentences(summary: WaveSummary) -> Iterator[Sequence[str]]:
    catalogue = get_catalogue(summary.language)
    for page, sentence in summary.notes():
        yield page, sentence.rule, catalogue.write(sentence)


def _facts(summary: WaveSummary) -> Iterator[Sequence[str]]:
    yield "report_id", summary.report_id
    yield "programme", summary.programme.code
    yield "demo", str(summary.programme.demo).lower()
    yield "waves", " | ".join(summary.waves)
    yield "language", summary.language
    yield "edition", summary.edition
    yield "state", summary.state
    yield "data_until", summary.cutoff.isoformat() if summary.cutoff else ""
    yield "code_version", summary.code_version
    yield "data_hash", summary.data_hash


def _write(pack: zipfile.ZipFile, name: str, head: Sequence[str], lines: Iterator[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell if _NUMBER.fullmatch(str(cell)) else neutral(cell) for cell in line] for line in lines)
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    pack.writestr(info, "\ufeff" + text.getvalue())  # the mark lets spreadsheets read accents
