"""Training: who was reached, whether nationals take over as planned, what it cost for each who stayed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

RED_BELOW, RED_MONTHS = -0.10, 2


@dataclass(frozen=True)
class TaperMonth:
    """One month's share of minutes led by nationals, against the plan; red after two months 10 points short."""

    month: str
    share: float
    planned: float
    variance: float
    red: bool


@dataclass(frozen=True)
class Cost:
    """What was spent, for each participant, each who completed, and each still in duty half a year later."""

    per_participant: float
    per_completer: float
    per_retained: float
    burn_ahead: float


def people_trained(person: ArrayLike, module: ArrayLike, attended: ArrayLike, required: Sequence[str]) -> set[str]:
    """The distinct people who attended every required module: people, not attendances."""
    frame = pd.DataFrame(
        {
            "person": np.asarray(person),
            "module": np.asarray(module).astype(str),
            "here": np.asarray(attended, dtype=bool),
        }
    )
    kept = frame[frame.here & frame.module.isin(required)].drop_duplicates(["person", "module"])
    done = kept.groupby("person").module.nunique()
    return {str(name) for name in done.index[done == len(set(required))]}


def taper(
    month: Sequence[str], minutes: ArrayLike, minutes_national: ArrayLike, plan: Mapping[str, float]
) -> list[TaperMonth]:
    """Month by month, the share of minutes led by nationals less the planned share; months of the plan, in order."""
    frame = pd.DataFrame(
        {"month": list(month), "all": np.asarray(minutes, float), "own": np.asarray(minutes_national, float)}
    )
    sums = frame.dropna().groupby("month")[["all", "own"]].sum()
    told, short = [], 0
    for name in sorted(plan):
        whole = float(sums["all"].get(name, 0.0))
        share = float(sums["own"][name]) / whole if whole else math.nan
        variance = share - plan[name]
        if not math.isnan(variance):  # a month without courses neither adds to nor ends a run of short months
            short = short + 1 if variance < RED_BELOW else 0
        told.append(TaperMonth(name, share, plan[name], variance, short >= RED_MONTHS and not math.isnan(variance)))
    return told


def learning_gain(before: ArrayLike, after: ArrayLike) -> tuple[float, int]:
    """The mean gain of those who took both tests, and how many they are."""
    gains = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    known = gains[~np.isnan(gains)]
    return (float(known.mean()) if len(known) else math.nan), len(known)


def costs(
    spent: float, participants: float, completers: float, still_in_duty: float, budget: float, elapsed: float
) -> Cost:
    """Spending per head; `still_in_duty` is the share of completers, `elapsed` the share of the time gone by."""

    def per(heads: float) -> float:
        return spent / heads if heads > 0 else math.nan

    burn = spent / budget - elapsed if budget > 0 else math.nan
    return Cost(per(participants), per(completers), per(completers * still_in_duty), burn)


def months_since(course: Sequence[str], seen: Sequence[str]) -> np.ndarray:
    """Whole months from a course to an observation ("2027-01-15"); NaN without a course or before it."""
    first, second = (pd.to_datetime(pd.Series(list(days)), errors="coerce") for days in (course, seen))
    months = (second.dt.year - first.dt.year) * 12 + second.dt.month - first.dt.month - (second.dt.day < first.dt.day)
    return months.where(months >= 0).to_numpy(dtype=float)
