"""Sixty thousand incidents counted by area, kind, month and hour; beside it one plain count of the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from survey_server.estimation.incident_counts import count_incidents
from survey_server.estimation.incidents import incident_frame
from tests.bench.measure import measure

INCIDENTS = 60_000
KINDS = ("0101", "0102", "0201", "0205", "03", "0401", "0501", "0502", "0601", "0702", "0805", "0901", "0905", "11")
T = TypeVar("T")
QUERIES = (
    ("area", "type", "month"),
    ("area", "group", "half"),
    ("area", "month", "hour"),
    ("type", "month", "hour"),
    ("unit", "weekday", "band"),
)


def main() -> None:
    told = make_incidents()
    seconds, frame = timed(lambda: incident_frame(told))
    measure("incidents made ready, once after something came", seconds, "s CPU", f"{INCIDENTS:,} incidents")
    bare, _ = timed(lambda: frame.groupby(["type", "month"], sort=False).size())
    for by in QUERIES:
        seconds, cells = timed(lambda by=by: count_incidents(frame, by))
        measure(f"cube by {' x '.join(by)}: {len(cells):,} rows", 1000 * seconds, "ms CPU", "limit 300 ms")
    measure(
        "cube by km² and half-year",
        1000 * timed(lambda: count_incidents(frame, ("grid", "half")))[0],
        "ms CPU",
    )
    measure("pandas counts two columns", 1000 * bare, "ms CPU")


def make_incidents() -> pd.DataFrame:
    """A year of a country: 22 departments with 14 municipalities each, 90 units."""
    rng = np.random.default_rng(20270101)
    minutes = rng.integers(0, 365 * 24 * 60, INCIDENTS)
    moments = pd.Timestamp("2027-01-01") + pd.to_timedelta(minutes, unit="min")
    towns = [f"GT{department:02d}{town:02d}" for department in range(1, 23) for town in range(1, 15)]
    places = rng.choice(towns, INCIDENTS)
    north, west = rng.uniform(13.8, 17.8, INCIDENTS), rng.uniform(-92.2, -88.2, INCIDENTS)
    return pd.DataFrame(
        {
            "t_event": moments.strftime("%Y-%m-%dT%H:%M:%S.000-06:00"),
            "ictype": pd.Categorical(rng.choice(KINDS, INCIDENTS)),
            "_received_at": moments.tz_localize("UTC"),
            "adm1": pd.Categorical([town[:4] for town in places]),
            "muni": pd.Categorical(places),
            "unit": pd.Categorical(rng.choice([f"GTU{unit:02d}" for unit in range(90)], INCIDENTS)),
            "resp_min": np.where(rng.random(INCIDENTS) < 0.8, rng.gamma(4, 6, INCIDENTS).round(1), np.nan),
            "loc": [f"{y:.5f} {x:.5f} 0 8" for y, x in zip(north, west, strict=True)],
        }
    )


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of this process, the least of three, and the result."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        result = work()
        best = min(best, time.process_time() - started)
    return best, result


if __name__ == "__main__":
    main()
