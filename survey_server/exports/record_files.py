"""SPSS .sav and Stata .dta of any number of rows in constant memory.

pyreadstat writes tables that are whole in memory. Here it writes a file with one row, which has all labels, names and
widths; that row is taken out, and the true ones are put in its place, record after record as both formats lay them out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SEGMENT = 255
"""SPSS keeps a long text in pieces of so many bytes, each followed by one that means nothing."""


@dataclass(frozen=True)
class TextColumn:
    """A column of texts, each of at most `width` bytes."""

    width: int


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; what isn't one is missing."""


Column = TextColumn | NumberColumn
Rows = Sequence[Sequence[str]]


def write_sav(path: Path, model: bytes, columns: Sequence[Column], blocks: Iterable[Rows], count: int) -> None:
    """The .sav file: `model` is one with a single row of texts as wide as their columns."""
    layout = np.dtype([(f"f{n}", "<f8" if _is_number(c) else f"V{_sav_width(c)}") for n, c in enumerate(columns)])
    start = len(model) - layout.itemsize
    head = bytearray(model[:start])
    if head[-8:] != struct.pack("<ii", 999, 0):
        raise AssertionError("The row isn't where it is expected.")
    struct.pack_into("<i", head, 80, count)
    counted = head.find(struct.pack("<iiii", 7, 16, 8, 2))
    if counted >= 0:
        struct.pack_into("<qq", head, counted + 16, 1, count)
    with path.open("wb") as file:
        file.write(head)
        for rows in blocks:
            file.write(_records(layout, columns, rows, _sav_texts, -np.finfo(np.float64).max))


def write_dta(path: Path, model: bytes, columns: Sequence[Column], blocks: Iterable[Rows], count: int) -> None:
    """The .dta file (release 118): `model` is one with a single row of texts as wide as their columns."""
    layout = np.dtype([(f"f{n}", "<f8" if _is_number(c) else f"V{_width(c)}") for n, c in enumerate(columns)])
    start, end = model.index(b"<data>") + len(b"<data>"), model.index(b"</data><strls>")
    if end - start != layout.itemsize:
        raise AssertionError("The row isn't where it is expected.")
    head = bytearray(model[:start])
    struct.pack_into("<q", head, head.index(b"<N>") + len(b"<N>"), count)
    moved, places = (count - 1) * layout.itemsize, head.index(b"<map>") + len(b"<map>")
    offsets = struct.unpack_from("<14q", head, places)
    struct.pack_into("<14q", head, places, *(each + moved if each >= start else each for each in offsets))
    with path.open("wb") as file:
        file.write(head)
        for rows in blocks:
            file.write(_records(layout, columns, rows, _dta_texts, 2.0**1023))
        file.write(model[end:])


def cut(text: str, width: int) -> bytes:
    """The text in UTF-8, of at most so many bytes, no character in halves."""
    found = text.encode("utf-8", "replace")
    return found if len(found) <= width else found[:width].decode("utf-8", "ignore").encode()


def _records(layout: np.dtype[np.void], columns: Sequence[Column], rows: Rows, texts: object, missing: float) -> bytes:
    block = np.zeros(len(rows), dtype=layout)
    for place, column in enumerate(columns):
        values = [row[place] for row in rows]
        if isinstance(column, TextColumn):
            pieces = (_sav_texts if texts is _sav_texts else _dta_texts)(values, column.width)
            block[f"f{place}"] = np.frombuffer(b"".join(pieces), dtype=layout[place])
        else:
            numbers = numbers_of(values)
            block[f"f{place}"] = np.where(np.isfinite(numbers), numbers, missing)
    return block.tobytes()


def numbers_of(values: Sequence[str]) -> NDArray[np.float64]:
    """The numbers; what isn't one, such as a code that the form doesn't know, isn't a number."""
    try:
        return np.array([value or "nan" for value in values], dtype=np.str_).astype(np.float64)
    except ValueError:
        return np.array([_number(value) for value in values])


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _sav_texts(values: Sequence[str], width: int) -> list[bytes]:
    full = _text_width(width)
    found = [cut(value, width) for value in values]
    if width > _SEGMENT:
        found = [b" ".join(each[n : n + _SEGMENT] for n in range(0, len(each), _SEGMENT)) for each in found]
    return [each.ljust(full) for each in found]


def _dta_texts(values: Sequence[str], width: int) -> list[bytes]:
    return [cut(value, width).ljust(width, b"\0") for value in values]


def _is_number(column: Column) -> bool:
    return isinstance(column, NumberColumn)


def _width(column: Column) -> int:
    assert isinstance(column, TextColumn)
    return column.width


def _sav_width(column: Column) -> int:
    return _text_width(_width(column))


def _text_width(width: int) -> int:
    """The bytes that SPSS gives to a text of this width: whole eights, a long one in segments of 256 that count 252."""
    if width <= _SEGMENT:
        return (width + 7) // 8 * 8
    segments = (width + 251) // 252
    return (segments - 1) * 256 + (width - (segments - 1) * 252 + 7) // 8 * 8
