"""How invented people spread over a choice list: shares by code, drawn through one latent position per person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()


@dataclass(frozen=True)
class Scale:
    """Shares by choice code, in order from the person who sees things best to the one who sees them worst."""

    shares: Mapping[str, float]

    def code_at(self, position: float) -> str:
        """The choice of the person at `position` (0 to 1) of the population."""
        total = sum(self.shares.values())
        passed = 0.0
        for code, share in self.shares.items():
            passed += share / total
            if position < passed:
                return code
        return code

    def shifted(self, codes: tuple[str, ...], points: float) -> Scale:
        """The scale with `points` of a hundred moved into `codes` from the others, each side in proportion."""
        total = sum(self.shares.values())
        inside = sum(self.shares[code] for code in codes) / total
        wanted = min(max(inside + points / 100, 0.01), 0.99)
        up, down = wanted / inside, (1 - wanted) / (1 - inside)
        return Scale({code: share / total * (up if code in codes else down) for code, share in self.shares.items()})


def correlated(mood: float, own: float, weight: float) -> float:
    """A position from 0 to 1, uniform over people, that follows a person's mood by `weight` (0 to 1).

    `mood` and `own` are positions from 0 to 1 themselves.
    """
    score = weight * NORMAL.inv_cdf(mood) + (1 - weight**2) ** 0.5 * NORMAL.inv_cdf(own)
    return NORMAL.cdf(score)
