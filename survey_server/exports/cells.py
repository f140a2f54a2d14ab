"""How a cell is written: instants in UTC as ISO 8601, and nothing that a spreadsheet would take for a formula."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def plain(value: Any) -> Any:
    """An instant or a day as text; anything else as it is."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return f"{moment.isoformat()[:19]}Z"
    return value.isoformat() if isinstance(value, date) else value


def harmless(value: Any) -> Any:
    """The same, with an apostrophe before a text that a spreadsheet would run: one that begins with = + - @ or tab.

    A negative number stays what it is.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
