"""The cube: every indicator by domain, level and wave, with the changes, as one long table of Estimates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from survey_server.estimation.arrays import Bools, Floats, Scored
from survey_server.estimation.cells import Cells, PsuFrame
from survey_server.estimation.design import Design
from survey_server.estimation.domain_sums import DomainSums, Pairs
from survey_server.estimation.estimate import Kind
from survey_server.estimation.item_sums import ItemSums, Read
from survey_server.estimation.table import Block, change_block, estimate_block
from survey_server.problems import BadEstimate, TooManyCategories

EVERYBODY = ""
MOST_LEVELS = 1000
_AT_ONCE = 100_000
"""Items are summed in groups of about so many cells: what is being worked on stays near the processor."""
_TOGETHER = 1_000_000
"""Estimates are made for groups of about so many items x PSUs x levels: what a call costs by itself is spent rarely."""
COLUMNS = [
    *("item", "domain", "level", "row", "wave", "before"),
    *("value", "se", "low", "high", "df", "n", "n_weighted", "n_eff", "deff", "cv", "flag"),
    *("p_value", "mde", "overlap"),
]


Item: TypeAlias = ArrayLike | Scored | Callable[[], ArrayLike]


@dataclass(frozen=True, eq=False)
class Domain:
    """A breakdown: the code of each row's level (negative: none) and the levels' labels."""

    codes: NDArray[np.integer[Any]]
    labels: Sequence[str]


@dataclass(frozen=True, eq=False)
class WaveColumns:
    """One wave as columns: its design, its items (NaN: no valid answer) and its breakdowns.

    An item may be a function that gives its column: many columns then need not lie in memory all at once. `Scored`
    is quickest: a column of few distinct values.
    """

    name: str
    design: Design
    items: Mapping[str, Item]
    domains: Mapping[str, Domain | pd.Categorical] = field(default_factory=dict)


def build_cube(
    waves: Sequence[WaveColumns],
    kinds: Mapping[str, Kind] | None = None,
    sensitive: Collection[str] = (),
    pairs: Sequence[tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """One row for each item, domain, level and wave (`row` estimate), and for each pair of waves (`row` change).

    The domain "" is everybody. `pairs` are places in `waves`, each wave with the one before it unless said. A level
    or item that a wave doesn't have is there with n 0 and the flag suppressed.
    """
    kinds = kinds or {}
    pairs = [(i, i + 1) for i in range(len(waves) - 1)] if pairs is None else pairs
    items = list(dict.fromkeys(code for wave in waves for code in wave.items))
    names = list(dict.fromkeys(name for wave in waves for name in wave.domains))
    hidden = np.array([code in sensitive for code in items])
    shares = np.array([kinds.get(code, "mean") == "share" for code in items])
    frame = PsuFrame([wave.design for wave in waves])
    compared = [(i, j, frame.shared(i, j)) for i, j in pairs]
    breakdowns = {name: _levels(name, waves) for name in names}
    cells = [Cells(frame, t, [_codes(wave, name, breakdowns[name]) for name in names]) for t, wave in enumerate(waves)]
    grids = [Pairs(frame, cells, place - 1, len(labels)) for place, labels in enumerate([[""], *breakdowns.values()])]
    tables: dict[tuple[int, int, int], list[Block]] = {}
    at_once = max(_TOGETHER // max(grid.size for grid in grids), 4)
    for start in range(0, len(items), at_once):
        part = slice(start, start + at_once)
        sums = _domain_sums(grids, cells, [_columns(wave, items[part]) for wave in waves], shares[part])
        for place, (by_wave, name) in enumerate(zip(sums, (EVERYBODY, *names), strict=True)):
            labels = breakdowns.get(name, [""])
            for t, wave in enumerate(waves):
                block = estimate_block(by_wave[t], shares[part], hidden[part])
                keys = _keys(items[part], name, labels, "estimate", wave.name, "")
                tables.setdefault((place, 0, t), []).append(block | keys)
            for number, (i, j, shared) in enumerate(compared):
                block = change_block(by_wave[i], by_wave[j], shares[part], hidden[part], shared)
                keys = _keys(items[part], name, labels, "change", waves[j].name, waves[i].name)
                tables.setdefault((place, 1, number), []).append(block | keys)
    blocks = [block for key in sorted(tables) for block in tables[key]]
    return pd.DataFrame({name: _joined([block[name] for block in blocks]) for name in COLUMNS})


def _domain_sums(
    grids: Sequence[Pairs], cells: Sequence[Cells], columns: Sequence[Sequence[Read | None]], shares: Bools
) -> list[list[DomainSums]]:
    """The sums of some items by breakdown and wave."""
    done: list[list[list[DomainSums]]] = [[[] for _ in cells] for _ in grids]
    at_once = max(_AT_ONCE // max(cell.size for cell in cells), 4)
    for start in range(0, len(shares), at_once):
        part = slice(start, start + at_once)
        for t, cell in enumerate(cells):
            items = ItemSums(cell, columns[t][part], shares[part])
            for grid, by_wave in zip(grids, done, strict=True):
                by_wave[t].append(DomainSums.of(grid, items))
    return [[DomainSums.together(parts) for parts in by_wave] for by_wave in done]


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.array([])


def _levels(name: str, waves: Sequence[WaveColumns]) -> list[str]:
    """The labels of a breakdown over all waves, in the order in which they are first given."""
    labels: dict[str, None] = {}
    for wave in waves:
        if name in wave.domains:
            domain = wave.domains[name]
            told = domain.categories if isinstance(domain, pd.Categorical) else domain.labels
            labels.update(dict.fromkeys(str(label) for label in told))
    if len(labels) > MOST_LEVELS:
        raise TooManyCategories(f"breakdown '{name}' has {len(labels)} levels; a table shows at most {MOST_LEVELS}")
    return list(labels)


def _codes(wave: WaveColumns, name: str, labels: Sequence[str]) -> NDArray[np.intp]:
    """Each row's place in the common labels; -1 without."""
    if name not in wave.domains:
        return np.full(wave.design.n_rows, -1, dtype=np.intp)
    domain = wave.domains[name]
    own = domain.categories if isinstance(domain, pd.Categorical) else domain.labels
    codes = np.asarray(domain.codes, dtype=np.intp)
    if len(codes) != wave.design.n_rows:
        raise BadEstimate(f"breakdown '{name}' of wave {wave.name} has {len(codes)} rows, not {wave.design.n_rows}")
    place = {label: i for i, label in enumerate(labels)}
    common = np.array([place[str(label)] for label in own] + [-1], dtype=np.intp)
    return common[np.where(codes < 0, len(own), codes)]


