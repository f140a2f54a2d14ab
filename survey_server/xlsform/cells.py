"""Cells of tables that people open in a spreadsheet: none is taken for a formula, and each is read back as it was."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: object) -> object:
    """A cell that no spreadsheet calculates: a text that begins like a formula gets a mark before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS) else cell


def as_typed(cell: str) -> str:
    """What stood in a cell before `neutral` put its mark before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_STARTS) else cell
