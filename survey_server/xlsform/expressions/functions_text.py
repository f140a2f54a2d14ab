"""Texts: joining, cutting, comparing, patterns, and the lists that select_multiple stores."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC

from survey_server.xlsform.expressions.evaluate import (
    BOOLEAN,
    NUMBER,
    STRING,
    Context,
    EvaluationProblem,
    MissingInstance,
)
from survey_server.xlsform.expressions.lookup import find_rows
from survey_server.xlsform.expressions.pattern import full_match
from survey_server.xlsform.expressions.signature import Library, function
from survey_server.xlsform.expressions.signed import open_signed
from survey_server.xlsform.expressions.values import Value, parse_number, text_of, to_number, to_string, truth

TEXT: Library = {}
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INFINITY = float("inf")
_SPACE = re.compile(r"[ \t\r\n]+")


def _texts(values: Sequence[Value]) -> list[str]:
    found: list[str] = []
    for value in values:
        if isinstance(value, list):
            found.extend(text_of(node) for node in value)
        else:
            found.append(to_string(value))
    return found


function(TEXT, "concat", "v?*", STRING)(lambda *values: "".join(_texts(values)))
function(TEXT, "join", "sv?v*", STRING)(lambda separator, *values: separator.join(_texts(values)))
function(TEXT, "contains", "ss", BOOLEAN)(lambda text, part: part in text)
function(TEXT, "starts-with", "ss", BOOLEAN)(lambda text, part: text.startswith(part))
function(TEXT, "ends-with", "ss", BOOLEAN)(lambda text, part: text.endswith(part))
function(TEXT, "substring-before", "ss", STRING)(
    lambda text, part: text.partition(part)[0] if part in text and part else ""
)
function(TEXT, "regex", "ss", BOOLEAN)(full_match)


@function(TEXT, "substring-after", "ss", STRING)
def _substring_after(text: str, part: str) -> str:
    return text.partition(part)[2] if part else text


@function(TEXT, "substr", "snn?", STRING)
def _substr(text: str, start: float, end: float = float("inf")) -> str:
    """From `start` (0-based) up to but not including `end`; negative counts from the end."""
    length = len(text)

    def place(number: float) -> int:
        if number != number:
            return 0
        whole = length if number > length else -length if number < -length else int(number)
        return max(0, length + whole) if whole < 0 else whole

    return text[place(start) : place(end)]


@function(TEXT, "substring", "snn?", STRING)
def _substring(text: str, start: float, length: float | None = None) -> str:
    """XPath 1.0: 1-based, both numbers rounded, positions compared as numbers."""
    first = _xpath_round(start)
    last = _INFINITY if length is None else first + _xpath_round(length)
    return "".join(c for i, c in enumerate(text, 1) if i >= first and i < last)


def _xpath_round(x: float) -> float:
    if x != x or abs(x) == float("inf"):
        return x
    whole = x // 1
    return whole + 1 if x - whole >= 0.5 else whole


@function(TEXT, "translate", "sss", STRING)
def _translate(text: str, these: str, those: str) -> str:
    table: dict[str, str] = {}
    for i, char in enumerate(these):
        table.setdefault(char, those[i] if i < len(those) else "")
    return "".join(table.get(char, char) for char in text)


@function(TEXT, "string-length", "cs?", NUMBER)
def _string_length(c: Context, text: str | None = None) -> float:
    return float(len(text_of(c.node) if text is None else text))


@function(TEXT, "normalize-space", "cs?", STRING)
def _normalize_space(c: Context, text: str | None = None) -> str:
    return _SPACE.sub(" ", text_of(c.node) if text is None else text).strip(" ")


@function(TEXT, "selected", "ss", BOOLEAN)
def _selected(chosen: str, value: str) -> bool:
    return f" {value.strip()} " in f" {chosen} "


@function(TEXT, "selected-at", "sn", STRING)
def _selected_at(chosen: str, place: float) -> str:
    words = chosen.split()
    return words[int(place)] if place == place and 0 <= place < len(words) else ""


function(TEXT, "count-selected", "s", NUMBER)(lambda chosen: float(len(chosen.split())))
TEXT["is-selected"] = TEXT["selected"]


def _one_by_one(values: Sequence[Value]) -> list[Value]:
    """The values, a list of nodes taken apart into lists of one."""
    return [part for value in values for part in ([[node] for node in value] if isinstance(value, list) else [value])]


def _counts(value: Value) -> bool:
    """Whether a checklist counts a value: a number above 0, any other text that isn't blank."""
    if isinstance(value, bool):
        return value
    number = value if isinstance(value, float) else parse_number(to_string(value), UTC)
    return number > 0 if number == number else truth(value)


