"""How the fieldwork of one wave went: lengths, straight-lining, near-duplicates, missing answers, by interviewer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.arrays import means_by, medians_by
from survey_server.estimation.design import Bools, Floats
from survey_server.reports.coded import Coded, Codes, minutes_of
from survey_server.reports.measure import Pair
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_CODES, Sample
from survey_server.reports.scales import printed_items

SHORT, SHORT_MEDIAN = 0.40, 0.60
ALIKE, BATTERY = 0.85, 5
ALL_PAIRS_UP_TO, SIDE_BY_SIDE, ROWS_AT_ONCE, IMPORTED_DAYS = 4000, 64, 50_000, 366
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
        columns = [_places(self.coded(item)) for item in self.items]
        return np.column_stack(columns) if columns else np.zeros((len(self.frame), 0), dtype=np.int16)

    def coded(self, item: Item) -> Coded:
        """The answers to one question."""
        return self._coded.setdefault(item.name, Coded.of(self.frame, item.name))

    @cached_property
    def _coded(self) -> dict[str, Coded]:
        return {}

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
        order = {choice.code: float(place) for place, choice in enumerate(self.battery[0].choices)}
        valid = {code: place for code, place in order.items() if code not in MISSING_CODES}
        steps = np.column_stack(
            [self.coded(item).numbers(lambda code: valid.get(code, math.nan)) for item in self.battery]
        )
        same: Bools = (steps == steps[:, :1]).all(axis=1)  # a missing answer is equal to nothing
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
            if rows.shape[1] <= SIDE_BY_SIDE:
                found[rows] = _likeness_of_few(self.answers[rows])
            elif rows.shape[1] <= ALL_PAIRS_UP_TO:
                for group in rows:
                    found[group] = _likeness(self.answers[group])
        return found

    def _by_interviewer_and_site(self) -> Iterator[NDArray[np.intp]]:
        """The rows of each interviewer at each site, groups of one size together: there copies are looked for."""
        who, site = self._people, Coded.of(self.frame, self.sample.role("psu") or "")
        key = (who.places.astype(np.int64) + 1) * (len(site.codes) + 1) + site.places + 1
        order = np.argsort(key, kind="stable")
        _, start, size = np.unique(key[order], return_index=True, return_counts=True)
        for each in np.unique(size[size > 1]):
            groups = start[size == each]
            at_once = max(ROWS_AT_ONCE // int(each) ** 2, 1)
            for first in range(0, len(groups), at_once):
                yield order[groups[first : first + at_once, None] + np.arange(each)]

    @cached_property
    def _people(self) -> Coded:
        return Coded.of(self.frame, self.sample.role("interviewer") or "_interviewer")

    @cached_property
    def alike(self) -> Bools:
        """Which interviews are near-duplicates: 85 % equal answers or more with another one."""
        return self.likeness >= ALIKE

    @cached_property
    def interviewers(self) -> Codes:
        """Who made each interview, as the form or the phone says."""
        return self._people.texts

    @cached_property
    def by_interviewer(self) -> list[Interviewer]:
        """Every interviewer's work, in the order of their codes."""
        coded = self._people
        places = np.where(coded.places < 0, len(coded.codes) - 1, coded.places)
        counts = np.bincount(places, minlength=len(coded.codes))
        marks = {name: means_by(flags.astype(float), places, len(counts)) for name, flags in self._marks().items()}
        minutes, missing = medians_by(self.minutes, places, len(counts)), means_by(self.missing, places, len(counts))
        everyone = [place for place, code in enumerate(coded.codes) if code is not None and counts[place]]
        return [
            self._interviewer(
                coded.codes[place] or "",
                int(counts[place]),
                float(minutes[place]),
                {name: float(shares[place]) for name, shares in marks.items()},
                float(missing[place]),
                len(everyone),
            )
            for place in sorted(everyone, key=lambda place: coded.codes[place] or "")
        ]

    @cached_property
    def missing(self) -> Floats:
        """Each interview's share of don't know and refused among the choice questions it was asked."""
        asked, missing = np.zeros(len(self.frame)), np.zeros(len(self.frame))
        for item in self.items:
            coded = self.coded(item)
            asked += coded.given
            missing += coded.where(lambda code: code in ("88", "99"))
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
        if "_version" not in self.sample.everyone:
            return {}
        counts = self.sample.everyone["_version"].value_counts(dropna=False)
        return {
            str(version): int(count) for version, count in sorted(counts.items(), key=lambda one: str(one[0])) if count
        }

    def _interviewer(
        self, code: str, interviews: int, minutes: float, shares: dict[str, float], missing: float, colleagues: int
    ) -> Interviewer:
        flags = [name for name, share in shares.items() if share > OFTEN]
        if minutes < SHORT_MEDIAN * self.median_minutes:
            flags.insert(0, "hurried")
        if interviews > DOMINANT * len(self.frame) and colleagues > 2 / DOMINANT:
            flags.append("dominant")
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


def _places(coded: Coded) -> NDArray[np.int16]:
    """Equal codes as equal numbers, blanks as -1."""
    places = [-1 if code is None else coded.codes.index(code) for code in coded.codes]
    return coded.spread(np.array(places, dtype=np.int16))


def _likeness(answers: NDArray[np.int16]) -> Floats:
    """The highest share of equal answers with any other row, of the questions asked in both."""
    asked = (answers >= 0).astype(np.float32)
    common = asked @ asked.T  # how many questions each two rows have both been asked
    equal = _equal_many(answers)
    shares = np.divide(equal, common, out=np.zeros(common.shape), where=common >= BATTERY)
    np.fill_diagonal(shares, 0.0)
    best: Floats = shares.max(axis=1).astype(float)
    return best


def _likeness_of_few(answers: NDArray[np.int16]) -> Floats:
    """`_likeness` of many small groups of one size at once: groups x rows x questions."""
    groups, rows, _ = answers.shape
    asked = (answers >= 0).astype(np.float32)
    common = asked @ asked.transpose(0, 2, 1)
    silent = 1 - asked
    columns = np.ascontiguousarray(np.moveaxis(answers, 2, 0), dtype=np.min_scalar_type(-int(answers.max()) - 1))
    alike = np.zeros((groups, rows, rows), dtype=np.int16)
    for column in columns:
        alike += column[:, :, None] == column[:, None, :]
    equal = alike - silent @ silent.transpose(0, 2, 1)  # two blanks are no answer in common
    shares = np.divide(equal, common, out=np.zeros(common.shape), where=common >= BATTERY)
    shares[:, np.arange(rows), np.arange(rows)] = 0.0
    best: Floats = shares.max(axis=2)
    return best


def _equal_many(answers: NDArray[np.int16]) -> Floats:
    """How many questions each two rows answered alike, as a product: a column for every answer to every question."""
    chosen = np.hstack([column[:, None] == np.arange(column.max(initial=-1) + 1) for column in answers.T])
    places = chosen.astype(np.float32)
    return np.asarray(places @ places.T, dtype=float)
