"""Incidents counted by place, kind and time. What a place may tell of grave kinds is fixed, whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from survey_server.estimation.incidents import GRAVE
from survey_server.estimation.told_places import JOINED, SMALLEST_TOLD
from survey_server.problems import BadEstimate, TooManyCategories

PLACES: Final = ("department", "area", "unit", "grid")
TIMES: Final = ("half", "month", "hour", "band", "weekday")
DIMENSIONS: Final = (*PLACES, "type", "group", *TIMES)
TOLD_OF_GRAVE: Final = frozenset({"department", "area", "group", "half"})
"""By these, and by group and half-year at the least, grave kinds are counted in a place."""

MOST_ROWS: Final = 100_000


def counts_grave(by: Sequence[str], where: Mapping[str, str]) -> bool:
    """Whether a question counts grave kinds: without a place always, with one by group and half-year only."""
    told = {*by, *where}
    return not told & set(PLACES) or {"group", "half"} <= told <= TOLD_OF_GRAVE


def count_incidents(frame: pd.DataFrame, by: Sequence[str], where: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Incidents by the dimensions of `by`: how many, the median minutes to arrive, the share within the target.

    Only combinations that occur. Without a place everything is counted. With a department, municipality or unit,
    whether as a dimension or as a filter, grave kinds are left out, but by group and half-year: there small places are
    told together ("GT17 *"). Square kilometres are told by half-year and by nothing else, grave kinds left out. So
    whatever is added and subtracted, no small number of grave incidents in a place comes out (`told_places`).
    """
    where = where or {}
    _check_query(frame, by, where)
    told = _told(frame, by, where)
    rows = np.ones(len(told), dtype=bool)
    for name, value in where.items():
        rows &= (told[name].astype(str) == value).to_numpy()
    chosen = told[rows]
    if not by:
        return _flagged(_measured(chosen, np.zeros(len(chosen), dtype=np.intp), pd.DataFrame(index=[0])), where)
    codes, labels = _cell_codes(chosen, by)
    known = codes >= 0
    found, places = np.unique(codes[known], return_inverse=True)
    if len(found) > MOST_ROWS:
        raise TooManyCategories(f"{len(found):,} rows of {' x '.join(by)}; group by less, or filter.")
    keys = pd.DataFrame(dict(zip(by, _labels_of(found, labels), strict=True)))
    return _flagged(_measured(chosen[known], places, keys), where)


def _check_query(frame: pd.DataFrame, by: Sequence[str], where: Mapping[str, str]) -> None:
    unknown = [name for name in (*by, *where) if name not in DIMENSIONS or name not in frame.columns]
    if unknown:
        raise BadEstimate(f"incidents can't be grouped by {', '.join(unknown)}; by {', '.join(DIMENSIONS)}")
    if len(set(by)) != len(by):
        raise BadEstimate("each dimension can be named once")
    if "grid" in {*by, *where} and {*by, *where} != {"grid", "half"}:
        raise BadEstimate("square kilometres are counted by half-year, and by nothing else beside it")


def _told(frame: pd.DataFrame, by: Sequence[str], where: Mapping[str, str]) -> pd.DataFrame:
    """The rows that the question may count, their places as they may be told."""
    told, grave = {*by, *where}, frame["group"].isin(GRAVE)
    if not told & set(PLACES):
        return frame
    if "grid" in told:
        return frame.assign(grid=frame["told.grid"])[~grave & frame["told.grid"].notna()]
    if not counts_grave(by, where):
        return frame[~grave]
    places = {name: frame[name].where(~grave, frame[f"told.{name}"]) for name in ("department", "area")}
    return frame.assign(**places)[~grave | frame["told.area"].notna()]


def _flagged(cells: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """With a flag where a row tells of several places together; times of few there are not told."""
    joined = np.zeros(len(cells), dtype=bool)
    for name in PLACES:
        if name in cells.columns:
            joined |= cells[name].astype(str).str.endswith(JOINED).to_numpy()
        elif name in where:
            joined |= where[name].endswith(JOINED)
    grave = cells["group"].isin(GRAVE).to_numpy() if "group" in cells.columns else where.get("group") in GRAVE
    few = (cells["timed"] < SMALLEST_TOLD).to_numpy() & grave & bool({*cells.columns, *where} & set(PLACES))
    cells.loc[few, ["median", "within"]] = np.nan
    return cells.assign(flag=np.where(joined, "joined", ""))


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
    return keys.assign(
        n=counts, timed=responses, median=_medians(minutes[timed], places[timed], responses), within=share
    )


def _medians(values: np.ndarray, places: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The median of each cell, NaN for an empty one: one sort for all of them."""
    ordered = values[np.lexsort((values, places))]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    some = counts > 0
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    medians = np.full(len(counts), np.nan)
    medians[some] = (ordered[low[some]] + ordered[high[some]]) / 2
    return medians
