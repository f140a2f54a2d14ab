"""Answers: one column of a frame, asked for numbers, texts or chosen codes; worked out once per distinct answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.xlsform.expressions.values import DAY_MS, parse_clock, parse_number
from survey_server.xlsform.registry import CODED, NUMERIC

Floats: TypeAlias = NDArray[np.float64]

MISSING_CODES = frozenset(("66", "77", "88", "99", "-88", "-99"))
MISSING_NUMBERS = (-88.0, -99.0)
NAN = float("nan")


class Column:
    """The answers to one question: what is asked of them is computed once per distinct answer."""

    def __init__(self, answers: pd.Series, kind: str) -> None:
        self.answers = answers
        self.plain = bool(pd.api.types.is_numeric_dtype(answers.dtype))
        self.coded = kind in CODED or (not kind and not self.plain)
        self.numeric = self.plain and not self.coded and (not kind or kind in NUMERIC)
        self._tables: dict[bool, Floats] = {}

    @cached_property
    def _distinct(self) -> tuple[NDArray[np.integer[Any]], list[str]]:
        """For every row the place of its answer in a list of the distinct answers; blank is the last place, "" ."""
        if isinstance(self.answers.dtype, pd.CategoricalDtype):
            return self.answers.cat.codes.to_numpy(), [*map(_text, self.answers.cat.categories), ""]
        try:
            places, distinct = pd.factorize(self.answers)
        except TypeError:  # lists of codes
            places, distinct = pd.factorize(self.answers.map(_joined))
        return places, [*map(_text, distinct), ""]  # -1, for what is missing, is the place of the last: ""

    def per_answer(self, ask: Callable[[str], float]) -> Floats:
        """What `ask` says of every row's answer as text; NaN for blanks."""
        return np.take(self._table(ask), self._distinct[0])

    def _table(self, ask: Callable[[str], float]) -> Floats:
        return np.array([ask(text) if text else NAN for text in self._distinct[1]], dtype=float)

    def numbers(self, raw: bool) -> Floats:
        """Every row's answer as a number (a date as its days); what is kept is a number for each distinct answer."""
        if self.numeric:
            values = self.answers.to_numpy(dtype=float, na_value=NAN)
            return values if raw else np.where(np.isin(values, MISSING_NUMBERS), NAN, values)
        if raw not in self._tables:
            missing = (lambda text: False) if raw else self._missing
            self._tables[raw] = self._table(lambda text: NAN if missing(text) else parse_number(text, UTC))
        return np.take(self._tables[raw], self._distinct[0])

    def equal_to(self, wanted: str, raw: bool) -> Floats:
        """1 where the answer is this very text, 0 where it is another one."""
        return self.per_answer(lambda text: NAN if not raw and self._missing(text) else float(text == wanted))

    def any_selected(self, wanted: str, raw: bool) -> Floats:
        """1 where at least one of the codes was chosen."""
        codes = set(wanted.split())
        return self.per_answer(lambda text: self._of_codes(text, raw, lambda chosen: float(bool(codes & chosen))))

    def count_selected(self, raw: bool) -> Floats:
        """How many codes were chosen."""
        return self.per_answer(lambda text: self._of_codes(text, raw, lambda chosen: float(len(chosen))))

    def clock(self) -> Floats:
        """The time of day, as a share of the day, as the clock on the spot showed it."""
        return self.per_answer(_share_of_day)

    def _missing(self, text: str) -> bool:
        return text in MISSING_CODES if self.coded else text in ("-88", "-99")

    def _of_codes(self, text: str, raw: bool, ask: Callable[[set[str]], float]) -> float:
        chosen = {code for code in text.split() if raw or not self._missing(code)}
        return ask(chosen) if chosen else NAN


def _joined(answer: object) -> object:
    return " ".join(map(str, answer)) if isinstance(answer, list | tuple) else answer


def _text(answer: object) -> str:
    """An answer as it is stored in an instance: 1 for 1.0."""
    if isinstance(answer, bool | np.bool_):
        return "1" if answer else "0"
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    return str(answer).strip()


def _share_of_day(text: str) -> float:
    clock = parse_clock(text.rsplit("T", 1)[-1])
    return NAN if clock is None else clock[0] / DAY_MS
