"""Incidents made ready for counting: place, kind and time of each, which kinds are grave, and what a place may tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from survey_server.estimation.told_places import told_places

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "violent": ("01", "02"),
    "sexual": ("03",),
    "property": ("04", "05"),
    "drugs": ("06",),
}
GRAVE: Final = ("violent", "sexual")
"""Groups (ICCS sections 01, 02 and 03) that are never published as points, nor few in a place."""

GRID_DEGREES: Final = 0.009
"""One kilometre from south to north, and a little less from west to east in Central America."""


def group_of(kind: str) -> str:
    """The group of an ICCS code: by the longest beginning that is listed."""
    fit = [(len(start), group) for group, starts in GROUPS.items() for start in starts if kind.startswith(start)]
    return max(fit)[1] if fit else "other"


def incident_frame(frame: pd.DataFrame, minutes: float = 30.0) -> pd.DataFrame:
    """One row for each incident: its places (department, area, unit, grid), its type and group, and its times.

    Times are those that the clerk wrote down, in local time: what the clock on the wall said; only `half` ("2027-S1")
    is the half-year in which it was received. `grid` is the corner of the square kilometre, where the place is known
    to the point; weekdays count from 0 for Monday. `told.*` is what may be told of the place of a grave incident, and
    of the square of any other; `month` is "2027-01", `band` six hours of the day.
    """
    when = frame["t_event"].astype(str).str.slice(0, 19)
    moments = pd.to_datetime(when, errors="coerce", format="%Y-%m-%dT%H:%M:%S")
    kinds = frame["ictype"].astype(object).map(kind_code)
    response = _column(frame, "resp_min").pipe(pd.to_numeric, errors="coerce").astype(float)
    made = pd.DataFrame(
        {
            "department": _column(frame, "adm1"),
            "area": _column(frame, "muni"),
            "unit": _column(frame, "unit"),
            "grid": grid_of(_column(frame, "loc")),
            "type": kinds,
            "group": kinds.map({kind: group_of(kind) for kind in set(kinds)}),
            "half": _half_of(_column(frame, "_received_at")),
            "month": when.str.slice(0, 7).where(moments.notna()),
            "hour": moments.dt.hour,
            "band": moments.dt.hour // 6,
            "weekday": moments.dt.day_of_week,
            "response": response,
            "within": (response <= minutes).astype(float).where(response.notna()),
        }
    )
    return _with_told_places(made.reset_index(drop=True))


def _half_of(instants: pd.Series) -> pd.Series:
    """The half-year of each instant: "2027-S1"; None where nothing is known."""
    found = pd.to_datetime(instants, errors="coerce", utc=True)
    named = found.dt.year.astype("Int64").astype("string") + "-S" + (found.dt.quarter > 2).add(1).astype("string")
    return named.where(found.notna(), None).astype(object).where(found.notna(), None)


def _with_told_places(made: pd.DataFrame) -> pd.DataFrame:
    """With the places that are told: of grave incidents by group, of others by square; of closed half-years only."""
    closed = made["half"].where(made["half"] != made["half"].dropna().max(), None)
    grave = made["group"].isin(GRAVE)
    cell = (made["group"] + " " + closed).where(grave & closed.notna(), None)
    department, area = told_places(made["department"], made["area"], cell)
    _, square = told_places(made["area"], made["grid"], closed.where(~grave, None))
    joined = square.where(~square.astype("string").str.endswith(" *").fillna(False), "*")
    return made.assign(**{"told.department": department, "told.area": area, "told.grid": joined})


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column as it is, blank where the form hasn't got it."""
    if name not in frame.columns:
        return pd.Series([None] * len(frame), index=frame.index, dtype=object)
    return frame[name].astype(object)


def grid_of(places: pd.Series) -> pd.Series:
    """The south-western corner of the square kilometre of each place ("latitude longitude ..."); None without one."""
    parts = places.astype("string").str.split(" ", n=2, expand=True)
    if parts.shape[1] < 2:
        return pd.Series([None] * len(places), index=places.index, dtype=object)
    degrees = [
        pd.to_numeric(parts[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan) for column in (0, 1)
    ]
    known = ~np.isnan(degrees[0]) & ~np.isnan(degrees[1])
    south, west = (np.floor(np.nan_to_num(part) / GRID_DEGREES).astype(np.int64) for part in degrees)
    cells, corners = pd.factorize(south * 1_000_000 + west)
    named = np.array([_corner(int(corner)) for corner in corners], dtype=object)
    return pd.Series(np.where(known, named[cells], np.array(None)).tolist(), index=places.index, dtype="object")


def _corner(cell: int) -> str:
    """The corner of a numbered square as latitude and longitude."""
    south, west = (cell + 500_000) // 1_000_000, (cell + 500_000) % 1_000_000 - 500_000
    return f"{south * GRID_DEGREES:.3f} {west * GRID_DEGREES:.3f}"


def kind_code(value: object) -> str:
    """An ICCS code as text: leading zeros are part of it, also where a table made a number of it."""
    text = str(value).removesuffix(".0")
    return f"0{text}" if len(text) in (1, 3) and text.isdigit() else text
