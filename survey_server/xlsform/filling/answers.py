"""One codec per bind type: what a calculation stores, how a typed answer is normalised, checked, and handed on."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import tzinfo

from survey_server.xlsform.expressions.functions_geo import parse_point, parse_points
from survey_server.xlsform.expressions.values import (
    Value,
    date_of,
    format_moment,
    format_number,
    moment_of,
    parse_clock,
    parse_date,
    parse_moment,
    parse_number,
    to_number,
    to_string,
)

_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def store(value: Value, bind_type: str, zone: tzinfo) -> str:
    """The text that a node of that type keeps of a computed value; NaN and what doesn't fit are blank."""
    if bind_type in ("int", "decimal"):
        number = to_number(value, zone)
        if number != number or math.isinf(number):
            return ""
        return format_number(float(math.trunc(number)) if bind_type == "int" else number)
    if isinstance(value, float):
        if value != value:
            return ""
        if bind_type == "date":
            return date_of(math.floor(value))
        if bind_type == "dateTime":
            moment = moment_of(value, zone)
            return format_moment(moment) if moment else ""
        if bind_type == "boolean":
            return "true" if value else "false"
        return format_number(value)
    text = to_string(value)
    if bind_type == "date":
        return _as_date(text, zone)
    if bind_type == "dateTime":
        day = parse_date(text)
        moment = parse_moment(f"{text}T00:00", zone) if day else None
        return format_moment(moment) if moment else text
    if bind_type == "time" and len(text) > 10 and text[10] == "T":
        return text[11:]
    if bind_type == "boolean" and text in ("1", "0"):
        return "true" if text == "1" else "false"
    return text


def _as_date(text: str, zone: tzinfo) -> str:
    if len(text) > 10 and text[10] == "T":
        moment = parse_moment(text, zone)
        return moment.astimezone(zone).date().isoformat() if moment else ""
    if parse_date(text) is None:
        number = parse_number(text, zone)
        return date_of(math.floor(number)) if number == number else ""
    return text


def normalise(text: str, bind_type: str) -> str:
    """An answer as it is stored: integers without leading zeros, numbers with a point; the rest as typed."""
    if bind_type == "int":
        plain = text.strip()
        return str(int(plain)) if _INTEGER.fullmatch(plain) else plain
    if bind_type == "decimal":
        plain = text.strip()
        if plain.count(",") == 1 and "." not in plain:
            plain = plain.replace(",", ".")
        return format_number(float(plain)) if _DECIMAL.fullmatch(plain) else plain
    return text


def _is_date_time(text: str) -> bool:
    return text[10:11] == "T" and parse_date(text[:10]) is not None and parse_clock(text[11:]) is not None


CHECKS: dict[str, Callable[[str], bool]] = {
    "int": lambda text: _INTEGER.fullmatch(text) is not None,
    "decimal": lambda text: _DECIMAL.fullmatch(text) is not None,
    "boolean": lambda text: text in ("true", "false", "1", "0"),
    "date": lambda text: parse_date(text[:10]) is not None and (len(text) == 10 or _is_date_time(text)),
    "time": lambda text: parse_clock(text) is not None,
    "dateTime": _is_date_time,
    "geopoint": lambda text: parse_point(text) is not None,
    "geotrace": lambda text: len(parse_points(text) or ()) >= 2,
    "geoshape": lambda text: len(parse_points(text) or ()) >= 3,
}


def fits(text: str, bind_type: str) -> bool:
    """Whether a text is a value of the type; a blank is of every type."""
    check = CHECKS.get(bind_type)
    return check is None or text == "" or check(text)


def typed(text: str, bind_type: str, several: bool) -> object:
    """The answer as JSON carries it: a number, a list of chosen values, a text."""
    if several:
        return text.split()
    if bind_type == "int" and _INTEGER.fullmatch(text):
        return int(text)
    if bind_type == "decimal" and _DECIMAL.fullmatch(text):
        return float(text)
    return text
