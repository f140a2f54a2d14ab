"""Sample: the submissions of a wave that count, with their design, ready to be estimated from."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.design import Bools, Design, Floats
from survey_server.estimation.formula import Formulas
from survey_server.reports.wave_data import WaveData
from survey_server.xlsform.registry import Indicator

Codes: TypeAlias = NDArray[np.object_]
AGREED = frozenset({"1", "1.0", "yes", "si", "sí", "oui", "true"})
MISSING_CODES = ("66", "77", "88", "99", "-88", "-99")
MISSING_NUMBERS = frozenset({-88.0, -99.0})


class Sample:
    """The respondents (or observed encounters) of one wave of one form.

    Left out, and counted: submissions without consent, second observers of a pair, rows whose site has no place in
    the design. `everyone` keeps them all, for the field and quality pages.
    """

    def __init__(self, data: WaveData) -> None:
        self.data = data
        self.everyone = data.frame.reset_index(drop=True)
        agreed, first, placed = self._agreed(), self._first_of_pair(), self._placed()
        self.refused = int((~agreed).sum())
        self.second_observers = int((agreed & ~first).sum())
        self.unplaced = int((agreed & first & ~placed).sum())
        self.frame = self.everyone[agreed & first & placed].reset_index(drop=True)
        self.consenting = self.everyone[agreed].reset_index(drop=True)
        self.n = len(self.frame)

    @cached_property
    def design(self) -> Design:
        """Stratum, PSU and weight of every row that counts; without roles each row stands for itself."""
        psu = self._role_values("psu")
        if psu is None:  # everyone is a PSU of their own, under a name that no other wave has
            psu = (f"{self.data.wave.ordinal}:" + self.frame["_id"].astype(str)).to_numpy(dtype=object)
        return Design(self._role_values("stratum"), psu, self._weights(self.frame))

    def reweighted(self, factors: Floats) -> Sample:
        """The same rows with their weights multiplied by `factors` (above 0), for standardised comparisons."""
        twin = copy(self)
        twin.__dict__["design"] = self.design.reweighted(self.design.weight * factors, None)
        return twin

    def role(self, role: str) -> str | None:
        """The frame's column of a role of the design sheet; None when the form has no such role or no such column."""
        return next(iter(self.roles(role)), None)

    def roles(self, role: str) -> list[str]:
        """All columns of a role (several weights multiply)."""
        return [name for name in self.data.registry.roles(role) if name in self.everyone.columns]

    def codes(self, name: str) -> Codes:
        """The answers in a column as text codes, None where there is no answer; read only, since they are kept."""
        if name not in self._codes:
            self._codes[name] = codes_of(self.frame, name)
        return self._codes[name]

    @cached_property
    def _codes(self) -> dict[str, Codes]:
        return {}

    def values(self, indicator: Indicator, based: bool = True) -> Floats:
        """The indicator for every row, NaN where it isn't valid; `based` leaves out rows outside its base."""
        key = f"{indicator.code}:{based}"
        if key not in self._values:
            self._values[key] = self._evaluate(indicator, based)
        return self._values[key]

    @cached_property
    def _values(self) -> dict[str, Floats]:
        return {}

    def denominator(self, indicator: Indicator) -> Floats | None:
        """What a ratio divides by, for every row; None for any other indicator."""
        if indicator.denominator is None:
            return None
        return self._based(indicator, self._formulas.evaluate(indicator.denominator))

    @cached_property
    def _formulas(self) -> Formulas:
        return Formulas(self.frame, self.data.registry.types)

    def _evaluate(self, indicator: Indicator, based: bool) -> Floats:
        if indicator.formula is None:
            return np.full(self.n, np.nan)
        values = self._formulas.evaluate(indicator.formula)
        return self._based(indicator, values) if based else values

    def _based(self, indicator: Indicator, values: Floats) -> Floats:
        if indicator.base is None:
            return values
        return np.where(self._formulas.evaluate(indicator.base) == 1, values, np.nan)

    def _agreed(self) -> Bools:
        column = self.role("consent")
        if column is None:
            return np.ones(len(self.everyone), dtype=bool)
        given = self.everyone[column].map(lambda value: str(value).strip().lower() in AGREED)
        return given.to_numpy(dtype=bool)

    def _first_of_pair(self) -> Bools:
        """True but for the second observer of an encounter: the one whose code comes later."""
        column = self.role("pair")
        if column is None or self.everyone.empty:
            return np.ones(len(self.everyone), dtype=bool)
        pair = self.everyone[column]
        order = self.everyone.sort_values([self.role("observer") or "_interviewer", "_id"], kind="stable").index
        later = pair.loc[order].duplicated() & pair.loc[order].notna()
        return ~later.reindex(self.everyone.index).to_numpy(dtype=bool)

    def _placed(self) -> Bools:
        placed = np.ones(len(self.everyone), dtype=bool)
        for role in ("stratum", "psu"):
            if column := self.role(role):
                placed &= self.everyone[column].notna().to_numpy() & (self.everyone[column] != "").to_numpy()
        weights = self._weights(self.everyone)
        return placed if weights is None else placed & (weights > 0)

    def _weights(self, frame: pd.DataFrame) -> Floats | None:
        columns = self.roles("weight")
        if not columns:
            return None
        weights: Floats = np.prod(
            [pd.to_numeric(frame[column], errors="coerce").to_numpy(float) for column in columns], axis=0
        )
        return weights

    def _role_values(self, role: str) -> NDArray[np.object_] | None:
        column = self.role(role)
        return None if column is None else self.frame[column].astype(str).to_numpy(dtype=object)


def codes_of(frame: pd.DataFrame, name: str) -> Codes:
    """A column as text codes: 1.0 and 1 and "1" are "1"; blanks are None."""
    if name not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    places, distinct = pd.factorize(frame[name])
    codes = np.array([*map(_code, distinct), None], dtype=object)
    return codes[places]


def selections_of(frame: pd.DataFrame, name: str) -> list[frozenset[str]]:
    """The codes chosen in a select_multiple column, as sets; blank is the empty set."""
    return [_selection(value) for value in frame[name]] if name in frame.columns else [frozenset()] * len(frame)


def _selection(value: object) -> frozenset[str]:
    if isinstance(value, list | tuple):
        return frozenset(str(part) for part in value)
    code = _code(value)
    return frozenset(code.split()) if code else frozenset()


def _code(value: object) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
