"""One cell of an imported table as the value that a question stores; or what is wrong with it and how to cure it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from survey_server.xlsform.importing.mapping import Question, as_number

_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_COMMA = re.compile(r"-?\d+,\d+")
_YES = frozenset(("1", "true", "yes", "sí", "si", "x"))
_NO = frozenset(("0", "false", "no", ""))
Choices = Mapping[str, tuple[str, ...]]


@dataclass
class Misfit(Exception):
    """A cell that can't be the answer: the reason and the cure, for the row report."""

    reason: str
    cure: str


def read_value(question: Question, text: str, choices: Choices | None, labels: Mapping[str, str]) -> str:
    """What `question` stores for this cell; raises Misfit. `labels` say what the file's own codes mean."""
    if not text:
        return ""
    if question.is_select:
        if question.kind == "select1":
            return _read_choice(text, choices, labels)
        return " ".join(dict.fromkeys(_read_choice(one, choices, labels) for one in _several(text, choices)))
    return _READERS.get(question.type, _as_it_is)(text)


def read_day(text: str) -> date:
    """The day that a cell names; raises Misfit."""
    return date.fromisoformat(_read_date(text))


def is_ticked(text: str) -> bool:
    """Whether a column that stands for one choice says yes; raises Misfit."""
    word = text.strip().casefold().removesuffix(".0")
    if word in _YES | _NO:
        return word in _YES
    raise Misfit(f"{text!r} is neither yes nor no.", "Write 1 or 0.")


def _read_choice(text: str, choices: Choices | None, labels: Mapping[str, str]) -> str:
    """By the file's own label where that is a choice's, then by code, then by label."""
    if choices is None:
        return text
    code = _plain_number(text)
    meant = labels.get(text) or labels.get(code)
    if meant and (found := _by_label(meant, choices)):
        return found[0]
    if text in choices or code in choices:
        return text if text in choices else code
    found = _by_label(text, choices)
    if len(found) > 1:
        raise Misfit(f"{text!r} is the label of several choices: {', '.join(found)}.", "Write the code.")
    if not found:
        raise Misfit(f"{text!r} is no choice: {_shown(choices)}.", "Correct it, or map the value to a choice.")
    return found[0]


def _by_label(label: str, choices: Choices) -> list[str]:
    wanted = _folded(label)
    return [code for code, labels in choices.items() if wanted in map(_folded, labels)]


def _several(text: str, choices: Choices | None) -> Iterable[str]:
    """The choices of a cell: codes by spaces, codes or labels by ; or |."""
    if choices is not None and (text in choices or _by_label(text, choices)):
        return [text]
    parts = re.split(r"[;|]", text) if re.search(r"[;|]", text) else re.split(r"[\s,]+", text)
    return [part.strip() for part in parts if part.strip()]


def _shown(choices: Choices) -> str:
    listed = [f"{code} ({labels[0]})" if labels and labels[0] else code for code, labels in choices.items()]
    return ", ".join(listed[:8]) + (" …" if len(listed) > 8 else "")


def _read_integer(text: str) -> str:
    number = as_number(text)
    if number is None or not number.is_integer() or abs(number) >= 2**53:
        raise Misfit(f"{text!r} is no whole number.", "Correct it, or map the value; leave the cell blank if unknown.")
    return str(int(number))


def _read_decimal(text: str) -> str:
    plain = text.replace(",", ".") if _COMMA.fullmatch(text) else text
    number = as_number(plain)
    if number is None or number in (float("inf"), float("-inf")) or number != number:
        raise Misfit(f"{text!r} is no number.", "Correct it, or map the value; leave the cell blank if unknown.")
    return _plain_number(plain)


def _read_date(text: str) -> str:
    if found := _SLASHED.fullmatch(text):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Misfit(f"{text!r} is no date.", "Write 2026-11-21 or 21/11/2026 (day first).") from None


def _read_moment(text: str) -> str:
    day, _, clock = text.replace("T", " ").partition(" ")
    try:
        return datetime.fromisoformat(f"{_read_date(day)}T{clock or '00:00:00'}").isoformat(timespec="milliseconds")
    except ValueError:
        raise Misfit(f"{text!r} is no date with a time.", "Write 2026-11-21 14:05.") from None


def _read_time(text: str) -> str:
    try:
        return time.fromisoformat(text).isoformat(timespec="milliseconds")
    except ValueError:
        raise Misfit(f"{text!r} is no time of day.", "Write 14:05.") from None


def _as_it_is(text: str) -> str:
    return text


def _plain_number(text: str) -> str:
    """7 for 7.0, the way that codes are written in forms."""
    number = as_number(text)
    return str(int(number)) if number is not None and number.is_integer() and abs(number) < 2**53 else text


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


_READERS = {
    "int": _read_integer,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "date": _read_date,
    "dateTime": _read_moment,
    "time": _read_time,
}
