"""The number on a receipt: the id of what was kept, in digits that can be read out by voice."""

from __future__ import annotations

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U: none sounds like a digit
_LENGTHS = range(5, 14)


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
