"""An attacker asks the cube everything that it answers, today and half a year later, and solves for what is hidden.

Each answer is an equation in unknown counts, one for every place, group, half-year, kind and hour; which rows are
missing is known as well. Elimination finds what follows from equations alone, and bounds what follows from no count
being under nought. No count of one to four grave incidents in a place may come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from survey_server.estimation.incident_counts import count_incidents, counts_grave
from survey_server.estimation.incidents import GRAVE, incident_frame
from survey_server.estimation.told_places import JOINED, SMALLEST_TOLD, join_small
from survey_server.problems import BadEstimate

AREAS = ("GT0101", "GT0102", "GT0103", "GT0201", "GT0202", "GT0301")
KINDS = ("0101", "0201", "03", "0501")
HALVES = {"2025-S2": "2025-09-10", "2026-S1": "2026-02-10", "2026-S2": "2026-08-10"}
HOURS = ("3", "21")
CELL = ("area", "type", "half", "hour")
CELLS = [dict(zip(CELL, values, strict=True)) for values in product(AREAS, KINDS, HALVES, HOURS)]
ASKED = ("department", "area", "unit", "type", "group", "half", "hour")


def incidents_of(counts: Sequence[int]) -> pd.DataFrame:
    """A register with so many incidents in each of CELLS."""
    rows = [
        {
            "adm1": cell["area"][:4],
            "muni": cell["area"],
            "unit": f"U{cell['area']}",
            "ictype": cell["type"],
            "t_event": f"{HALVES[cell['half']]}T{int(cell['hour']):02d}:00:00",
            "_received_at": f"{HALVES[cell['half']]}T23:00:00Z",
            "resp_min": 10.0,
        }
        for cell, n in zip(CELLS, counts, strict=True)
        for _ in range(n)
    ]
    return incident_frame(pd.DataFrame(rows))


TRUE_OF = incidents_of([1] * len(CELLS))
"""One incident for every cell: whatever a question tells of it, it tells of the whole cell."""


def equations(frame: pd.DataFrame) -> Iterator[tuple[np.ndarray, int]]:
    """Every answer to every question by up to three dimensions, each also with one of them as a filter."""
    for size in range(4):
        for by in combinations(ASKED, size):
            yield from _read(count_incidents(frame, by), by, {})
            for name in by:
                rest = tuple(other for other in by if other != name)
                for value in sorted({str(value) for value in frame[name].dropna()}):
                    yield from _read(count_incidents(frame, rest, {name: value}), rest, {name: value})


def _read(cells: pd.DataFrame, by: Sequence[str], where: Mapping[str, str]) -> Iterator[tuple[np.ndarray, int]]:
    """An equation for each row, and one for what isn't there, as far as the question counts it."""
    grave = TRUE_OF["group"].isin(GRAVE).to_numpy()
    placed = bool({*by, *where} & {"department", "area", "unit"})
    meant = np.ones(len(CELLS), dtype=bool) if not placed else ~grave
    keys = {name: TRUE_OF[name].astype(str).to_numpy() for name in (*by, *where)}
    for name, value in where.items():
        meant &= keys[name] == value
    seen = np.zeros(len(CELLS), dtype=bool)
    for row in cells.to_dict(orient="records"):
        told = {**{name: str(row[name]) for name in by}, **where}
        if placed and told.get("group") in GRAVE:
            yield _grave(cells, told, keys), row["n"]
            continue
        own = meant.copy()
        for name in by:
            own &= keys[name] == told[name]
        seen |= own
        yield own, row["n"]
    if (meant & ~seen).any():
        yield meant & ~seen, 0


def _grave(cells: pd.DataFrame, told: Mapping[str, str], keys: Mapping[str, np.ndarray]) -> np.ndarray:
    """The cells of a row of grave incidents: those of its place, or all of those that no other row names."""
    own = np.array([keys["group"] == told["group"], keys["half"] == told["half"]]).all(axis=0)
    same = cells
    for name in ("group", "half"):
        same = same[same[name] == told[name]] if name in cells.columns else same
    for name in ("department", "area"):
        place = told.get(name)
        if place is None:
            continue
        if JOINED not in place:
            own &= keys[name] == place
        elif name in same.columns:
            others = set(same[name].astype(str))
            own &= ~np.isin(keys[name], sorted(others)) & np.char.startswith(keys[name].astype(str), place[:-1].strip())
            own &= ~np.isin([key[:4] + f" {JOINED}" for key in keys[name]], sorted(others - {place}))
    return own


