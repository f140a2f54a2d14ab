"""Incidents as a cube: how many by area, type, month and hour, with every total, small counts of grave types hidden."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from survey_server.estimation.arrays import Codes
from survey_server.problems import BadEstimate, TooManyCategories

ALL = ""
SMALLEST_SHOWN = 5
MOST_CELLS = 5_000_000


def event_cube(
    events: pd.DataFrame,
    keys: Sequence[str] = ("area", "type", "month", "hour"),
    grave: Collection[str] = (),
    type_key: str = "type",
    area_key: str = "area",
) -> pd.DataFrame:
    """One row for each combination that occurs of each set of keys, "" standing for all, with its count `n`.

    Where both the place and a grave type (killings, sexual violence) are told, counts under 5 are suppressed: `flag`
    says so and `n` is missing. An incident without a value of a key is counted in the totals only.
    """
    if missing := [key for key in keys if key not in events.columns]:
        raise BadEstimate(f"the incidents have no column {', '.join(missing)}")
    codes, labels = _coded(events, keys)
    blocks = []
    for size in range(len(keys) + 1):
        for chosen in combinations(range(len(keys)), size):
            blocks.append(_counts(codes, labels, keys, chosen))
    cube = pd.concat(blocks, ignore_index=True)
    cube["flag"] = ""
    if grave and type_key in keys and area_key in keys:
        told = (cube[area_key] != ALL) & cube[type_key].isin([str(kind) for kind in grave])
        small = told & (cube["n"] < SMALLEST_SHOWN)
        cube["n"] = cube["n"].astype("Int64").mask(small)
        cube.loc[small, "flag"] = "suppressed"
    return cube


def _coded(events: pd.DataFrame, keys: Sequence[str]) -> tuple[list[Codes], list[list[str]]]:
    codes, labels = [], []
    for key in keys:
        own, names = pd.factorize(events[key], sort=True)
        codes.append(own.astype(np.intp))
        labels.append([str(name) for name in names])
    cells = int(np.prod([len(names) + 1 for names in labels], dtype=float))
    if cells > MOST_CELLS:
        raise TooManyCategories(f"{cells:,} cells of {' x '.join(keys)}; group areas, types or months first")
    return codes, labels


def _counts(
    codes: Sequence[Codes], labels: Sequence[Sequence[str]], keys: Sequence[str], chosen: Sequence[int]
) -> pd.DataFrame:
    """The counts of one set of keys."""
    place = np.zeros(len(codes[0]), dtype=np.intp)
    known = np.ones(len(place), dtype=bool)
    for i in chosen:
        place = place * len(labels[i]) + codes[i]
        known &= codes[i] >= 0
    counts = np.bincount(place[known])
    found = np.flatnonzero(counts)
    data: dict[str, object] = {key: np.full(len(found), ALL, dtype=object) for key in keys}
    rest = found
    for i in reversed(chosen):
        data[keys[i]] = np.array(labels[i], dtype=object)[rest % len(labels[i])]
        rest = rest // len(labels[i])
    return pd.DataFrame({**data, "n": counts[found]})
