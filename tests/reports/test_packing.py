"""Sharing parts out over columns and pages: nothing lost, nothing out of order, no page nearly empty."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_server.reports.packing import GAP, cut, folded, joined, pack
from survey_server.reports.value import Cell, Column, Note, Row, Table

HEIGHTS = st.lists(st.integers(20, 300).map(float), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(heights=HEIGHTS, columns=st.integers(1, 3))
def test_it_keeps_every_part_once_and_in_reading_order(heights: list[float], columns: int) -> None:
    bands = pack(heights, columns, 400.0, 700.0, 100.0)
    assert [place for band in bands for column in band.columns for place in column] == list(range(len(heights)))
    assert all(len(band.columns) <= columns for band in bands)


@settings(max_examples=60, deadline=None)
@given(heights=HEIGHTS)
def test_it_never_sets_a_band_taller_than_the_limit_but_for_a_part_that_is(heights: list[float]) -> None:
    for band in pack(heights, 3, 250.0):
        inside = [heights[place] for column in band.columns for place in column]
        assert band.height - GAP <= max(250.0, *inside)


def test_it_sets_parts_of_one_height_side_by_side_without_a_gap() -> None:
    bands = pack([100.0] * 9, 3, 320.0)
    assert sum(band.height for band in bands) == pytest.approx(300.0 + GAP * len(bands))


def test_it_fills_a_page_before_it_goes_on_to_the_next() -> None:
    """13 parts of 100 points in 3 columns take 500 points at the least: two pages of 420, the first with 100 gone."""
    bands, pages, taken = pack([100.0] * 13, 3, 300.0, page=420.0, used=100.0), 1, 100.0
    for band in bands:
        pages, taken = (pages, taken + band.height) if taken + band.height <= 420.0 else (pages + 1, band.height)
    assert pages == 2


def rows_of(*kinds: str) -> tuple[Row, ...]:
    return tuple(
        Row(str(place), str(place), () if kind else (Cell(float(place)),), "section" if kind else "")
        for place, kind in enumerate(kinds)
    )


@pytest.mark.parametrize("count", [1, 2, 3, 10, 111, 112, 113, 115, 300])
def test_it_folds_a_table_without_losing_a_row(count: int) -> None:
    table = Table("t", "", (Column("v", "v"),), rows_of(*[""] * count), layout="folded")
    pieces = [piece for pair in folded(table) for piece in pair]
    assert [row.key for piece in pieces for row in piece.rows] == [row.key for row in table.rows]
    assert max(len(piece.rows) for piece in pieces) <= 58


def test_it_never_ends_a_column_with_a_heading() -> None:
    table = Table("t", "", (Column("v", "v"),), rows_of("", "", "", "section", "", "", ""), layout="folded")
    left, right = next(folded(table))
    assert [row.key for row in left.rows] == ["0", "1", "2"]
    assert right.rows[0].kind == "section"


@pytest.mark.parametrize("count", [1, 2, 7, 8, 40])
def test_it_cuts_a_folded_table_beside_others_and_joins_its_pieces_without_losing_a_row(count: int) -> None:
    kinds = [("section" if place % 9 == 0 else "") for place in range(count)] + [""]
    table = Table("t", "T", (Column("v", "v"),), rows_of(*kinds), notes=(Note("n"),), layout="items folded")
    pieces = list(cut(table))
    assert all(piece.rows[-1].kind != "section" for piece in pieces if isinstance(piece, Table))
    [whole] = joined(pieces)
    assert isinstance(whole, Table)
    assert (whole.title, whole.rows, whole.notes) == (table.title, table.rows, table.notes)
