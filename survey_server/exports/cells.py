"""How a cell is written: nothing that a spreadsheet would take for a formula."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def harmless(text: str) -> str:
    """The text, with an apostrophe before one that a spreadsheet would run: one that begins with = + - @ or tab.

    A negative number stays what it is.
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