def _columns(wave: WaveColumns, items: Sequence[str]) -> list[Read | None]:
    """What gives each item's column, in order; None for an item that the wave doesn't have."""
    return [_reader(wave, code) if code in wave.items else None for code in items]


def _reader(wave: WaveColumns, code: str) -> Read:
    item = wave.items[code]
    if isinstance(item, Scored) and len(item.places) == wave.design.n_rows:
        return item
    return partial(_column, wave, code)


def _column(wave: WaveColumns, code: str) -> Floats:
    item = wave.items[code]
    column = np.asarray(item() if callable(item) else item, dtype=float)
    if len(column) != wave.design.n_rows:
        raise BadEstimate(f"item '{code}' of wave {wave.name} has {len(column)} rows, not {wave.design.n_rows}")
    return column


def _keys(items: Sequence[str], domain: str, labels: Sequence[str], row: str, wave: str, before: str) -> Block:
    """What every row of a block of items x levels is about."""
    n_items, n_levels = len(items), len(labels)
    same = {"domain": domain, "row": row, "wave": wave, "before": before}
    return {
        "item": np.repeat(np.array(items, dtype=object), n_levels),
        "level": np.tile(np.array(labels, dtype=object), n_items),
        **{name: np.full(n_items * n_levels, value, dtype=object) for name, value in same.items()},
    }
