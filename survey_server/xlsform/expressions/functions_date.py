"""Dates and times: today, now, conversion to and from days, formatting in the language of the form."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta, tzinfo

from survey_server.xlsform.expressions.evaluate import NUMBER, STRING, Context, EvaluationProblem
from survey_server.xlsform.expressions.signature import Library, function
from survey_server.xlsform.expressions.values import (
    DAY_MS,
    NAN,
    Value,
    date_of,
    format_moment,
    format_number,
    moment_of,
    parse_clock,
    parse_date,
    parse_days,
    parse_moment,
    parse_number,
    to_string,
)

DATES: Library = {}
MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
}
WEEKDAYS = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "es": "lun mar mié jue vie sáb dom",
    "fr": "lun. mar. mer. jeu. ven. sam. dim.",
    "pt": "seg. ter. qua. qui. sex. sáb. dom.",
}
_CODE = re.compile(r"\(([A-Za-z]{2,3})[\w-]*\)\s*$|^([A-Za-z]{2,3})(?:[-_]\w+)?$")
_NAMES = {"spanish": "es", "español": "es", "french": "fr", "français": "fr", "portuguese": "pt", "português": "pt"}

function(DATES, "today", "c", STRING)(lambda c: c.env.now().date().isoformat())
function(DATES, "now", "c", STRING)(lambda c: format_moment(c.env.now()))


def language_code(language: str) -> str:
    """The two letters of a form's language, as in “Español (es)”."""
    found = _CODE.search(language)
    code = (found[1] or found[2]).lower() if found else _NAMES.get(language.lower(), "")
    return code if code in MONTHS else "en"


def to_moment(value: Value, zone: tzinfo) -> datetime | None:
    """The moment that a dateTime, a date (its midnight) or a number of days stands for; None for a blank or NaN."""
    if isinstance(value, bool):
        raise EvaluationProblem("A true or false is no date.")
    if not isinstance(value, float):
        text = to_string(value).strip()
        if not text:
            return None
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=zone) if day else parse_moment(text, zone)
        if moment is not None:
            return _at_home(moment, zone)
        value = parse_number(text, zone)
        if value != value:
            raise EvaluationProblem(f"“{text}” is no date.")
    if not math.isfinite(value):
        return None
    if value == math.floor(value):
        day = parse_date(date_of(value))
        return datetime(day.year, day.month, day.day, tzinfo=zone) if day else None
    return moment_of(value, zone)


def _at_home(moment: datetime, zone: tzinfo) -> datetime | None:
    """As clocks in `zone` show it; None beyond the years 1 to 9999."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return None


@function(DATES, "date", "cv", STRING)
def _date(c: Context, value: Value) -> str:
    """The date of a day number, a date or a dateTime; the time of day is dropped."""
    if isinstance(value, float) and value == value:
        if abs(value) > 2**31:
            raise EvaluationProblem(f"{format_number(value)} is no date.")
        return date_of(math.trunc(value))
    moment = to_moment(value, c.env.zone)
    return moment.date().isoformat() if moment else ""


@function(DATES, "date-time", "cv", STRING)
def _date_time(c: Context, value: Value) -> str:
    """The moment as a dateTime with the offset of the interview's zone."""
    if isinstance(value, float) and value == value:
        moment = moment_of(value, c.env.zone)
        if moment is None:
            raise EvaluationProblem(f"{format_number(value)} is no date.")
        return format_moment(moment)
    found = to_moment(value, c.env.zone)
    return format_moment(found) if found else ""


@function(DATES, "decimal-date-time", "cv", NUMBER)
def _decimal_date_time(c: Context, value: Value) -> float:
    """Days since 1970, with their fraction."""
    if isinstance(value, bool):
        return NAN
    if isinstance(value, float):
        return value
    text = to_string(value)
    days = parse_days(text, c.env.zone)
    return days if days == days else parse_number(text, c.env.zone)


@function(DATES, "decimal-time", "cv", NUMBER)
def _decimal_time(c: Context, value: Value) -> float:
    """The fraction of the local day that a time, or the time of a dateTime, stands for."""
    if isinstance(value, (bool, float)):
        moment = to_moment(value, c.env.zone) if isinstance(value, float) else None
    else:
        text = to_string(value).strip()
        clock = parse_clock(text)
        if clock is not None and clock[1] is None:
            return clock[0] / DAY_MS
        try:
            if clock is not None:
                moment = parse_moment(f"1970-01-01T{text}", c.env.zone)
                moment = moment.astimezone(c.env.zone) if moment else None
            else:
                moment = to_moment(text, c.env.zone)
        except EvaluationProblem:
            return NAN
    return NAN if moment is None else milliseconds_of_day(moment) / DAY_MS


def milliseconds_of_day(moment: datetime) -> int:
    """Milliseconds since the local midnight, as the clock on the wall shows them."""
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + moment.microsecond // 1000


@function(DATES, "format-date", "cvs", STRING)
def _format_date(c: Context, value: Value, pattern: str) -> str:
    return _format(c, value, pattern)


@function(DATES, "format-date-time", "cvs", STRING)
def _format_date_time(c: Context, value: Value, pattern: str) -> str:
    return _format(c, value, pattern)


def _format(c: Context, value: Value, pattern: str) -> str:
    moment = to_moment(value, c.env.zone)
    if moment is None:
        return ""
    code = language_code(c.env.language)
    parts = []
    i = 0
    while i < len(pattern):
        if pattern[i] == "%":
            parts.append(_field(moment, pattern[i + 1 : i + 2], code))
            i += 2
        else:
            parts.append(pattern[i])
            i += 1
    return "".join(parts)


def _week(m: datetime) -> int:
    """The week of the year: week 1 has January 1, weeks start on Sunday, as JavaRosa counts."""
    saturday = m.date() + timedelta(days=(5 - m.weekday()) % 7) if m.year < 9999 else m.date()
    first = date(saturday.year, 1, 1)
    return ((saturday - first).days + (first.weekday() + 1) % 7) // 7 + 1


def _field(m: datetime, letter: str, code: str) -> str:
    if letter == "b":
        return MONTHS[code].split()[m.month - 1]
    if letter == "a":
        return WEEKDAYS[code].split()[m.weekday()]
    plain = {"Y": f"{m.year:04}", "y": f"{m.year % 100:02}", "m": f"{m.month:02}", "n": str(m.month)}
    plain |= {"d": f"{m.day:02}", "e": str(m.day), "H": f"{m.hour:02}", "h": str(m.hour), "M": f"{m.minute:02}"}
    plain |= {"S": f"{m.second:02}", "3": f"{m.microsecond // 1000:03}", "%": "%", "W": str(_week(m))}
    if letter not in plain:
        raise EvaluationProblem(f"%{letter} is not a part of a date. Known: {' '.join('%' + k for k in plain)} %a %b.")
    return plain[letter]
