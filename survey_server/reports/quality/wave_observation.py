"""The quality of observation: pairs and how far they agree, the mix of modes against the plan, what wasn't seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools
from survey_server.reports.coded import Coded
from survey_server.reports.quality.wave_marks import Marks
from survey_server.reports.questionnaire import Item

NOT_SEEN = "66"
_UNSCORED = frozenset({"66", "77", "88", "99"})
_LEAST_ENCOUNTERS = 10


@dataclass(frozen=True)
class Observation:
    """What is told of a form that observers fill."""

    encounters: int
    paired: int
    """Encounters that two observers coded."""
    compared: int
    agreed: int
    """Items that both scored, and those they scored alike."""
    modes: Mapping[str, int]
    planned: Mapping[str, int]
    not_seen: tuple[tuple[Item, int, float], ...]
    """Items that could too often not be observed: encounters and the share."""

    @property
    def agreement(self) -> float:
        """The share of items scored alike by both of a pair; NaN without pairs."""
        return self.agreed / self.compared if self.compared else float("nan")

    @property
    def mode_gap(self) -> float:
        """How far the mix of modes is from the plan: the largest difference of shares; NaN without a plan."""
        done, planned = sum(self.modes.values()), sum(self.planned.values())
        if not done or not planned:
            return float("nan")
        codes = {*self.modes, *self.planned}
        return max(abs(self.modes.get(c, 0) / done - self.planned.get(c, 0) / planned) for c in codes)


def observe(marks: Marks) -> Observation:
    """The facts of one wave of observation."""
    pair, mode = marks.sample.role("pair"), marks.sample.role("mode")
    assert mode is not None
    modes = Counter(code for code in Coded.of(marks.frame, mode).texts.tolist() if code)
    encounters, pairs = _pairs(marks, pair)
    compared, agreed = _agreement(marks, pairs)
    seen = [(item, *_not_seen(marks.coded[item.name])) for item in marks.items if item.name in marks.coded]
    scored = [line for line in seen if line[1] >= _LEAST_ENCOUNTERS and _is_scored(line[0])]
    often = [line for line in scored if line[2] > marks.limits.not_observed]
    worst = tuple(sorted(often, key=lambda line: (-line[2], line[0].name)))
    return Observation(
        encounters, len(pairs), compared, agreed, dict(sorted(modes.items())), dict(marks.facts.modes), worst
    )


def _pairs(marks: Marks, pair: str | None) -> tuple[int, list[tuple[int, int]]]:
    """How many encounters there are, and the rows of those that two coded."""
    if pair is None:
        return marks.n, []
    codes = pd.Series(Coded.of(marks.frame, pair).texts)
    rows = [list(rows) for rows in codes.groupby(codes, sort=True).indices.values()]
    return len(rows) + int(codes.isna().sum()), [(int(found[0]), int(found[1])) for found in rows if len(found) > 1]


def _agreement(marks: Marks, pairs: list[tuple[int, int]]) -> tuple[int, int]:
    compared = agreed = 0
    if pairs:
        first, second = (np.array(side, dtype=np.intp) for side in zip(*pairs, strict=True))
        for item in marks.items:
            coded = marks.coded.get(item.name)
            if coded is None or not _is_scored(item):
                continue
            scored: Bools = coded.where(lambda code: code not in _UNSCORED)
            both = scored[first] & scored[second]
            compared += int(both.sum())
            agreed += int((both & (coded.places[first] == coded.places[second])).sum())
    return compared, agreed


def _not_seen(coded: Coded) -> tuple[int, float]:
    asked = int(coded.given.sum())
    return asked, int(coded.where(NOT_SEEN.__eq__).sum()) / asked if asked else 0.0


def _is_scored(item: Item) -> bool:
    return any(choice.code == NOT_SEEN for choice in item.choices)
