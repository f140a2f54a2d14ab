"""Small cells: which numbers are shown in brackets, which not at all, and which others must go with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from survey_server.estimation.arrays import Bools, Floats
from survey_server.estimation.intervals import korn_graubard_interval

Flag: TypeAlias = Literal["", "bracketed", "suppressed"]

SUPPRESSED_BELOW = 25
BRACKETED_BELOW = 50
SENSITIVE_BELOW = 50
MIN_ENCOUNTERS, MIN_OFFICERS = 10, 3


def flag_for(n: float, sensitive: bool = False) -> Flag:
    """Under 25 unweighted cases is suppressed, 25 to 49 bracketed; sensitive items need 50 to be shown at all."""
    if n < (SENSITIVE_BELOW if sensitive else SUPPRESSED_BELOW):
        return "suppressed"
    return "bracketed" if n < BRACKETED_BELOW else ""


def flag_for_post(encounters: float, officers: float) -> Flag:
    """A post-level observation table needs 10 encounters with 3 officers."""
    return "" if encounters >= MIN_ENCOUNTERS and officers >= MIN_OFFICERS else "suppressed"


def complementary(flags: Sequence[Flag], sizes: Sequence[float], total_shown: bool = True) -> list[Flag]:
    """The flags of one breakdown with a second cell suppressed where a single one could be subtracted from the total.

    The smallest shown cell goes along, so that the least is lost.
    """
    done = list(flags)
    hidden = [i for i, flag in enumerate(done) if flag == "suppressed" and sizes[i] > 0]
    shown = [i for i, flag in enumerate(done) if flag != "suppressed" and sizes[i] > 0]
    if total_shown and shown and hidden and (len(hidden) == 1 or sum(sizes[i] for i in hidden) < SUPPRESSED_BELOW):
        done[min(shown, key=lambda i: (sizes[i], i))] = "suppressed"
    return done


def complementary_table(hidden: Bools, sizes: Floats) -> Bools:
    """A two-way table whose row and column totals are shown: no line keeps exactly one hidden cell, if it can be had.

    Repeats until nothing changes: every line with a single hidden cell hides another, its smallest among those whose
    crossing line has a hidden cell already, else its smallest.
    """
    done = hidden.copy()
    while True:
        before = int(done.sum())
        for cells, counts in ((done, sizes), (done.T, sizes.T)):
            for line, count in zip(cells, counts, strict=True):
                others = np.flatnonzero(~line & (count > 0))
                if line[count > 0].sum() == 1 and len(others):
                    uncrossed = cells.sum(axis=0)[others] == 0
                    line[others[np.lexsort((count[others], uncrossed))[0]]] = True
        if int(done.sum()) == before:
            return _unsolvable(hidden, done, sizes)


def _unsolvable(primary: Bools, hidden: Bools, sizes: Floats) -> Bools:
    """The table with more cells hidden until no primary one follows from the totals of both ways by linear algebra.

    Each that does is set in a square of four hidden cells, the cheapest that leaves another count possible.
    """
    done = hidden.copy()
    for row, column in np.argwhere(primary & (sizes > 0)):
        if min(done.shape) > 1 and _is_solved(done, row, column):
            other_row, other_column = _square(done, sizes, row, column)
            done[[row, other_row, other_row], [other_column, column, other_column]] = True
    return done


def _is_solved(hidden: Bools, row: int, column: int) -> bool:
    """Whether the totals of rows and columns leave one value only for a hidden cell."""
    cells = np.argwhere(hidden)
    totals = np.vstack([(cells[:, way] == line) for way in (0, 1) for line in np.unique(cells[:, way])]).astype(float)
    place = int(np.flatnonzero((cells == (row, column)).all(axis=1))[0])
    fixed: Floats = np.linalg.pinv(totals) @ totals
    return bool(fixed[place, place] > 1 - 1e-6)


def _square(hidden: Bools, sizes: Floats, row: int, column: int) -> tuple[int, int]:
    """The other corner of the square that hides least: first those that let the counts move without falling under 0."""
    rows, columns = (np.delete(np.arange(n), at) for n, at in zip(sizes.shape, (row, column), strict=True))
    cost = np.where(hidden, 0.0, sizes + 1.0)
    total = cost[np.ix_(rows, columns)] + cost[row, columns][None, :] + cost[rows, column][:, None]
    moves = sizes[np.ix_(rows, columns)] > 0
    moves |= (sizes[row, columns][None, :] > 0) & (sizes[rows, column][:, None] > 0)
    best = np.unravel_index(np.argmin(np.where(moves, total, total + total.max() + 1.0)), total.shape)
    return int(rows[best[0]]), int(columns[best[1]])


def nested_editions(editions: Mapping[str, Sequence[Flag]]) -> dict[str, list[Flag]]:
    """Flags by edition, fullest first, such that a more public edition never shows what a fuller one hides.

    So whoever holds several editions learns nothing that the fullest of them doesn't say.
    """
    done: dict[str, list[Flag]] = {}
    fuller: list[Flag] | None = None
    for name, flags in editions.items():
        now = list(flags)
        if fuller is not None:
            now = ["suppressed" if above == "suppressed" else own for above, own in zip(fuller, now, strict=True)]
        done[name] = fuller = now
    return done


class Presentation(NamedTuple):
    """What the NCHS 2017 rule says about a proportion, and the figures that it looked at."""

    decision: str
    n_eff: float
    low: float
    high: float
    width: float
    relative_width_pct: float | None


def nchs_presentation(p: float, n: int, deff: float, df: float) -> Presentation:
    """The optional stricter rule of the US National Center for Health Statistics (Series 2, no. 175)."""
    se = math.sqrt(deff * p * (1 - p) / n)
    low, high, n_eff = korn_graubard_interval(p, se, n, df, cap=True)
    width = high - low
    relative = 100 * width / p if p > 0 else None
    if n < 30 or n_eff < 30:
        decision = "suppress: n or effective n < 30"
    elif width >= 0.30:
        decision = "suppress: interval wider than .30"
    elif width > 0.05 and (relative is None or relative > 130):
        decision = "suppress: relative width > 130%"
    elif df < 8:
        decision = "show, flag for review: df < 8"
    elif p in (0, 1):
        decision = "show, flag for review: 0 or 1"
    else:
        decision = "show"
    return Presentation(decision, n_eff, low, high, width, relative)
