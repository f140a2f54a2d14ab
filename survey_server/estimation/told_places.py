"""What is told of sensitive incidents in a place: each belongs to one cell, and no cell can be worked out from others.

A cell is a place, a group and a half-year. Places with fewer than five are joined with others of their parent, and
parents with others, so that every number that is offered is a sum of whole cells: there is nothing to subtract. The
half-year is the one in which an incident was received, and the running one is not told: a closed cell stays as it is,
so that neither does tomorrow's answer minus today's say anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

SMALLEST_TOLD: Final = 5
JOINED: Final = "*"
"""Stands for several places together: "GT17 *" for some of GT17, "*" for some of the country."""

Place: TypeAlias = tuple[str, str]


def told_places(parent: pd.Series, leaf: pd.Series, cell: pd.Series) -> tuple[pd.Series, pd.Series]:
    """For each row the parent and the leaf that are told of it, None for nothing; `cell` is all else that tells cells.

    Rows without a leaf or a cell are told nowhere.
    """
    told = pd.DataFrame({"parent": None, "leaf": None}, index=leaf.index, dtype=object)
    known = leaf.notna() & cell.notna()
    keys = pd.DataFrame({"cell": cell[known], "parent": parent[known].fillna(""), "leaf": leaf[known]}).astype(str)
    for _, rows in keys.groupby("cell", sort=True):
        places = pd.MultiIndex.from_frame(rows[["parent", "leaf"]])
        own, found = pd.factorize(places)
        counts = dict(zip(found, np.bincount(own).tolist(), strict=True))
        names = join_small(counts)
        labels = np.array([names[place] for place in found], dtype=object).reshape(-1, 2)[own]
        told.loc[rows.index, ["parent", "leaf"]] = labels
    return told["parent"], told["leaf"]


def join_small(counts: Mapping[Place, int]) -> dict[Place, Place]:
    """For each (parent, leaf) with its count, the parent and leaf that are told instead."""
    by_parent: dict[str, dict[str, int]] = {}
    for (parent, leaf), n in counts.items():
        by_parent.setdefault(parent, {})[leaf] = n
    pools = {parent: _pool(leaves) for parent, leaves in by_parent.items()}
    whole = {parent: sum(leaves.values()) for parent, leaves in by_parent.items()}
    hidden = {parent for parent, pool in pools.items() if pool is None}
    for parent in sorted(set(by_parent) - hidden):
        if not hidden or _is_safe([whole[name] for name in hidden]):
            break
        hidden.add(parent)
    return {
        (parent, leaf): _named(parent, leaf, pools[parent], parent in hidden)
        for parent, leaves in by_parent.items()
        for leaf in leaves
    }


def _named(parent: str, leaf: str, pool: set[str] | None, hidden: bool) -> Place:
    if hidden or pool is None:
        return JOINED, JOINED
    return parent, f"{parent} {JOINED}" if leaf in pool else leaf


def _pool(leaves: Mapping[str, int]) -> set[str] | None:
    """The leaves of a parent that are told together; None where not even all of them may be told.

    Others join the small ones in the order of their names: by size the next one told would give them away.
    """
    pool = {leaf for leaf, n in leaves.items() if n < SMALLEST_TOLD}
    for leaf in sorted(set(leaves) - pool):
        if not pool or _is_told([leaves[name] for name in pool]):
            return pool
        pool.add(leaf)
    return pool if not pool or _is_told([leaves[name] for name in pool]) else None


def _is_told(counts: list[int]) -> bool:
    return sum(counts) >= SMALLEST_TOLD and _is_safe(counts)


def _is_safe(counts: list[int]) -> bool:
    """Whether the total leaves each of the counts open, also to somebody who knows which of them are small."""
    large = sum(n >= SMALLEST_TOLD for n in counts)
    least = SMALLEST_TOLD * large + len(counts) - large
    most = math.inf if large else (SMALLEST_TOLD - 1) * len(counts)
    return len(counts) > 1 and least < sum(counts) < most
