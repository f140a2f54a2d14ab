"""What a sender is told of each arrival; its number is the id of what was kept, in digits to be read out by voice."""

from __future__ import annotations

from dataclasses import dataclass

from survey_server.problems import Problem

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U: none sounds like a digit
_LENGTHS = range(5, 14)


@dataclass(frozen=True)
class Receipt:
    """The answer for one arrival: what was kept, under which number, and what to look at."""

    id: str
    sha256: str
    status: int
    receipt: str
    issues: int = 0
    problem: Problem | None = None
    submission_id: int | None = None
    """The submission that it is now, or that it was before."""


@dataclass(frozen=True)
class Known:
    """A document that is stored already."""

    submission_id: int
    sha256: str
    issues: int
    number: int | None = 1
    """Its number if it is the version that counts; None once it was edited."""


def receipt_code(row_id: int) -> str:
    """The id of what was kept, as it is written on a receipt."""
    code = ""
    while row_id:
        row_id, digit = divmod(row_id, 32)
        code = _DIGITS[digit] + code
    return code


def read_receipt(text: str) -> int | None:
    """The id that a receipt names, however it was typed; None for what can't be a receipt."""
    code = "".join(text.split()).upper()
    if len(code) not in _LENGTHS or not set(code) <= set(_DIGITS):
        return None
    value = 0
    for digit in code:
        value = value * 32 + _DIGITS.index(digit)
    return value if value < 2**63 else None
