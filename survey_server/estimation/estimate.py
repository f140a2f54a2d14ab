"""Estimate: the one value that every printed number is; how its interval, flag and effective size are made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from survey_server.estimation.distributions import t_quantile
from survey_server.estimation.intervals import share_interval
from survey_server.estimation.suppression import Flag, flag_for

Kind: TypeAlias = Literal["mean", "share"]


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error, 95 % interval, base and flag; shares are between 0 and 1.

    `n_eff` is never more than `n`; `deff` compares with a simple random sample drawn with replacement; NaN means
    that the thing can't be known (no degrees of freedom, nobody asked).
    """

    value: float
    se: float
    low: float
    high: float
    df: float
    n: int
    n_weighted: float
    n_eff: float
    deff: float
    cv: float
    flag: Flag = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, in order."""
        return dataclasses.asdict(self)

    def flagged(self, sensitive: bool) -> Estimate:
        """The same estimate under the small-cell rule for sensitive or ordinary items."""
        flag = flag_for(self.n, sensitive)
        return self if flag == self.flag else dataclasses.replace(self, flag=flag)

    def scaled(self, factor: float) -> Estimate:
        """The same estimate in other units (0.37 to 37 %)."""
        ends = (self.low, self.high) if factor >= 0 else (self.high, self.low)
        low, high = ends[0] * factor, ends[1] * factor
        rest = (self.df, self.n, self.n_weighted, self.n_eff, self.deff, self.cv, self.flag)
        return Estimate(self.value * factor, self.se * abs(factor), low, high, *rest)


def make_estimate(
    value: float,
    variance: float,
    df: float,
    n: int,
    n_weighted: float,
    srs_variance: float,
    kind: Kind = "mean",
    kish: float = 1.0,
    level: float = 0.95,
) -> Estimate:
    """An Estimate from its variance: t interval for a mean, logit (Wilson at 0 and 1) for a share."""
    se = math.sqrt(max(variance, 0.0))
    deff = variance / srs_variance if srs_variance > 0 else math.nan
    n_eff = n / max(deff if deff > 0 else kish, 1.0)
    if kind == "share":
        low, high = share_interval(value, se, df, n_eff, level)
    else:
        reach = t_quantile(0.5 + level / 2, df) * se
        low, high = value - reach, value + reach
    cv = se / abs(value) if value else math.nan
    return Estimate(value, se, low, high, df, n, n_weighted, n_eff, deff, cv, flag_for(n))
