"""What a sample can tell before it is drawn: its margin, and the smallest change it would show. Pure arithmetic.

A plan is a guess: normal quantiles (1.96, 0.84) and the correlation of two waves are rounded to two decimals, as
planners' tables have them. Estimates of real samples (taylor.py, change.py) use t and the design itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from survey_server.problems import BadDesign

_NORMAL = NormalDist()
_MOST = 10_000_000


@dataclass(frozen=True)
class SamplePlan:
    """A design as somebody thinks of it: for each wave, and for each arm of a comparison."""

    interviews: int
    per_psu: float = 10
    icc: float = 0.06
    """How alike people of one sampling point are."""
    weight_factor: float = 1.15
    """What unequal weights cost: 1 + the squared coefficient of variation of the weights."""
    overlap: float = 0.6
    """How a sampling point's result goes along from wave to wave, when waves share their points."""
    share: float = 0.5
    sd: float | None = None
    """The standard deviation of a scale; without one the item is a share."""
    confidence: float = 0.95
    power: float = 0.8

    def __post_init__(self) -> None:
        faults = {
            "interviews": 1 <= self.interviews <= _MOST,
            "per_psu": 1 <= self.per_psu <= self.interviews,
            "icc": 0 <= self.icc <= 1,
            "weight_factor": 1 <= self.weight_factor <= 20,
            "overlap": 0 <= self.overlap <= 1,
            "share": 0 < self.share < 1,
            "sd": self.sd is None or 0 < self.sd < math.inf,
            "confidence": 0.5 <= self.confidence < 1,
            "power": 0.5 <= self.power < 1,
        }
        if wrong := [name for name, fits in faults.items() if not fits]:
            raise BadDesign(
                f"A plan can't have this {wrong[0]}: {getattr(self, wrong[0])}.", field=wrong[0], why="plan"
            )

    @property
    def psus(self) -> int:
        """How many sampling points are visited."""
        return math.ceil(self.interviews / self.per_psu)

    @property
    def design_effect(self) -> float:
        """How many times larger the variance is than that of as many people drawn one by one."""
        return (1 + (self.per_psu - 1) * self.icc) * self.weight_factor

    @property
    def effective(self) -> float:
        """As many people drawn one by one would tell as much."""
        return self.interviews / self.design_effect

    @property
    def error(self) -> float:
        """The standard error of one wave, in the unit of the item (a share: 0 to 1)."""
        variance = self.share * (1 - self.share) if self.sd is None else self.sd**2
        return math.sqrt(variance / self.effective)

    @property
    def margin(self) -> float:
        """Half the width of the interval around one wave's result."""
        return self._z * self.error

    def change(self, *, same_psus: bool) -> float:
        """The smallest change between two waves that is seen with the power of the plan."""
        return self._detects * self.error * math.sqrt(2 * (self._kept if same_psus else 1))

    def difference_in_differences(self, *, same_psus: bool) -> float:
        """The smallest difference between the changes of two arms, each of this size, that is seen."""
        return math.sqrt(2) * self.change(same_psus=same_psus)

    @property
    def _z(self) -> float:
        return round(_NORMAL.inv_cdf((1 + self.confidence) / 2), 2)

    @property
    def _detects(self) -> float:
        return self._z + round(_NORMAL.inv_cdf(self.power), 2)

    @property
    def _kept(self) -> float:
        """What stays of a change's variance when the points stay: the points' own part goes along between waves."""
        between = self.per_psu * self.icc / (1 + (self.per_psu - 1) * self.icc)
        return 1 - round(self.overlap * between, 2)


def interviews_needed(plan: SamplePlan, change: float, *, same_psus: bool, arms: bool = False) -> int:
    """The fewest interviews a wave (and arm) with which a change this small would be seen; raises BadDesign."""
    if not 0 < change < math.inf:
        raise BadDesign("Name a change above 0.", field="change", why="plan")
    seen = plan.difference_in_differences(same_psus=same_psus) if arms else plan.change(same_psus=same_psus)
    needed = math.ceil(plan.interviews * (seen / change) ** 2 - 1e-9)
    return max(replace(plan, interviews=max(needed, math.ceil(plan.per_psu))).interviews, 1)
