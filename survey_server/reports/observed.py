"""What observers' forms add: modes, checklist items with scores, pairs of observers, visits and minutes."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import pandas as pd

from survey_server.estimation.agreement import Agreement, item_agreement
from survey_server.estimation.design import Bools, Floats
from survey_server.reports.coded import Codes, codes_of
from survey_server.reports.measure import KINDS, Pair
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import Sample
from survey_server.xlsform.registry import Indicator

ANNOUNCED = frozenset({"1"})
COVERT = frozenset({"3", "4"})
SCORES = ("2", "1", "0")
NOT_SCORED = ("77", "66")


class Observed:
    """One observation form over its waves."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.mode_column = pair.after.role("mode") or ""

    @cached_property
    def items(self) -> list[Item]:
        """The checklist: questions scored met, partly, not met, with codes for what could not be scored."""
        found = (item for item in self.pair.after.data.questionnaire.items if item.kind == "one")
        return [item for item in found if {choice.code for choice in item.choices} >= {*SCORES, *NOT_SCORED}]

    @cached_property
    def index(self) -> Indicator | None:
        """The compliance index: the form's first headline indicator that is a mean."""
        able = [i for i in self.pair.registry.indicators if i.estimator in KINDS and i.formula is not None]
        return next((indicator for indicator in able if indicator.headline), able[0] if able else None)

    def modes(self, sample: Sample) -> Codes:
        """Each encounter's observation mode."""
        return sample.codes(self.mode_column)

    def announced(self, sample: Sample) -> Bools:
        """Encounters whose officers knew of the visit."""
        return np.isin(self.modes(sample).astype(str), list(ANNOUNCED))

    def covert(self, sample: Sample) -> Bools:
        """Encounters whose officers could not know: discreet, or read from a recording."""
        return np.isin(self.modes(sample).astype(str), list(COVERT))

    def score(self, sample: Sample, item: Item) -> Floats:
        """100 for met, 50 for partly, 0 for not met; NaN for anything else."""
        points = {"2": 100.0, "1": 50.0, "0": 0.0}
        return np.array([points.get(str(code), math.nan) for code in sample.codes(item.name)])

    def number(self, sample: Sample, role: str) -> Floats:
        """A whole number from the column of a role; NaN where there is none."""
        codes = sample.codes(sample.role(role) or "")
        return np.array([float(code) if _is_number(code) else math.nan for code in codes])

    def is_yes(self, sample: Sample, role: str) -> Floats:
        """1 for yes, 0 for no in the column of a role; NaN otherwise."""
        codes = sample.codes(sample.role(role) or "")
        return np.array([float(code) if code in ("0", "1") else math.nan for code in codes])

    def same_mix(self) -> tuple[Sample, ...] | None:
        """The waves weighted to one mix of modes; None when a mode is missing in one of them."""
        modes = [self.modes(sample).astype(str) for sample in self.pair.samples]
        if len(modes) < 2 or set(modes[0]) != set(modes[1]):
            return None
        pooled = np.concatenate(modes)
        waves = []
        for sample, own in zip(self.pair.samples, modes, strict=True):
            factor = {mode: (pooled == mode).mean() / (own == mode).mean() for mode in set(own)}
            waves.append(sample.reweighted(np.array([factor[mode] for mode in own])))
        return tuple(waves)

    @cached_property
    def agreements(self) -> dict[str, Agreement]:
        """Agreement by item, over the pairs of both waves that observed the same encounter."""
        first, second = self._paired_rows()
        found = {}
        for item in self.items:
            one = np.concatenate([codes_of(frame, item.name) for frame in first]).astype(str)
            two = np.concatenate([codes_of(frame, item.name) for frame in second]).astype(str)
            if (np.isin(one, SCORES) & np.isin(two, SCORES)).any():
                found[item.name] = item_agreement(one, two, SCORES)
        return found

    @cached_property
    def n_pairs(self) -> int:
        """How many encounters two observers saw, all waves together."""
        return sum(len(frame) for frame in self._paired_rows()[0])

    def _paired_rows(self) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
        """For each wave, the first and the second observers' rows in the same order of encounters."""
        first, second = [], []
        for sample in self.pair.samples:
            column = sample.role("pair")
            frame = sample.consenting
            if column is None:
                first.append(frame.iloc[:0])
                second.append(frame.iloc[:0])
                continue
            order = [sample.role("observer") or "_interviewer", "_id"]
            known = frame[frame[column].notna()].sort_values([column, *order], kind="stable")
            place = known.groupby(column).cumcount()
            both = known[column].isin(known.loc[place == 1, column])
            first.append(known[both & (place == 0)])
            second.append(known[both & (place == 1)])
        return first, second


def _is_number(code: str | None) -> bool:
    return code is not None and code.lstrip("-").isdigit() and int(code) >= 0