def worked_out(known: Sequence[tuple[np.ndarray, int]], targets: np.ndarray) -> np.ndarray:
    """The targets (sums of cells) that have one value only: by elimination, and by bounds on counts from nought up."""
    lines = np.array([line for line, _ in known], dtype=float)
    values = np.array([value for _, value in known], dtype=float)
    lines, first = np.unique(lines, axis=0, return_index=True)
    values = values[first]
    _, sizes, basis = np.linalg.svd(lines, full_matrices=False)
    basis = basis[sizes > 1e-8 * sizes[0]]
    fixed = np.abs(targets - targets @ basis.T @ basis).max(axis=1) < 1e-6
    least, most = np.zeros(lines.shape[1]), np.full(lines.shape[1], values.max())
    for _ in range(30):
        free = (values - lines @ least)[:, None] + lines * least
        most = np.minimum(most, np.where(lines > 0, free, np.inf).min(axis=0))
        due = (values - lines @ most)[:, None] + lines * most
        least = np.maximum(least, np.where(lines > 0, due, 0).max(axis=0))
    return fixed | (targets @ (most - least) < 0.5)


TARGETS = [{"area": area, "group": group, "half": half} for area in AREAS for group in GRAVE for half in HALVES] + [
    {"department": area[:4], "group": group, "half": half} for area in AREAS for group in GRAVE for half in HALVES
]
LINES = np.array(
    [np.all([TRUE_OF[name].astype(str) == value for name, value in one.items()], axis=0) for one in TARGETS],
    dtype=float,
)


def some_counts(seed: int) -> Sequence[int]:
    """Counts for CELLS: the more the seed, the fewer incidents."""
    rng = np.random.default_rng(seed)
    return [int(n) for n in rng.choice([0, 1, 2, 3, 6], len(CELLS)) * (rng.random(len(CELLS)) < 0.8 - 0.2 * seed)]


@pytest.mark.parametrize("seed", range(4))
def test_nobody_works_out_few_grave_incidents_in_a_place(seed: int) -> None:
    counts = some_counts(seed)
    truth = LINES @ np.array(counts)
    small = (truth > 0) & (truth < SMALLEST_TOLD)
    assert small.any()
    found = worked_out(list(equations(incidents_of(counts))), LINES) & small
    assert [(TARGETS[place], truth[place]) for place in np.flatnonzero(found)] == []


@pytest.mark.parametrize("seed", range(4))
def test_half_a_year_later_the_closed_cells_are_the_same(seed: int) -> None:
    counts = some_counts(seed)
    last = max(HALVES)
    earlier = incidents_of([0 if cell["half"] == last else n for cell, n in zip(CELLS, counts, strict=True)])
    later = incidents_of(counts)
    running = earlier["half"].max()
    for by in (("area", "group", "half"), ("department", "group", "half")):
        before, after = (count_incidents(frame, by) for frame in (earlier, later))
        old = after[after["group"].isin(GRAVE) & (after["half"] < running)].reset_index(drop=True)
        pd.testing.assert_frame_equal(old, before[before["group"].isin(GRAVE)].reset_index(drop=True))


def test_the_attacker_would_find_what_a_plain_count_gives_away() -> None:
    counts = [7 if cell["area"] == AREAS[0] else 1 if cell["area"] == AREAS[1] else 0 for cell in CELLS]
    frame = incidents_of(counts)
    plain = frame.assign(**{"told.area": frame["area"], "told.department": frame["department"]})
    truth = LINES @ np.array(counts)
    found = worked_out(list(equations(plain)), LINES)
    assert any(found & (truth > 0) & (truth < SMALLEST_TOLD))


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({("A", "a"): 9, ("A", "b"): 7}, {"a": "a", "b": "b"}),
        ({("A", "a"): 3, ("A", "b"): 3, ("A", "c"): 8}, {"a": "A *", "b": "A *", "c": "c"}),
        ({("A", "a"): 3, ("A", "b"): 8, ("A", "c"): 6}, {"a": "A *", "b": "A *", "c": "c"}),
        ({("A", "a"): 4, ("A", "b"): 4, ("B", "c"): 9}, {"a": "*", "b": "*", "c": "*"}),
        ({("A", "a"): 2, ("B", "b"): 2, ("C", "c"): 9}, {"a": "*", "b": "*", "c": "c"}),
        ({("A", "a"): 1, ("A", "b"): 5, ("B", "c"): 9, ("C", "d"): 7}, {"a": "*", "b": "*", "c": "*", "d": "d"}),
        ({("A", "a"): 2}, {"a": "*"}),
    ],
)
def test_small_places_are_told_with_others(counts: Mapping[tuple[str, str], int], told: Mapping[str, str]) -> None:
    assert {leaf: name[1] for (_, leaf), name in join_small(counts).items()} == told


def test_questions_about_squares_need_the_half_year_and_nothing_else() -> None:
    frame = incidents_of([1] * len(CELLS))
    for other in (*ASKED, "hour"):
        if other != "half":
            with pytest.raises(BadEstimate):
                count_incidents(frame, ("grid", other))
    assert not counts_grave(("grid", "half"), {})
