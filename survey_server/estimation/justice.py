"""The justice pipeline and other monthly returns: clearance, backlog, disposition time, gaps that stay gaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from survey_server.estimation.arrays import Floats


@dataclass(frozen=True)
class Pipeline:
    """A court's or office's cases over a period; None in a month is not received and makes sums partial."""

    incoming: float
    disposed: float
    open_start: float
    open_end: float
    months: int
    months_received: int
    clearance_rate: float
    backlog_change: float
    disposition_days: float
    stock_flow_gaps: tuple[int, ...]


def read_pipeline(
    incoming: ArrayLike, disposed: ArrayLike, open_start: ArrayLike, open_end: ArrayLike, tolerance: float = 0.5
) -> Pipeline:
    """Clearance (disposed per incoming), backlog change, and disposition time (365 x open cases / a year's disposed).

    A month in which open cases at the start, plus incoming, less disposed, are not those at the end is a stock-flow
    gap and is listed, as is one that doesn't start where the last one ended.
    """
    columns = [np.asarray(column, dtype=float) for column in (incoming, disposed, open_start, open_end)]
    came, went, start, end = columns
    received = ~np.isnan(np.vstack(columns)).any(axis=0)
    gaps = [int(i) for i in np.flatnonzero(received) if abs(start[i] + came[i] - went[i] - end[i]) > tolerance]
    joined = [i for i in range(1, len(came)) if received[i] and received[i - 1]]
    follows = [i for i in joined if abs(start[i] - end[i - 1]) > tolerance]
    places = np.flatnonzero(received)
    if not len(places):
        nothing = math.nan
        return Pipeline(0, 0, nothing, nothing, len(came), 0, nothing, nothing, nothing, ())
    total_in, total_out = float(came[received].sum()), float(went[received].sum())
    first, last = float(start[places[0]]), float(end[places[-1]])
    year_out = total_out * 12 / len(places)
    return Pipeline(
        total_in,
        total_out,
        first,
        last,
        len(came),
        len(places),
        total_out / total_in if total_in else math.nan,
        last - first,
        365 * last / year_out if year_out else math.nan,
        tuple(sorted({*gaps, *follows})),
    )


def share_of(part: ArrayLike, whole: ArrayLike) -> float:
    """A share over the months in which both were received (K-9 seizures, hits per search, met per planned)."""
    top, bottom = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    known = ~np.isnan(top) & ~np.isnan(bottom)
    total = float(bottom[known].sum())
    return float(top[known].sum()) / total if total else math.nan


def months_between(first: str, last: str) -> list[str]:
    """Every month from the first to the last ("2027-01"), so that a missing one has a place."""
    (y0, m0), (y1, m1) = ((int(part) for part in month.split("-")) for month in (first, last))
    return [f"{k // 12:04d}-{k % 12 + 1:02d}" for k in range(y0 * 12 + m0 - 1, y1 * 12 + m1)]


def monthly_series(months: Sequence[str], values: ArrayLike, span: Sequence[str]) -> Floats:
    """Sums by month over the whole span; NaN, not 0, for a month without any return."""
    place = {month: i for i, month in enumerate(span)}
    series = np.full(len(span), np.nan)
    for month, value in zip(months, np.asarray(values, dtype=float), strict=True):
        if month in place and not np.isnan(value):
            i = place[month]
            series[i] = value if np.isnan(series[i]) else series[i] + value
    return series


def sudden_jumps(series: ArrayLike, mads: float = 4.0) -> list[int]:
    """Months further from the median than so many median absolute deviations."""
    values = np.asarray(series, dtype=float)
    known = values[~np.isnan(values)]
    if len(known) < 3:
        return []
    middle = float(np.median(known))
    mad = 1.4826 * float(np.median(np.abs(known - middle)))
    return [int(i) for i in np.flatnonzero(np.abs(values - middle) > mads * mad)] if mad > 0 else []
