"""Incidents made ready for counting: area, kind, month, hour and weekday of each, and which kinds are grave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from survey_server.estimation.events import SMALLEST_SHOWN
from survey_server.problems import BadEstimate, TooManyCategories

GRAVE_TYPES: Final = ("0101", "0102", "0201", "0202", "0204", "0205", "03")
"""Kinds (ICCS sections 01, 02 and 03) that are never published as points, nor in counts under five with their place."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "violent": ("01", "02", "0401"),
    "sexual": ("03",),
    "property": ("04", "05"),
    "drugs": ("06",),
}
GRAVE: Final = ("violent", "sexual")
KEYS: Final = ("area", "type", "month", "hour")


def group_of(kind: str) -> str:
    """The group of an ICCS code: by the longest beginning that is listed."""
    fit = [(len(start), group) for group, starts in GROUPS.items() for start in starts if kind.startswith(start)]
    return max(fit)[1] if fit else "other"


def incident_frame(frame: pd.DataFrame, area: str = "muni", minutes: float = 30.0) -> pd.DataFrame:
    """One row for each incident: area, unit, grid, type, group, month ("2027-01"), hour, band, weekday, response.

    Times are those that the clerk wrote down, in local time: what the clock on the wall said. `grid` is the corner of
    the square kilometre, where the place is known to the point; weekdays count from 0 for Monday.
    """
    when = frame["t_event"].astype(str).str.slice(0, 19)
    moments = pd.to_datetime(when, errors="coerce", format="%Y-%m-%dT%H:%M:%S")
    kinds = frame["ictype"].astype(object).map(kind_code)
    response = _column(frame, "resp_min").pipe(pd.to_numeric, errors="coerce").astype(float)
    made = pd.DataFrame(
        {
            "area": _column(frame, area),
            "unit": _column(frame, "unit"),
            "grid": grid_of(_column(frame, "loc")),
            "type": kinds,
            "group": kinds.map({kind: group_of(kind) for kind in set(kinds)}),
            "month": when.str.slice(0, 7).where(moments.notna()),
            "hour": moments.dt.hour,
            "band": moments.dt.hour // 6,
            "weekday": moments.dt.day_of_week,
            "response": response,
            "within": (response <= minutes).astype(float).where(response.notna()),
        }
    )
    return made.reset_index(drop=True)


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


PLACES: Final = ("area", "unit", "grid")
TIMES: Final = ("month", "hour", "band", "weekday")
DIMENSIONS: Final = (*PLACES, "type", "group", *TIMES)
GRID_DEGREES: Final = 0.009
"""One kilometre from south to north, and a little less from west to east in Central America."""

MOST_ROWS: Final = 100_000


