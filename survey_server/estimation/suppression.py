"""Small cells: which numbers are shown in brackets, which not at all, and which others must go with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

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
