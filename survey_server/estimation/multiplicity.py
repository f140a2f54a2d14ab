"""Many tests at once: Holm for the headline family, Benjamini-Hochberg for the rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats


def holm(p: ArrayLike) -> Floats:
    """Adjusted p values that keep the chance of any false finding; NaN stay NaN and don't count."""
    return _stepwise(p, step_up=False, factor=lambda rank, m: m - rank)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p values that keep the expected share of false findings; NaN stay NaN and don't count."""
    return _stepwise(p, step_up=True, factor=lambda rank, m: m / (rank + 1))


def hochberg(p: ArrayLike) -> Floats:
    """Holm's factors taken from the largest p down; valid where the tests are independent."""
    return _stepwise(p, step_up=True, factor=lambda rank, m: m - rank)


def benjamini_yekutieli(p: ArrayLike) -> Floats:
    """Benjamini-Hochberg for tests that depend on each other in any way."""
    values = np.asarray(p, dtype=float)
    m = int((~np.isnan(values)).sum())
    harmonic = float(np.sum(1 / np.arange(1, m + 1)))
    return _stepwise(p, step_up=True, factor=lambda rank, m: harmonic * m / (rank + 1))


def bonferroni(p: ArrayLike) -> Floats:
    """p times the number of tests."""
    values = np.asarray(p, dtype=float)
    adjusted: Floats = np.minimum(values * (~np.isnan(values)).sum(), 1.0)
    return adjusted


def _stepwise(p: ArrayLike, step_up: bool, factor: Callable[[Floats, int], Floats]) -> Floats:
    """Each sorted p times its factor, made monotone from the small end (step down) or the large end (step up)."""
    values = np.asarray(p, dtype=float)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    raised = values[order] * factor(np.arange(len(order), dtype=float), len(order))
    level = np.minimum.accumulate(raised[::-1])[::-1] if step_up else np.maximum.accumulate(raised)
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(level, 1.0)
    return adjusted
