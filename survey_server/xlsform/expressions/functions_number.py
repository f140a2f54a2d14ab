"""Numbers: rounding, powers, logarithms, angles, and the dice (randomize exactly as JavaRosa shuffles)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import TypeVar

from survey_server.xlsform.expressions.evaluate import NODES, NUMBER, Context, NodeList
from survey_server.xlsform.expressions.signature import Library, function
from survey_server.xlsform.expressions.values import NAN, Value, parse_number, to_number, to_string

NUMBERS: Library = {}
T = TypeVar("T")
PARK_MILLER = 2**31 - 1


def whole(x: float) -> bool:
    """Whether x is finite."""
    return x == x and not math.isinf(x)


def _guarded(compute: Callable[..., float]) -> Callable[..., float]:
    def run(*numbers: float) -> float:
        try:
            return float(compute(*numbers))
        except (ValueError, ZeroDivisionError):
            return NAN
        except OverflowError:
            return math.inf

    return run


def half_up(x: float) -> float:
    """The nearest whole number, halves upwards; what rounds to zero from below is -0, as XPath 1.0 says."""
    if not whole(x):
        return x
    low = math.floor(x)
    nearest = float(low + 1 if x - low >= 0.5 else low)
    return math.copysign(nearest, x) if nearest == 0 else nearest


def _shifted(x: float, digits: int) -> float:
    """x times 10 to the power of digits, by moving the decimal point of its shortest text."""
    mantissa, _, exponent = repr(x).partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + digits}")


@function(NUMBERS, "round", "nn?", NUMBER)
def _round(x: float, digits: float = 0.0) -> float:
    if digits != digits:
        return NAN
    if not whole(x):
        return x
    places = int(max(-400.0, min(400.0, digits)))
    if places == 0:
        return half_up(x)
    moved = _shifted(x, places)
    return x if math.isinf(moved) else _shifted(half_up(moved), -places)


def _toward_zero(x: float) -> float:
    return float(math.trunc(x)) if whole(x) else x


function(NUMBERS, "int", "n", NUMBER)(_toward_zero)
function(NUMBERS, "floor", "n", NUMBER)(lambda x: float(math.floor(x)) if whole(x) and x != 0 else x)


@function(NUMBERS, "ceiling", "n", NUMBER)
def _ceiling(x: float) -> float:
    return math.copysign(float(math.ceil(x)), x) if whole(x) else x


@_guarded
def _pow(x: float, y: float) -> float:
    if whole(x) and x < 0 and whole(y) and y != int(y):
        return NAN
    if y != y or (abs(x) == 1 and math.isinf(y)):
        return NAN
    if x == 0 and y < 0:
        return -math.inf if math.copysign(1.0, x) < 0 and y % 2 == 1 else math.inf
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf


def _log(x: float, log: Callable[[float], float]) -> float:
    return -math.inf if x == 0 else log(x) if x > 0 else NAN


function(NUMBERS, "pow", "nn", NUMBER)(_pow)
function(NUMBERS, "abs", "n", NUMBER)(abs)
function(NUMBERS, "sqrt", "n", NUMBER)(_guarded(math.sqrt))
function(NUMBERS, "exp", "n", NUMBER)(_guarded(math.exp))
function(NUMBERS, "exp10", "n", NUMBER)(lambda x: _pow(10.0, x))
function(NUMBERS, "log", "n", NUMBER)(lambda x: _log(x, math.log))
function(NUMBERS, "log10", "n", NUMBER)(lambda x: _log(x, math.log10))
function(NUMBERS, "sin", "n", NUMBER)(_guarded(math.sin))
function(NUMBERS, "cos", "n", NUMBER)(_guarded(math.cos))
function(NUMBERS, "tan", "n", NUMBER)(_guarded(math.tan))
function(NUMBERS, "asin", "n", NUMBER)(_guarded(math.asin))
function(NUMBERS, "acos", "n", NUMBER)(_guarded(math.acos))
function(NUMBERS, "atan", "n", NUMBER)(_guarded(math.atan))
function(NUMBERS, "atan2", "nn", NUMBER)(_guarded(math.atan2))
function(NUMBERS, "pi", "", NUMBER)(lambda: math.pi)
function(NUMBERS, "random", "c", NUMBER)(lambda c: c.env.dice())


def shuffle(items: list[T], seed: int) -> list[T]:
    """JavaRosa's order: inside-out Fisher-Yates, drawing from Park and Miller's minimal generator."""
    state = abs(seed) % PARK_MILLER * (1 if seed > 0 else -1)
    if state <= 0:
        state += PARK_MILLER - 1
    result: list[T] = []
    for i, item in enumerate(items):
        state = state * 16807 % PARK_MILLER
        j = int((state - 1) / (PARK_MILLER - 1) * (i + 1))
        result.append(item)
        if j != i:
            result[i] = result[j]
            result[j] = item
    return result


def seed_of(value: Value, c: Context) -> int:
    """The whole number that a seed stands for: fractions truncated, NaN 0, other texts hashed."""
    if isinstance(value, (str, list)):
        text = to_string(value)
        number = parse_number(text, c.env.zone)
        if number != number and text.strip():
            return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
    else:
        number = to_number(value, c.env.zone)
    return 0 if number != number else int(max(-(2.0**63), min(2.0**63, number)))


@function(NUMBERS, "randomize", "cxv?", NODES)
def _randomize(c: Context, nodes: NodeList, seed: Value | None = None) -> NodeList:
    known = c.env.seed() if seed is None else seed_of(seed, c)
    return shuffle([node for node in nodes if node.relevant], known)