@function(TEXT, "checklist", "cnnv?*", BOOLEAN)
def _checklist(c: Context, least: float, most: float, *values: Value) -> bool:
    """Whether the number of true values lies between the two; -1 means no limit."""
    return _within(float(sum(_counts(value) for value in _one_by_one(values))), least, most)


@function(TEXT, "weighted-checklist", "cnnv?*", BOOLEAN)
def _weighted_checklist(c: Context, least: float, most: float, *values: Value) -> bool:
    """As checklist(), adding the weight that follows each value; or a list of nodes for values and one for weights."""
    parts = list(values)
    if len(values) == 2 and isinstance(values[0], list) and isinstance(values[1], list):
        if len(values[0]) != len(values[1]):
            raise EvaluationProblem("weighted-checklist() needs as many weights as values.")
        parts = [[node] for pair in zip(values[0], values[1], strict=True) for node in pair]
    if len(parts) % 2:
        raise EvaluationProblem("weighted-checklist() needs a weight after every value.")
    weights = [to_number(w, c.env.zone) for v, w in zip(parts[::2], parts[1::2], strict=True) if _counts(v)]
    return _within(sum(weights), least, most)


def _within(x: float, least: float, most: float) -> bool:
    return (least < 0 or x >= least) and (most < 0 or x <= most)


_DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@function(TEXT, "digest", "sss?", STRING)
def _digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    """A hash of the text's UTF-8 bytes, in base64 or hex."""
    name = _DIGESTS.get(algorithm.upper()) or _DIGESTS.get(re.sub("^SHA", "SHA-", algorithm.upper()))
    if name is None:
        raise EvaluationProblem(f"digest() knows {', '.join(_DIGESTS)}, not “{algorithm}”.")
    raw = hashlib.new(name, text.encode()).digest()
    if encoding.lower() not in ("base64", "hex"):
        raise EvaluationProblem(f"digest() writes base64 or hex, not “{encoding}”.")
    return raw.hex() if encoding.lower() == "hex" else base64.b64encode(raw).decode()


def _from_base64(text: str) -> bytes | None:
    compact = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except ValueError:
        return None


@function(TEXT, "base64-decode", "s", STRING)
def _base64_decode(text: str) -> str:
    """The text in base64 (UTF-8); blank if it isn't base64."""
    raw = _from_base64(text)
    return "" if raw is None else raw.decode("utf-8", errors="replace")


@function(TEXT, "extract-signed", "ss", STRING)
def _extract_signed(text: str, key: str) -> str:
    """The message of a signed base64 text, if the Ed25519 key signed it; else blank."""
    signed, public = _from_base64(text), _from_base64(key)
    message = open_signed(signed, public) if signed is not None and public is not None else None
    return "" if message is None else message.decode("utf-8", errors="replace")


@function(TEXT, "uuid", "cn?", STRING)
def _uuid(c: Context, length: float | None = None) -> str:
    """A version 4 UUID, or that many random letters and digits."""
    if length is not None:
        wanted = int(max(0.0, min(length, 1000.0))) if length == length else 0
        return "".join(_LETTERS[int(c.env.dice() * len(_LETTERS))] for _ in range(wanted))
    return new_uuid(c.env.dice)


def new_uuid(dice: Callable[[], float]) -> str:
    """A version 4 UUID from these dice."""
    bits = "".join(f"{int(dice() * 2**16):04x}" for _ in range(8))
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) % 4]}{bits[17:20]}-{bits[20:]}"


@function(TEXT, "pulldata", "csssv", STRING)
def _pulldata(c: Context, name: str, column: str, key: str, value: Value) -> str:
    """The cell of a data set in the row whose key column has the value; blank if there is none."""
    document = c.env.find_instance(name)
    if document is None:
        raise MissingInstance(f"There is no data set “{name}”.")
    rows = find_rows(document, key, to_string(value))
    cell = rows[0].find(column) if rows else None
    return cell.value() if cell is not None else ""


@function(TEXT, "jr:itext", "cs", STRING)
def _itext(c: Context, text_id: str) -> str:
    return c.env.itext(text_id, c.current)


@function(TEXT, "jr:choice-name", "css", STRING)
def _choice_name(c: Context, value: str, ref: str) -> str:
    return c.env.choice_label(value, ref.strip(), c.current)
