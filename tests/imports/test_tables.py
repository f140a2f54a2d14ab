"""Tables that other tools made, read as text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from survey_server.problems import UnreadableTable
from survey_server.xlsform.importing.tables import Row, read_csv, read_table

LINES = [("uid", "país", "valor"), ("1", "México", "7"), ("2", "Colombia", "")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_reads_csv_of_every_common_make(separator: str, encoding: str, end: str) -> None:
    table = read_csv(end.join(separator.join(line) for line in LINES).encode(encoding))
    assert table.columns == LINES[0]
    assert [row.cells for row in table.rows] == LINES[1:]


def test_it_numbers_rows_as_a_spreadsheet_does() -> None:
    table = read_csv(b'a,b\n1,"two\nlines"\n\n3,4\n')
    assert table.rows == (Row(2, ("1", "two\nlines")), Row(4, ("3", "4")))


def test_it_keeps_a_cell_with_separators_and_quotes_whole() -> None:
    assert read_csv(b'a,b\n"1,5","he said ""no"""\n').rows[0].cells == ("1,5", 'he said "no"')


def test_it_keeps_a_row_that_was_cut_off_as_it_is_and_drops_only_blanks_beyond_the_heading() -> None:
    table = read_csv(b"a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n")
    assert [row.cells for row in table.rows] == [("1", "2"), ("1", "2", "3"), ("1", "2", "3", "4")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "first row"),
        (b"\n1,2\n", "first row"),
        (b"a,,c\n1,2,3\n", "Column 2"),
        (b"a,b,a\n1,2,3\n", "'a'"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        (b'a,b\n"1,2\n', "isn't CSV"),
        (b"\xff\xfea", "decoded"),
    ],
)
def test_it_says_what_is_wrong_with_a_csv(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableTable, match=told):
        read_csv(content)


def test_it_reads_a_workbook_with_dates_numbers_and_short_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (("a", "b", "c", "d"), (1.0, 2.5, dt.datetime(2026, 3, 5), True), ("x",), (None,), (7,)):
        sheet.append(line)
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert table.columns == ("a", "b", "c", "d")
    assert table.rows == (
        Row(2, ("1", "2.5", "2026-03-05", "1")),
        Row(3, ("x", "", "", "")),
        Row(5, ("7", "", "", "")),
    )


def test_it_reads_spss_with_what_its_codes_mean(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sexo": [1.0, 2.0, None], "nota": ["á", "", "x"]})
    pyreadstat.write_sav(frame, tmp_path / "t.sav", variable_value_labels={"sexo": {1.0: "Hombre", 2.0: "Mujer"}})
    table = read_table(tmp_path / "t.sav")
    assert table.columns == ("sexo", "nota")
    assert [row.cells for row in table.rows] == [("1", "á"), ("2", ""), ("", "x")]
    assert table.labels["sexo"] == {"1": "Hombre", "2": "Mujer"}


@pytest.mark.parametrize("name", ["t.xlsx", "t.sav", "t.pdf", "missing.csv"])
def test_it_refuses_what_is_not_what_its_name_says(tmp_path: Path, name: str) -> None:
    if name != "missing.csv":
        (tmp_path / name).write_bytes(b"%PDF-1.7 not a table")
    with pytest.raises(UnreadableTable):
        read_table(tmp_path / name)
