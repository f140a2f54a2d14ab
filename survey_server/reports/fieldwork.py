"""How the fieldwork of one wave went: lengths, straight-lining, near-duplicates, missing answers, by interviewer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.design import Bools, Floats
from survey_server.reports.comparability import minutes_of
from survey_server.reports.measure import Pair
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_CODES, Codes, Sample, codes_of
from survey_server.reports.scales import printed_items

SHORT, SHORT_MEDIAN = 0.40, 0.60
ALIKE, BATTERY = 0.85, 5
ALL_PAIRS_UP_TO, IMPORTED_DAYS = 4000, 366
OFTEN, DOMINANT = 0.10, 0.08


@dataclass(frozen=True)
class Interviewer:
    """One interviewer's work in a wave; `flags` name what stands out, by rule."""

    code: str
    interviews: int
    minutes: float
    short: float
    straight: float
    alike: float
    missing: float
    flags: tuple[str, ...]


class Fieldwork:
    """The facts of one wave; rows are the interviews with consent (or the encounters)."""

    def __init__(self, sample: Sample, items: Sequence[Item]) -> None:
        self.sample, self.items = sample, [item for item in items if item.kind == "one"]
        self.frame = sample.consenting

    @cached_property
    def minutes(self) -> Floats:
        """Length of each interview, NaN where it wasn't timed."""
        return np.asarray(minutes_of(self.frame), dtype=float)

    @cached_property
    def median_minutes(self) -> float:
        """The median length; NaN without times."""
        return _quantile(self.minutes, 0.5)

    @property
    def short_limit(self) -> float:
        """Interviews below this many minutes are short: two fifths of the wave's median."""
        return SHORT * self.median_minutes

    @cached_property
    def short(self) -> Bools:
        """Which interviews were short."""
        return np.nan_to_num(self.minutes, nan=math.inf) < self.short_limit

    @cached_property
    def answers(self) -> NDArray[np.int16]:
        """The answers to the choice questions as small numbers, -1 where not asked: interviews x questions."""
        columns = [pd.factorize(codes_of(self.frame, item.name))[0] for item in self.items]
        return np.column_stack(columns).astype(np.int16) if columns else np.zeros((len(self.frame), 0), dtype=np.int16)

    @cached_property
    def battery(self) -> list[Item]:
        """The longest run of questions with one rating scale: where straight-lining would show."""
        best: list[Item] = []
        run: list[Item] = []
        for item in self.items:
            same = run and [c.code for c in run[-1].choices] == [c.code for c in item.choices] and len(item.choices) > 3
            run = [*run, item] if same else [item]
            best = max(best, run, key=len)
        return best if len(best) >= BATTERY else []

    @cached_property
    def straight(self) -> Bools:
        """Which interviews gave one and the same answer to the whole battery."""
        if not self.battery:
            return np.zeros(len(self.frame), dtype=bool)
        given = np.column_stack([codes_of(self.frame, item.name) for item in self.battery]).astype(str)
        complete = ~np.isin(given, ("None", *MISSING_CODES)).any(axis=1)
        same: Bools = complete & (given == given[:, :1]).all(axis=1)
        return same

    @cached_property
    def likeness(self) -> Floats:
        """For each interview, the highest share of equal answers with any other one, over questions asked in both.

        In waves of over 4,000 the others are those of the same interviewer at the same site.
        """
        if self.answers.shape[1] < BATTERY or len(self.frame) < 2:
            return np.zeros(len(self.frame))
        if len(self.frame) <= ALL_PAIRS_UP_TO:
            return _likeness(self.answers)
        found = np.zeros(len(self.frame))
        for rows in self._by_interviewer_and_site():
            if len(rows) <= ALL_PAIRS_UP_TO:
                found[rows] = _likeness(self.answers[rows])
        return found

    def _by_interviewer_and_site(self) -> list[NDArray[np.intp]]:
        """The rows of each interviewer at each site: where, in a large wave, copies are looked for."""
        sites = codes_of(self.frame, self.sample.role("psu") or "").astype(str)
        keys = pd.Series(self.interviewers.astype(str)) + "\n" + pd.Series(sites)
        return [np.asarray(rows) for rows in keys.groupby(keys, sort=True).indices.values()]

    @cached_property
    def alike(self) -> Bools:
        """Which interviews are near-duplicates: 85 % equal answers or more with another one."""
        return self.likeness >= ALIKE

    @cached_property
    def interviewers(self) -> Codes:
        """Who made each interview, as the form or the phone says."""
        return codes_of(self.frame, self.sample.role("interviewer") or "_interviewer")

    @cached_property
    def by_interviewer(self) -> list[Interviewer]:
        """Every interviewer's work, in the order of their codes."""
        codes = sorted({str(code) for code in self.interviewers if code is not None})
        return [self._interviewer(code, self.interviewers == code) for code in codes]

    @cached_property
    def missing(self) -> Floats:
        """Each interview's share of don't know and refused among the choice questions it was asked."""
        asked, missing = np.zeros(len(self.frame)), np.zeros(len(self.frame))
        for item in self.items:
            codes = codes_of(self.frame, item.name).astype(str)
            asked += codes != "None"
            missing += np.isin(codes, ("88", "99"))
        shares: Floats = np.divide(missing, asked, out=np.full(len(asked), math.nan), where=asked > 0)
        return shares

    @cached_property
    def lag_days(self) -> Floats:
        """Days from collection to arrival; without those of over a year, which were imported and not sent."""
        if "_received_at" not in self.frame or "_collected_on" not in self.frame:
            return np.array([])
        received = pd.to_datetime(self.frame["_received_at"], utc=True, errors="coerce")
        collected = pd.to_datetime(self.frame["_collected_on"], utc=True, errors="coerce")
        days = ((received.dt.normalize() - collected).dt.total_seconds() / 86400).to_numpy(dtype=float)
        lag: Floats = days[days <= IMPORTED_DAYS]
        return lag

    @cached_property
    def same_case(self) -> int:
        """Interviews that count whose case id another one has too, beyond the first."""
        column = self.sample.role("case_id")
        return int(self.sample.frame[column].dropna().duplicated().sum()) if column else 0

    @property
    def repeats(self) -> int:
        """Uploads that came again with the same bytes."""
        return int(self.sample.everyone["_repeats"].sum()) if "_repeats" in self.sample.everyone else 0

    @property
    def versions(self) -> dict[str, int]:
        """Submissions by form version."""
        counts = Counter(str(version) for version in self.sample.everyone.get("_version", []))
        return dict(sorted(counts.items()))

    def _interviewer(self, code: str, rows: Bools) -> Interviewer:
        shares = {name: float(flags[rows].mean()) for name, flags in self._marks().items()}
        minutes = _quantile(self.minutes[rows], 0.5)
        flags = [name for name, share in shares.items() if share > OFTEN]
        if minutes < SHORT_MEDIAN * self.median_minutes:
            flags.insert(0, "hurried")
        interviews = int(rows.sum())
        if interviews > DOMINANT * len(self.frame) and len(set(self.interviewers)) > 2 / DOMINANT:
            flags.append("dominant")
        missing = float(np.nanmean(self.missing[rows])) if (~np.isnan(self.missing[rows])).any() else math.nan
        return Interviewer(code, interviews, minutes, **shares, missing=missing, flags=tuple(flags))

    def _marks(self) -> dict[str, Bools]:
        return {"short": self.short, "straight": self.straight, "alike": self.alike}

    def quantile(self, share: float) -> float:
        """A quantile of the lengths in minutes."""
        return _quantile(self.minutes, share)


@dataclass(frozen=True)
class Work:
    """The fieldwork of the waves of one form, earlier first."""

    pair: Pair
    waves: tuple[Fieldwork, ...]


def work_of(pair: Pair) -> Work:
    """The fieldwork of one form."""
    items = [] if pair.is_observation else printed_items(pair)  # encounters are alike by nature
    return Work(pair, tuple(Fieldwork(sample, items) for sample in pair.samples))


def _quantile(values: Floats, share: float) -> float:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share)) if len(known) else math.nan


def _likeness(answers: NDArray[np.int16]) -> Floats:
    """The highest share of equal answers with any other row."""
    best = np.zeros(len(answers))
    asked = answers >= 0
    for row, own in enumerate(answers):
        both = asked & asked[row]
        common = both.sum(axis=1)
        equal = ((answers == own) & both).sum(axis=1)
        share = np.divide(equal, common, out=np.zeros(len(answers)), where=common >= BATTERY)
        share[row] = 0.0
        best[row] = share.max()
    return best
