"""Sample: the submissions of a wave that count, with their design, ready to be estimated from."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import Scored, packed
from survey_server.estimation.design import Bools, Design, Floats
from survey_server.estimation.formula import Formulas
from survey_server.reports.coded import Coded, Codes, minutes_of
from survey_server.reports.raking import Fitted, crossed, fit_margins
from survey_server.reports.strata import one_stratum_each
from survey_server.reports.wave_data import WaveData
from survey_server.xlsform.registry import Indicator

AGREED = frozenset({"1", "1.0", "yes", "si", "sí", "oui", "true"})
MISSING_CODES = ("66", "77", "88", "99", "-88", "-99")
REJECTED = "rejected"
MISSING_NUMBERS = frozenset({-88.0, -99.0})


class Sample:
    """The respondents (or observed encounters) of one wave of one form.

    Left out, and counted: submissions that the office rejected, those without consent, second observers of a pair,
    rows whose site has no place in the design, returns that were sent again. `everyone` keeps them all, for the field
    and quality pages.
    """

    def __init__(self, data: WaveData) -> None:
        self.data = data
        self.everyone = data.frame.reset_index(drop=True)
        agreed, first, placed = self._agreed(), self._first_of_pair(), self._placed()
        last, kept = self._last_revision(), self._kept()
        self.rejected = int((~kept).sum())
        self.refused = int((~agreed).sum())
        self.second_observers = int((agreed & ~first).sum())
        self.unplaced = int((agreed & first & ~placed).sum())
        self.superseded = int((~last).sum())
        self.frame = _rows(self.everyone, agreed & first & placed & last & kept)
        self.consenting = self.frame if int(agreed.sum()) == len(self.frame) else _rows(self.everyone, agreed)
        self.n = len(self.frame)

    @cached_property
    def design(self) -> Design:
        """Stratum, PSU and weight of every row that counts; the weights fitted to the population where it is known."""
        return self.fitted.design

    @cached_property
    def fitted(self) -> Fitted:
        """The design with its weights fitted to the margins of the plan, and how that went."""
        columns = {name: crossed([self.codes(one) for one in name.split("*")]) for name in self.data.margins}
        return fit_margins(self._drawn, columns, self.data.margins)

    @cached_property
    def _drawn(self) -> Design:
        """The design as it was drawn; without roles each row stands for itself."""
        psu = self._role_values("psu")
        if psu is None:  # everyone is a PSU of their own, under a name that no other wave has
            psu = (f"{self.data.wave.ordinal}:" + self.frame["_id"].astype(str)).to_numpy(dtype=object)
        return Design(self._strata[0], psu, self._weights(self.frame))

    @property
    def torn_psus(self) -> Mapping[str, tuple[str, ...]]:
        """PSUs whose rows name several strata, with the strata: they are counted in the first."""
        return self._strata[1]

    @cached_property
    def _strata(self) -> tuple[Codes | None, Mapping[str, tuple[str, ...]]]:
        psu, stratum = self._role_values("psu"), self._role_values("stratum")
        if stratum is None or psu is None:
            return stratum, {}
        return one_stratum_each(psu, stratum)

    @cached_property
    def bad_weights(self) -> Mapping[str, str]:
        """Sites whose interviews don't count because their weight is no number above 0, with what stands there."""
        columns, site = self.roles("weight"), self.role("psu") or "_site"
        weights = self._weights(self.everyone)
        if weights is None or site not in self.everyone:
            return {}
        rows = self.everyone[~(weights > 0)]
        told = zip(rows[site].astype(object), *(rows[name].astype(object) for name in columns), strict=True)
        return {str(name): " × ".join("–" if pd.isna(one) else str(one) for one in values) for name, *values in told}

    def reweighted(self, factors: Floats) -> Sample:
        """The same rows with their weights multiplied by `factors` (above 0), for standardised comparisons."""
        twin = copy(self)
        twin.__dict__["design"] = self.design.reweighted(self.design.weight * factors, None)
        return twin

    def role(self, role: str) -> str | None:
        """The frame's column of a role of the design sheet; None when the form has no such role or no such column."""
        return next(iter(self.roles(role)), None)

    def roles(self, role: str) -> list[str]:
        """All columns of a role (several weights multiply); none that is blank in every row where it may be."""
        return [
            name
            for name in self.data.registry.roles(role)
            if name in self.everyone.columns and name not in self.blank_columns
        ]

    @cached_property
    def blank_columns(self) -> tuple[str, ...]:
        """Columns for weights and strata in which no row has anything: the report goes without them, and says so."""
        named = [name for role in ("weight", "stratum") for name in self.data.registry.roles(role)]
        everyone = self.everyone
        return tuple(name for name in named if name in everyone and len(everyone) and everyone[name].isna().all())

    def codes(self, name: str) -> Codes:
        """The answers in a column as text codes, None where there is no answer; read only, since they are kept."""
        if name not in self._codes:
            self._codes[name] = self.coded(name).texts
        return self._codes[name]

    @cached_property
    def _codes(self) -> dict[str, Codes]:
        return {}

    def coded(self, name: str) -> Coded:
        """The answers in a column as places in a list of the codes met: quick to ask of every row."""
        if name not in self._coded:
            self._coded[name] = Coded.of(self.frame, name)
        return self._coded[name]

    @cached_property
    def _coded(self) -> dict[str, Coded]:
        return {}

    def values(self, indicator: Indicator, based: bool = True) -> Floats:
        """The indicator for every row, NaN where it isn't valid; `based` leaves out rows outside its base."""
        found = self.scored(indicator, based)
        return found() if isinstance(found, Scored) else found

    def scored(self, indicator: Indicator, based: bool = True) -> Scored | Floats:
        """The same; zeros and ones, which most indicators are, as a byte for each row."""
        key = f"{indicator.code}:{based}"
        if key not in self._values:
            self._values[key] = packed(self._evaluate(indicator, based))
        return self._values[key]

    def is_yes_or_no(self, indicator: Indicator) -> bool:
        """Whether every valid value of the indicator is 0 or 1."""
        return isinstance(self.scored(indicator), Scored)

    @cached_property
    def _values(self) -> dict[str, Scored | Floats]:
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

    @cached_property
    def median_minutes(self) -> float | None:
        """The median length of an interview in minutes; None when the phones didn't time them."""
        minutes = minutes_of(self.consenting)
        known = minutes[~np.isnan(minutes)]
        return float(np.median(known)) if len(known) else None

    @cached_property
    def middle_day(self) -> date | None:
        """The day by which half of the wave was collected."""
        days = pd.to_datetime(self.everyone.get("_collected_on", pd.Series(dtype=object)), errors="coerce").dropna()
        return days.sort_values().iloc[len(days) // 2].date() if len(days) else None

    def _kept(self) -> Bools:
        """False for what the office rejected on review: duplicates, interviews that never were."""
        return ~Coded.of(self.everyone, "_review_state").where(lambda state: state == REJECTED)

    def _agreed(self) -> Bools:
        column = self.role("consent")
        if column is None:
            return np.ones(len(self.everyone), dtype=bool)
        coded = Coded.of(self.everyone, column)
        return coded.where(lambda code: code.strip().lower() in AGREED)

    def _first_of_pair(self) -> Bools:
        """True but for the second observer of an encounter: the one whose code comes later."""
        column = self.role("pair")
        if column is None or self.everyone.empty:
            return np.ones(len(self.everyone), dtype=bool)
        pair = self.everyone[column]
        order = self.everyone.sort_values([self.role("observer") or "_interviewer", "_id"], kind="stable").index
        later = pair.loc[order].duplicated() & pair.loc[order].notna()
        return ~later.reindex(self.everyone.index).to_numpy(dtype=bool)

    def _last_revision(self) -> Bools:
        """False for a return that the same site sent again for the same month under a higher number."""
        column, site, when = self.role("revision"), self.role("site"), self.role("collected")
        if column is None or site is None or when is None or self.everyone.empty:
            return np.ones(len(self.everyone), dtype=bool)
        number = pd.to_numeric(self.everyone[column], errors="coerce").fillna(0)
        order = self.everyone.assign(_number=number).sort_values(["_number", "_received_at", "_id"], kind="stable")
        earlier = order.duplicated([site, when], keep="last")
        return ~earlier.reindex(self.everyone.index).to_numpy(dtype=bool)

    def _placed(self) -> Bools:
        placed = np.ones(len(self.everyone), dtype=bool)
        for role in ("stratum", "psu"):
            if column := self.role(role):
                placed &= Coded.of(self.everyone, column).given
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
        return None if column is None else self.coded(column).texts


def _rows(frame: pd.DataFrame, wanted: Bools) -> pd.DataFrame:
    return frame if wanted.all() else frame[wanted].reset_index(drop=True)
