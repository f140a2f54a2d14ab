"""Wild bootstrap: tests of a change or a difference in differences that rests on few PSUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.arrays import Floats
from survey_server.estimation.change import contrast, joint_covariance, shared_psus
from survey_server.estimation.taylor import Linear
from survey_server.problems import BadEstimate

_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True)
class WildBootstrap:
    """A contrast with an interval and p from how its t spreads when every PSU's part gets a random sign and size."""

    value: float
    se: float
    low: float
    high: float
    p_value: float
    psus: int


def wild_bootstrap(
    before: Linear, after: Linear, weights: Sequence[float], draws: int = 9999, seed: int = 1, level: float = 0.95
) -> WildBootstrap:
    """The contrast of the estimates of two waves (the first wave's first); meant for under 40 PSUs.

    A PSU that both waves visited gets one weight for both. The weights are Webb's six points.
    """
    z, stratum = _parts(before, after, np.asarray(weights, dtype=float))
    values = np.concatenate([before.values, after.values])
    value, se = contrast(values, joint_covariance(before, after), weights)
    if se <= 0:
        raise BadEstimate("there is no error to draw again: nothing varies between PSUs")
    random = np.random.default_rng(seed)
    ts = np.concatenate([_statistics(z, stratum, random, share) for share in _portions(draws)])
    reach = float(np.quantile(np.abs(ts), level)) * se
    p = (1 + int((np.abs(ts) >= abs(value) / se).sum())) / (len(ts) + 1)
    return WildBootstrap(value, se, value - reach, value + reach, p, len(z))


def _parts(before: Linear, after: Linear, weights: Floats) -> tuple[Floats, Floats]:
    """What every PSU of both waves adds to the contrast, less its stratum's mean, and its stratum."""
    k = len(before.values)
    first, second = before.totals @ weights[:k], after.totals @ weights[k:]
    shared = shared_psus(before.design, after.design)
    alone = np.setdiff1d(np.arange(after.design.n_psu), shared.after)
    first[shared.before] += second[shared.after]
    z = np.concatenate([first, second[alone]])
    names = [str(label) for label in before.design.stratum_labels]
    place = {name: i for i, name in enumerate(names)}
    later = np.array([place.setdefault(str(label), len(place)) for label in after.design.stratum_labels], dtype=np.intp)
    stratum = np.concatenate([before.design.psu_stratum, later[after.design.psu_stratum[alone]]])
    return z - _means(z[None, :], stratum)[0], stratum


def _statistics(z: Floats, stratum: Floats, random: np.random.Generator, draws: int) -> Floats:
    """The contrast's t in as many redraws."""
    drawn = z * _WEBB[random.integers(0, 6, (draws, len(z)))]
    n = np.bincount(stratum)[stratum]
    spread = (drawn - _means(drawn, stratum)) ** 2 * (n / np.maximum(n - 1, 1))
    error = np.sqrt(spread.sum(axis=1))
    ts: Floats = np.divide(drawn.sum(axis=1), error, out=np.zeros(draws), where=error > 0)
    return ts


def _means(rows: Floats, stratum: Floats) -> Floats:
    """Each column's stratum mean, row by row."""
    member = (stratum[:, None] == np.arange(int(stratum.max()) + 1)).astype(float)
    means: Floats = (rows @ member / np.maximum(member.sum(axis=0), 1))[:, stratum]
    return means


def _portions(draws: int, most: int = 2000) -> list[int]:
    return [min(most, draws - done) for done in range(0, draws, most)]
