"""The four XPath types and how one becomes another, with the ODK meaning of dates: an ISO date counts as its days."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from survey_server.xlsform.expressions.nodes import Node

Value = bool | float | str | list[Node]

NAN = math.nan
DAY_MS = 86_400_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[ \t\r\n]*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))[ \t\r\n]*")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")


def text_of(node: Node) -> str:
    """What an expression reads: the string value, blank if the node isn't relevant."""
    if not node.relevant:
        return ""
    return node.value() if node.children else node.text


def format_number(x: float) -> str:
    """XPath 1.0's text of a number: no exponent, no trailing zeros, NaN and Infinity by name."""
    if x == x and abs(x) < 1e15 and x == int(x):
        return str(int(x))
    if x != x:
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    shortest = repr(x)
    if "e" not in shortest:
        return shortest[:-2] if shortest.endswith(".0") else shortest
    return format(Decimal(shortest), "f")


def to_string(value: Value) -> str:
    """XPath's string(): of a list of nodes, the first one's text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_number(value)
    return text_of(value[0]) if value else ""


def to_boolean(value: Value) -> bool:
    """XPath's boolean(): a number that isn't 0 or NaN, a text that isn't blank, a list that isn't empty."""
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value == value and value != 0
    return len(value) > 0


def truth(value: Value) -> bool:
    """boolean() in a form, as JavaRosa has it: a question counts by its answer, not by its existence."""
    if not isinstance(value, list):
        return to_boolean(value)
    text = text_of(value[0]) if value else ""
    kind = getattr(value[0].bind, "type", "string") if value else ""
    if kind in ("int", "decimal"):
        number = parse_number(text, UTC)
        return number == number and number != 0
    return text not in ("", "false") if kind == "boolean" else text != ""


def to_number(value: Value, zone: tzinfo) -> float:
    """XPath's number(), and the days since 1970 of an ISO date or dateTime (in `zone` if it names none)."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    text = value if isinstance(value, str) else to_string(value)
    return parse_number(text, zone)


def parse_number(text: str, zone: tzinfo) -> float:
    """The number, or days, that a text stands for; NaN for any other text."""
    if text.isdigit() and text.isascii():
        return float(text)
    found = _NUMBER.fullmatch(text)
    if found:
        return float(found[1])
    if len(text) >= 10 and text[4] == "-":
        return parse_days(text, zone)
    return NAN


def parse_date(text: str) -> date | None:
    """A calendar date written as YYYY-MM-DD."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def parse_offset(text: str) -> tzinfo | None:
    """A zone written as Z, +05, +0530 or +05:30."""
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 18 or minutes > 59:
        return None
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def parse_clock(text: str) -> tuple[int, tzinfo | None] | None:
    """A time of day as (milliseconds since midnight, zone if it names one)."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone = parse_offset(found[5]) if found[5] else None
    if found[5] and zone is None:
        return None
    milli = int(((found[4] or "") + "000")[:3])
    return ((hour * 60 + minute) * 60 + second) * 1000 + milli, zone


def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """A dateTime as an aware moment; without offset it is meant in `zone`."""
    if len(text) < 16 or text[10] != "T":
        return None
    day, clock = parse_date(text[:10]), parse_clock(text[11:])
    if day is None or clock is None:
        return None
    moment = datetime(day.year, day.month, day.day) + timedelta(milliseconds=clock[0])
    return moment.replace(tzinfo=clock[1] or zone)


def days_of(moment: datetime) -> float:
    """Fractional days since 1970 in UTC."""
    return round((moment - _EPOCH) / timedelta(milliseconds=1)) / DAY_MS


def parse_days(text: str, zone: tzinfo) -> float:
    """Days since 1970: whole for a date in any zone, fractional UTC for a dateTime, NaN for any other text."""
    if len(text) == 10:
        day = parse_date(text)
        return NAN if day is None else float(day.toordinal() - _EPOCH_ORDINAL)
    moment = parse_moment(text, zone)
    if moment is None:
        return NAN
    try:
        return days_of(moment)
    except OverflowError:
        return NAN


def moment_of(days: float, zone: tzinfo) -> datetime | None:
    """The moment that is so many days after 1970 began in UTC, told in `zone`."""
    try:
        return (_EPOCH + timedelta(milliseconds=math.floor(days * DAY_MS + 0.5))).astimezone(zone)
    except (OverflowError, ValueError):
        return None


def date_of(days: float) -> str:
    """The ISO date of a whole number of days since 1970."""
    try:
        return date.fromordinal(_EPOCH_ORDINAL + int(days)).isoformat()
    except (OverflowError, ValueError):
        return ""


def format_moment(moment: datetime) -> str:
    """A dateTime as instances store it: milliseconds and offset."""
    text = moment.isoformat(timespec="milliseconds")
    return text[:29] if moment.utcoffset() is not None else text
