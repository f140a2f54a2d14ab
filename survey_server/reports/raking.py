"""Weights fitted to what is known of the population, in reports: raked, trimmed, and told when that can't be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survey_server.estimation.answers import MISSING_CODES
from survey_server.estimation.design import Design
from survey_server.estimation.weights import RakingReport, rake
from survey_server.problems import MarginMismatch

TRIM = 5.0
"""No weight is more than so many times the median."""
UNKNOWN = "–"


@dataclass(frozen=True, eq=False)
class Fitted:
    """A design, how its weights were fitted, and why they couldn't be; neither where no margins are known."""

    design: Design
    report: RakingReport | None = None
    problem: str = ""


def fit_margins(
    design: Design, columns: Mapping[str, NDArray[np.object_]], margins: Mapping[str, Mapping[str, float]]
) -> Fitted:
    """The design raked to the margins: shares or numbers of people by column and code.

    Cases without an answer keep the share of the sample's weight that they have, since nobody knows them in the
    population. Where the margins don't match the answers the weights stay as they were drawn.
    """
    if not margins:
        return Fitted(design)
    codes, wanted = {}, {}
    for name, column in columns.items():
        blank = np.array([code is None for code in column], dtype=bool)
        if blank.all():
            return Fitted(design, problem=f"margin '{name}': nobody has an answer to it, or there is no such column")
        codes[name] = np.where(blank, UNKNOWN, column).astype(str)
        total, silent = sum(margins[name].values()), float(design.weight[blank].sum() / design.weight.sum())
        shares = {code: value / total * (1 - silent) for code, value in margins[name].items()} if total > 0 else {}
        wanted[name] = shares | ({UNKNOWN: silent} if blank.any() else {})
    try:
        raked = rake(design, codes, wanted, trim=TRIM)
    except MarginMismatch as problem:
        return Fitted(design, problem=problem.detail)
    return Fitted(raked.design, raked.report)


def crossed(columns: Sequence[NDArray[np.object_]]) -> NDArray[np.object_]:
    """The codes of one column, or of several joined by *; None where one of them has no answer."""
    known = np.all([~np.isin(codes.astype(str), [*MISSING_CODES, "None"]) for codes in columns], axis=0)
    whole = np.full(len(known), None, dtype=object)
    whole[known] = ["*".join(row) for row in zip(*(codes[known] for codes in columns), strict=True)]
    return whole
