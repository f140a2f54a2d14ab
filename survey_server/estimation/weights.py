"""Weights: base, non-response, post-stratification and raking, each with what standard errors have to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Codes, Floats
from survey_server.estimation.calibration import Calibration
from survey_server.estimation.design import Design
from survey_server.problems import BadEstimate, MarginMismatch

_ROUNDS, _TRIMS = 500, 50


@dataclass(frozen=True)
class RakingReport:
    """How the fit went, for the methods annex: nothing here is a reason to trust weights that did not converge."""

    converged: bool
    rounds: int
    largest_gap: float
    lightest: float
    heaviest: float
    smallest_factor: float
    largest_factor: float
    trimmed: int
    kish_before: float
    kish_after: float
    n_eff: float


@dataclass(frozen=True, eq=False)
class Raked:
    """A design under the new weights, and the report."""

    design: Design
    report: RakingReport


def base_weights(psu_chance: ArrayLike, dwelling_chance: ArrayLike, adults: ArrayLike) -> Floats:
    """One over the chance of the person: PSU, dwelling in it, one of the adults in the dwelling."""
    weights: Floats = np.asarray(adults, dtype=float) / (
        np.asarray(psu_chance, dtype=float) * np.asarray(dwelling_chance, dtype=float)
    )
    return weights


def nonresponse_weights(weight: ArrayLike, responded: ArrayLike, cell: ArrayLike) -> Floats:
    """Respondents' weights raised so that each cell weighs what all its eligible cases weighed; NaN for the others."""
    weights, here = np.asarray(weight, dtype=float), np.asarray(responded, dtype=bool)
    codes, labels = pd.factorize(np.asarray(cell), sort=True)
    whole = np.bincount(codes, weights=weights)
    heard = np.bincount(codes, weights=np.where(here, weights, 0.0))
    if (heard == 0).any():
        raise MarginMismatch(f"nobody answered in {_told([labels[i] for i in np.flatnonzero(heard == 0)])}: merge it")
    raised: Floats = np.where(here, weights * (whole / heard)[codes], np.nan)
    return raised


def kish_deff(weight: ArrayLike) -> float:
    """The design effect of unequal weights: n times the sum of squares over the square of the sum."""
    weights = np.asarray(weight, dtype=float)
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)


def post_stratify(design: Design, cells: ArrayLike, totals: Mapping[Any, float]) -> Raked:
    """Weights that add up to the population in every cell."""
    return rake(design, {"cells": cells}, {"cells": totals})


def rake(
    design: Design,
    margins: Mapping[str, ArrayLike],
    totals: Mapping[str, Mapping[Any, float]],
    *,
    tolerance: float = 1e-12,
    rounds: int = _ROUNDS,
    trim: float | None = None,
) -> Raked:
    """Weights that add up to the population in every category of every margin, one margin after the other until all do.

    Margins given as shares (adding up to 1) are taken of the sample's own weight. `trim` keeps every weight at most
    that many times the raked median, and none lighter than the lightest was, and rakes again; where both can't be had
    the margins are missed by the gap that the report tells.
    """
    codes, wanted = _margins(design, margins, totals)
    weight, trimmed = design.weight, 0
    weight, done, turns, gap = _fit(weight, codes, wanted, tolerance, rounds)
    lightest, cap = float(weight.min()), np.inf if trim is None else trim * float(np.median(weight))
    for _ in range(_TRIMS):
        heavy = weight > cap * (1 + 1e-9)
        if not heavy.any():
            break
        trimmed = max(trimmed, int(heavy.sum()))
        weight, done, more, _ = _fit(np.clip(weight, lightest, cap), codes, wanted, tolerance, rounds)
        turns += more
    if (weight > cap * (1 + 1e-9)).any():
        weight, done = np.clip(weight, lightest, cap), False
    gap = _gap(weight, codes, wanted)
    factor = weight / design.weight
    report = RakingReport(
        converged=done,
        rounds=turns,
        largest_gap=float(gap),
        lightest=float(weight.min()),
        heaviest=float(weight.max()),
        smallest_factor=float(factor.min()),
        largest_factor=float(factor.max()),
        trimmed=trimmed,
        kish_before=kish_deff(design.weight),
        kish_after=kish_deff(weight),
        n_eff=len(weight) / kish_deff(weight),
    )
    return Raked(design.reweighted(weight, Calibration(tuple(codes), design.weight)), report)


def _fit(
    weight: Floats, codes: Sequence[Codes], wanted: Sequence[Floats], tolerance: float, rounds: int
) -> tuple[Floats, bool, int, float]:
    """Iterative proportional fitting: the weights, whether they settled, the rounds taken, the largest gap left."""
    gap = np.inf
    for turn in range(1, rounds + 1):
        for code, total in zip(codes, wanted, strict=True):
            weight = weight * (total / np.bincount(code, weights=weight, minlength=len(total)))[code]
        gap = _gap(weight, codes, wanted)
        if gap <= tolerance:
            return weight, True, turn, gap
    return weight, False, rounds, gap


def _gap(weight: Floats, codes: Sequence[Codes], wanted: Sequence[Floats]) -> float:
    """The largest relative miss of any margin."""
    misses = [
        np.abs(np.bincount(code, weights=weight, minlength=len(total)) / total - 1).max()
        for code, total in zip(codes, wanted, strict=True)
    ]
    return float(max(misses))


def _margins(
    design: Design, margins: Mapping[str, ArrayLike], totals: Mapping[str, Mapping[Any, float]]
) -> tuple[list[Codes], list[Floats]]:
    """Codes and wanted totals of every margin, checked against each other."""
    if not margins or set(margins) != set(totals):
        raise MarginMismatch(f"margins {_told(sorted(margins))} and totals {_told(sorted(totals))} must name the same")
    codes, wanted = [], []
    for name, column in margins.items():
        own, labels = pd.factorize(np.asarray(column), sort=True)
        if len(own) != design.n_rows:
            raise BadEstimate(f"margin '{name}' has {len(own)} rows for a design of {design.n_rows}")
        if (own < 0).any():
            raise MarginMismatch(f"{int((own < 0).sum())} cases have no value of margin '{name}'; give them one first")
        known = totals[name]
        if without := [label for label in labels if label not in known]:
            raise MarginMismatch(f"margin '{name}' has no population total for {_told(without)}")
        if nobody := [label for label, total in known.items() if total > 0 and label not in set(labels)]:
            raise MarginMismatch(f"margin '{name}': nobody in the sample is {_told(nobody)}; merge it with another")
        total = np.array([float(known[label]) for label in labels])
        if not (total > 0).all():
            raise MarginMismatch(f"margin '{name}' has a total that is not above 0, for cases that were interviewed")
        shares = abs(total.sum() - 1) < 1e-6
        codes.append(own)
        wanted.append(total * design.weight.sum() / total.sum() if shares else total)
    sums = {name: float(total.sum()) for name, total in zip(margins, wanted, strict=True)}
    if max(sums.values()) > min(sums.values()) * (1 + 1e-6):
        told = ", ".join(f"{name} {total:,.0f}" for name, total in sums.items())
        raise MarginMismatch(f"the margins add up to different populations: {told}")
    return codes, wanted


def _told(labels: Sequence[Any]) -> str:
    return ", ".join(str(label) for label in labels[:5]) + (" …" if len(labels) > 5 else "")