def count_incidents(frame: pd.DataFrame, by: Sequence[str], where: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Incidents by the dimensions of `by`: how many, the median minutes to arrive, the share within the target.

    Only combinations that occur. By square kilometre neither the grave kinds nor a count under five is told, and time
    goes no finer than the month; with any other place counts of grave kinds under five are hidden, and with them the
    smallest other kind there, so that no total gives them away. A hidden row says so in `flag` and tells nothing else.
    """
    _check_query(frame, by, where or {})
    rows = np.ones(len(frame), dtype=bool)
    for name, value in (where or {}).items():
        rows &= (frame[name].astype(str) == value).to_numpy()
    told = {*by, *(where or {})}
    if "grid" in told:
        rows &= ~frame["type"].isin(GRAVE_TYPES).to_numpy() & frame["grid"].notna().to_numpy()
    chosen = frame[rows]
    if not by:
        whole = _measured(chosen, np.zeros(len(chosen), dtype=np.intp), pd.DataFrame(index=[0]))
        return _hide(whole, by, where or {})
    codes, labels = _cell_codes(chosen, by)
    known = codes >= 0
    found, places = np.unique(codes[known], return_inverse=True)
    if len(found) > MOST_ROWS:
        raise TooManyCategories(f"{len(found):,} rows of {' x '.join(by)}; group by less, or filter.")
    keys = pd.DataFrame(dict(zip(by, _labels_of(found, labels), strict=True)))
    return _hide(_measured(chosen[known], places, keys), by, where or {})


def _check_query(frame: pd.DataFrame, by: Sequence[str], where: Mapping[str, str]) -> None:
    unknown = [name for name in (*by, *where) if name not in DIMENSIONS or name not in frame.columns]
    if unknown:
        raise BadEstimate(f"incidents can't be grouped by {', '.join(unknown)}; by {', '.join(DIMENSIONS)}")
    if len(set(by)) != len(by):
        raise BadEstimate("each dimension can be named once")
    finer = {"hour", "band", "weekday"} & {*by, *where}
    if "grid" in {*by, *where} and finer:
        raise BadEstimate(f"by square kilometre time goes no finer than the month, not to {', '.join(sorted(finer))}")


def _cell_codes(frame: pd.DataFrame, by: Sequence[str]) -> tuple[np.ndarray, list[list[str]]]:
    """One number for each combination, -1 where a dimension is missing; and the labels of each dimension."""
    place, missing = np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=bool)
    labels = []
    for name in by:
        own, names = pd.factorize(frame[name], sort=True)
        place = place * max(len(names), 1) + own
        missing |= own < 0
        labels.append([_label(value) for value in names])
    return np.where(missing, -1, place), labels


def _label(value: object) -> str:
    """A whole number without its point; anything else as it is."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _labels_of(cells: np.ndarray, labels: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """For each dimension the labels of the cells."""
    found, rest = [], cells
    for names in reversed(labels):
        found.append(np.array(names, dtype=object)[rest % len(names)] if names else np.array([], dtype=object))
        rest = rest // max(len(names), 1)
    return found[::-1]


def _measured(frame: pd.DataFrame, places: np.ndarray, keys: pd.DataFrame) -> pd.DataFrame:
    """The counts, medians and shares of every cell."""
    cells = len(keys)
    minutes = frame["response"].to_numpy(dtype=float)
    timed = ~np.isnan(minutes)
    counts = np.bincount(places, minlength=cells)
    responses = np.bincount(places[timed], minlength=cells)
    inside = np.nan_to_num(frame["within"].to_numpy(dtype=float))
    kept = np.bincount(places[timed], weights=inside[timed], minlength=cells)
    share = np.divide(100 * kept, responses, out=np.full(cells, np.nan), where=responses > 0)
    made = keys.assign(
        n=counts, timed=responses, median=_medians(minutes[timed], places[timed], responses), within=share
    )
    return made.assign(flag="")


def _medians(values: np.ndarray, places: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The median of each cell, NaN for an empty one: one sort for all of them."""
    ordered = values[np.lexsort((values, places))]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    some = counts > 0
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    medians = np.full(len(counts), np.nan)
    medians[some] = (ordered[low[some]] + ordered[high[some]]) / 2
    return medians


def _hide(cells: pd.DataFrame, by: Sequence[str], where: Mapping[str, str]) -> pd.DataFrame:
    """Hides the small counts that a place would give away, whether it is a dimension or a filter."""
    told = {*by, *where}
    if not told & set(PLACES):
        return cells
    small = ((cells["n"] > 0) & (cells["n"] < SMALLEST_SHOWN)).to_numpy()
    hidden = small if "grid" in told else small & _is_grave(cells, where)
    if "grid" not in told and {"type", "group"} & set(by):
        hidden = _with_another(cells, [name for name in by if name not in ("type", "group")], hidden)
    shown = cells.astype({"n": "Int64", "timed": "Int64"})
    shown.loc[hidden, ["n", "timed", "median", "within"]] = pd.NA
    shown.loc[hidden, "flag"] = "suppressed"
    return shown


def _is_grave(cells: pd.DataFrame, where: Mapping[str, str]) -> np.ndarray:
    """Which cells are known to be of a grave kind, by a dimension or by the filter."""
    grave = np.zeros(len(cells), dtype=bool)
    for name in ("type", "group"):
        if where.get(name) in (*GRAVE_TYPES, *GRAVE):
            grave |= True
        elif name in cells.columns:
            grave |= cells[name].isin([*GRAVE_TYPES, *GRAVE]).to_numpy()
    return grave


def _with_another(cells: pd.DataFrame, lines: Sequence[str], hidden: np.ndarray) -> np.ndarray:
    """Where a single kind is hidden in a line whose total could be asked for, the smallest other one goes along."""
    line = cells.groupby(list(lines), sort=False).ngroup().to_numpy() if lines else np.zeros(len(cells), dtype=np.intp)
    alone = np.bincount(line, weights=hidden)[line] == 1
    others = np.flatnonzero(alone & ~hidden)
    order = others[np.lexsort((cells["n"].to_numpy()[others], line[others]))]
    _, first = np.unique(line[order], return_index=True)
    done = hidden.copy()
    done[order[first]] = True
    return done
