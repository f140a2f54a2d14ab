"""Formulas of indicators, evaluated for all submissions of a frame at once: a number per row, NaN where not valid.

Blanks and missing codes are not valid: 66, 77, 88, 99, -88 and -99 for select questions, -88 and -99 for any other
(an age of 88 is an age); `raw(...)` keeps the codes. Logic has three values: `and` and `or` are decided by the side
that decides, and NaN otherwise. A comparison or sum with a value that isn't valid isn't valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd

from survey_server.estimation.answers import NAN, Column, Floats
from survey_server.problems import Problem
from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.values import parse_number
from survey_server.xlsform.registry import FUNCTIONS, SITE_PREFIX, name_of


class BadFormula(Problem):
    """A formula can't be computed from a wave's answers. Correct it on the indicators sheet and publish again."""

    status = 422
    title = "A formula can't be computed"


def evaluate_column(tree: Tree, frame: pd.DataFrame, types: Mapping[str, str] | None = None) -> Floats:
    """The formula's value in every row of `frame`, NaN where it isn't valid; raises BadFormula.

    `types` tells the kind of each question ("select_one", "integer", ...); a column it doesn't know is taken for a
    select question when it holds text and for a number when it holds numbers.
    """
    return Formulas(frame, types).evaluate(tree)


class Formulas:
    """A frame whose columns are read once, for evaluating many formulas over it."""

    def __init__(self, frame: pd.DataFrame, types: Mapping[str, str] | None = None) -> None:
        self.frame = frame
        self.types = types or {}
        self._columns: dict[str, Column] = {}

    def evaluate(self, tree: Tree) -> Floats:
        """The value of a formula in every row; an array of its own, never shared."""
        value = self._value(tree)
        return np.full(len(self.frame), value) if np.ndim(value) == 0 else np.array(value, dtype=float)

    def column(self, name: str) -> Column:
        """The answers to a question, or a column of the site table as `site.x`."""
        if name not in self._columns:
            kind = self.types.get(name, "")
            if name in self.frame.columns:
                self._columns[name] = Column(self.frame[name], kind)
            elif kind or name.startswith(SITE_PREFIX):  # nobody has answered it in this wave
                self._columns[name] = Column(pd.Series(NAN, index=self.frame.index), kind)
            else:
                raise BadFormula(f"There is no question {name!r} in this wave.", name=name)
        return self._columns[name]

    def _value(self, tree: Tree) -> Any:
        head = tree[0]
        if head == "num":
            return float(tree[1])
        if head == "str":
            return parse_number(tree[1], UTC)
        if head == "neg":
            return -self._value(tree[1])
        if head == "call":
            return self._call(tree[1], tree[2:])
        if head in ("=", "!=") and "str" in (tree[1][0], tree[2][0]):
            return self._text_comparison(head, tree[1], tree[2])
        if head in BINARY:
            with np.errstate(all="ignore"):
                return BINARY[head](self._value(tree[1]), self._value(tree[2]))
        if (name := name_of(tree)) is not None:
            return self.column(name).numbers(raw=False)
        raise BadFormula("A formula may hold questions, numbers, texts and functions, but no paths or lists of nodes.")

    def _call(self, name: str, arguments: Sequence[Tree]) -> Any:
        if name not in FUNCTIONS:
            raise BadFormula(f"There is no function {name}() in formulas; there are {', '.join(FUNCTIONS)}.", name=name)
        if name in OF_COLUMN:
            column, raw = self._question(name, arguments[0])
            texts = [str(argument[1]) for argument in arguments[1:]]
            return OF_COLUMN[name](column, raw, *texts)
        values = [self._value(argument) for argument in arguments]
        with np.errstate(all="ignore"):
            return OF_VALUES[name](*values)

    def _question(self, function: str, tree: Tree) -> tuple[Column, bool]:
        """The column that an argument names, and whether its missing codes are to be kept."""
        raw = tree[0] == "call" and tree[1] == "raw"
        name = name_of(tree[2] if raw else tree)
        if name is None:
            raise BadFormula(f"{function}() takes a question, written ${{name}}, as its first argument.", name=function)
        return self.column(name), raw or function == "raw"

    def _text_comparison(self, operator: str, left: Tree, right: Tree) -> Any:
        if left[0] == right[0] == "str":
            return float((left[1] == right[1]) == (operator == "="))
        text, other = (left[1], right) if left[0] == "str" else (right[1], left)
        column, raw = self._question(operator, other)
        equal = column.equal_to(text, raw)
        return equal if operator == "=" else 1 - equal


def _truth(value: Any) -> Any:
    return np.where(np.isnan(value), NAN, value != 0)


def _and(left: Any, right: Any) -> Any:
    left, right = _truth(left), _truth(right)
    return np.where((left == 0) | (right == 0), 0.0, left * right)


def _or(left: Any, right: Any) -> Any:
    left, right = _truth(left), _truth(right)
    return np.where((left == 1) | (right == 1), 1.0, left + right)


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compared(left: Any, right: Any) -> Any:
        return np.where(np.isnan(left) | np.isnan(right), NAN, compare(left, right))

    return compared


def _div(left: Any, right: Any) -> Any:
    return np.where(np.equal(right, 0), NAN, np.divide(left, np.where(np.equal(right, 0), NAN, right)))


def _if(condition: Any, then: Any, otherwise: Any) -> Any:
    truth = _truth(condition)
    return np.where(np.isnan(truth), NAN, np.where(truth == 1, then, otherwise))


def _coalesce(*values: Any) -> Any:
    found = values[-1]
    for value in reversed(values[:-1]):
        found = np.where(np.isnan(value), found, value)
    return found


def _valid(values: Sequence[Any]) -> tuple[Any, Any]:
    """How many of the values are valid in each row, and the sum of these."""
    count: Any = 0.0
    total: Any = 0.0
    for value in values:
        valid = ~np.isnan(value)
        count = count + valid
        total = total + np.where(valid, value, 0.0)
    return count, total


def _mean_valid(least: Any, *values: Any) -> Any:
    count, total = _valid(values)
    return np.where((count >= least) & (count > 0), total / np.maximum(count, 1), NAN)


def _sum_valid(least: Any, *values: Any) -> Any:
    count, total = _valid(values)
    return np.where(count >= least, total, NAN)


def _round(value: Any, digits: Any = 0.0) -> Any:
    """Halves go up, as in forms."""
    shift = 10.0 ** np.trunc(digits)
    return np.floor(value * shift + 0.5) / shift


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "or": _or,
    "and": _and,
    "=": _comparison(np.equal),
    "!=": _comparison(np.not_equal),
    "<": _comparison(np.less),
    "<=": _comparison(np.less_equal),
    ">": _comparison(np.greater),
    ">=": _comparison(np.greater_equal),
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "div": _div,
    "mod": lambda left, right: np.fmod(left, np.where(np.equal(right, 0), NAN, right)),
}

OF_COLUMN: Mapping[str, Callable[..., Any]] = {
    "raw": lambda column, raw: column.numbers(raw),
    "selected": lambda column, raw, code: column.any_selected(code, raw),
    "any-selected": lambda column, raw, codes: column.any_selected(codes, raw),
    "count-selected": lambda column, raw: column.count_selected(raw),
    "decimal-time": lambda column, raw: column.clock(),
    "decimal-date-time": lambda column, raw: column.numbers(raw),
}

OF_VALUES: Mapping[str, Callable[..., Any]] = {
    "true": lambda: 1.0,
    "false": lambda: 0.0,
    "not": lambda value: 1 - _truth(value),
    "if": _if,
    "coalesce": _coalesce,
    "mean-valid": _mean_valid,
    "sum-valid": _sum_valid,
    "count-valid": lambda *values: _valid(values)[0],
    "min": lambda *values: _fold(values, np.fmin),
    "max": lambda *values: _fold(values, np.fmax),
    "abs": np.abs,
    "int": np.trunc,
    "round": _round,
    "number": lambda value: value,
}


def _fold(values: Sequence[Any], pick: Callable[[Any, Any], Any]) -> Any:
    found = values[0]
    for value in values[1:]:
        found = pick(found, value)
    return found
