"""The checks of a wave in one list: each with its value, its limit and a state; and the grade that follows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.quality import Thresholds, quantile
from survey_server.reports.quality.wave_marks import ALIKE_QUESTIONS
from survey_server.reports.quality.wave_quality import WaveQuality
from survey_server.reports.quality.wave_selection import Selection

State = Literal["good", "warn", "bad", "none"]
Unit = Literal["percent", "minutes", "days", "count", "rho"]

BLOCKS = ("response", "returns", "time", "answers", "place", "people", "checks", "sync", "observation")
_RARE, _SOME, _FAR_FROM_PLAN, _CERTAIN = 0.02, 0.05, 0.10, 0.05


@dataclass(frozen=True)
class Check:
    """One line of the list. `cases`: how many interviews can be looked at; `limit`: from where on it is red."""

    block: str
    key: str
    value: float
    unit: Unit
    state: State
    limit: float | None = None
    cases: int = 0
    of: int = 0
    least: float | None = None
    """Below this the whole wave is a D."""

    @property
    def known(self) -> bool:
        """Whether there was anything to check."""
        return not math.isnan(self.value)


def list_checks(quality: WaveQuality) -> tuple[Check, ...]:
    """Every check that the form allows, by block; those without anything to look at are left out."""
    blocks = (_response(quality), _returns(quality), _time(quality), _answers(quality), _place(quality))
    parts = (*blocks, _people(quality), _back_checks(quality), _sync(quality), _observation(quality))
    return tuple(check for part in parts for check in part if check.known)


def grade_of(checks: tuple[Check, ...]) -> str:
    """A without red, B up to two, C up to four, D beyond; D too where hardly anybody answers or hands in."""
    if any(check.least is not None and check.value < check.least for check in checks):
        return "D"
    reds = sum(check.state == "bad" for check in checks)
    return "A" if reds == 0 else "B" if reds <= 2 else "C" if reds <= 4 else "D"


def _state(value: float, warn: float, bad: float) -> State:
    if math.isnan(value):
        return "none"
    return "bad" if value > bad else "warn" if value > warn else "good"


def _cases(quality: WaveQuality, block: str, key: str, warn: float, bad: float) -> Check:
    """A check whose value is the share of interviews that fail it."""
    share, marks = quality.share(key), quality.marks.by_check[key]
    limit = None if math.isinf(bad) else bad
    return Check(block, key, share, "percent", _state(share, warn, bad), limit, int(marks.sum()), len(marks))


def _response(quality: WaveQuality) -> Iterator[Check]:
    answered, limits = quality.response, quality.limits
    if answered is None:
        return
    rates, n = answered.log.rates, answered.log.dwellings
    state: State = "bad" if rates.rr1 < limits.response else "good"
    yield Check("response", "rr1", rates.rr1, "percent", state, limits.response, of=n, least=limits.response_least)
    state = "bad" if answered.fall > limits.response_fall else "good"
    yield Check("response", "fall", answered.fall, "percent", state, limits.response_fall, of=n)
    for key in ("rr3", "coop1", "ref1", "con1"):
        yield Check("response", key, getattr(rates, key), "percent", "none", of=n)
    unsafe = answered.log.unsafe
    yield Check("response", "unsafe", float(unsafe), "count", "warn" if unsafe else "good", of=n)


def _returns(quality: WaveQuality) -> Iterator[Check]:
    told, limits = quality.returns, quality.limits
    if told is None:
        return
    share = told.came / told.due
    state: State = "bad" if share < limits.returns else "good"
    yield Check("returns", "came", share, "percent", state, limits.returns, of=told.due, least=limits.returns_least)
    yield Check("returns", "revised", float(told.revised), "count", "none", of=told.came)
    blank = told.blank / told.numbers if told.numbers else math.nan
    yield Check("returns", "blank", blank, "percent", _state(blank, limits.missing, math.inf), of=told.numbers)
    for key, lines in (("jumps", told.jumps), ("flow", told.flow)):
        yield Check("returns", key, float(len(lines)), "count", "warn" if lines else "good", of=told.came)


def _time(quality: WaveQuality) -> Iterator[Check]:
    marks, (red, amber) = quality.marks, quality.marks.speed_limits
    median = quantile(marks.minutes, 0.5)
    relative = amber < quality.limits.quick_minutes
    state: State = "good" if relative or not amber else "bad" if median < red else "warn" if median < amber else "good"
    yield Check("time", "median", median, "minutes", state, red or None)
    if amber and not math.isnan(median):
        yield _cases(quality, "time", "fast", 0.0, _SOME)
        yield _cases(quality, "time", "quick", quality.limits.often, math.inf)
        yield _cases(quality, "time", "overlap", 0.0, _RARE)
    if quality.week is not None:
        yield _cases(quality, "time", "hours", 0.0, math.inf)


def _answers(quality: WaveQuality) -> Iterator[Check]:
    limits, marks = quality.limits, quality.marks
    everyone = len(quality.sample.everyone)
    if quality.sample.role("consent"):
        refused = quality.sample.refused
        yield Check("answers", "refused", refused / everyone if everyone else math.nan, "percent", "none", of=everyone)
    if marks.battery:
        yield _cases(quality, "answers", "straight", limits.often / 2, limits.often)
    if len(marks.coded) >= ALIKE_QUESTIONS and not quality.observation:
        yield _cases(quality, "answers", "alike", 0.0, _SOME)
    if marks.coded and marks.n:
        items = sum(line.share > limits.missing for line in quality.missing)
        state: State = "bad" if items else "good"
        yield Check("answers", "missing_items", float(items), "count", state, 0, of=len(marks.coded))
        yield _cases(quality, "answers", "missing", _SOME, math.inf)
    if marks.n:
        yield _cases(quality, "answers", "broken", 0.0, math.inf)
    if quality.sample.role("case_id") and marks.n and not quality.observation:
        yield _cases(quality, "answers", "same_case", 0.0, 0.0)
    if (selection := quality.selection) is not None and selection.compared:
        yield from _selection(selection, limits)
    if quality.sample.role("privacy") and marks.n:
        yield _cases(quality, "answers", "overheard", limits.often, math.inf)
    if any(item.kind == "integer" for item in marks.items) and marks.n:
        heaped = sum(line.rounded.heaped > limits.heaped for line in quality.heaped)
        yield Check("answers", "heaped", float(heaped), "count", "warn" if heaped else "good", of=len(quality.heaped))
    if any(item.kind != "one" for item in marks.items) and marks.n:
        yield _cases(quality, "answers", "outlier", 0.0, math.inf)


def _selection(selection: Selection, limits: Thresholds) -> Iterator[Check]:
    share, limit, count = selection.share, limits.other_person, int(selection.others.sum())
    yield Check("answers", "other_person", share, "percent", _state(share, 0, limit), limit, count, selection.compared)
    far = selection.farthest
    yield Check("answers", "draw", far, "rho", _state(far, limits.draw, math.inf), limits.draw, of=selection.drawn)


def _place(quality: WaveQuality) -> Iterator[Check]:
    marks = quality.marks
    captured, allowed = marks.captured
    if allowed:
        share = captured / allowed
        yield Check("place", "captured", share, "percent", "warn" if share < 0.8 else "good", of=allowed)
    if (known := ~_nan(marks.metres)).any():
        share = float(marks.by_check["far"][known].mean())
        count = int(marks.by_check["far"].sum())
        yield Check("place", "far", share, "percent", _state(share, 0.0, _SOME), _SOME, count, int(known.sum()))
        yield _cases(quality, "place", "same_point", 0.0, math.inf)
        yield _cases(quality, "place", "leap", 0.0, math.inf)
    facts = quality.facts
    if facts.planned_sites:
        visited = len(facts.units & set(marks.sites.tolist())) / facts.planned_sites
        yield Check("place", "visited", visited, "percent", "none", of=facts.planned_sites)
        if facts.sites_before:
            kept = facts.sites_kept / facts.planned_sites
            yield Check("place", "kept", kept, "percent", "none", of=facts.planned_sites)
        share, limit = facts.substituted / facts.planned_sites, quality.limits.substituted
        yield Check("place", "substituted", share, "percent", _state(share, 0.0, limit), limit, of=facts.planned_sites)


def _people(quality: WaveQuality) -> Iterator[Check]:
    limits = quality.limits
    if quality.people:
        share = max(person.interviews for person in quality.people) / quality.marks.n
        many = len(quality.people) > 2 / limits.largest
        state: State = "warn" if many and share > limits.largest else "good"
        yield Check("people", "largest", share, "percent", state, limits.largest, of=len(quality.people))
    known = [line.effect for line in quality.effects if not math.isnan(line.effect.rho)]
    if known:
        firm = [effect.rho for effect in known if effect.p_value < _CERTAIN]
        worst = max(firm, default=0.0)
        yield Check("people", "rho", worst, "rho", "bad" if worst > limits.rho else "good", limits.rho, of=len(known))
    flagged = sum(bool(person.flags) for person in quality.people)
    if quality.people:
        state = "warn" if flagged else "good"
        yield Check("people", "flagged", float(flagged), "count", state, of=len(quality.people))


def _back_checks(quality: WaveQuality) -> Iterator[Check]:
    back, limits = quality.back, quality.limits
    if back is None or not quality.marks.n:
        return
    done = len(back.rows) / quality.marks.n
    state: State = "bad" if done < limits.checked else "good"
    yield Check("checks", "done", done, "percent", state, limits.checked, of=quality.marks.n)
    if len(back.rows):
        wrong = int(back.rows["firm"].sum())
        state = "bad" if back.mismatch > limits.mismatch else "good"
        yield Check("checks", "mismatch", back.mismatch, "percent", state, limits.mismatch, wrong, len(back.rows))
        unreal = int((~back.rows["real"].astype(bool)).sum())
        yield Check("checks", "unreal", float(unreal), "count", "bad" if unreal else "good", 0, of=len(back.rows))


def _sync(quality: WaveQuality) -> Iterator[Check]:
    marks, facts, limits = quality.marks, quality.facts, quality.limits
    if (~_nan(marks.lag)).any():
        yield Check("sync", "lag", quantile(marks.lag, 0.5), "days", "none")
        yield _cases(quality, "sync", "late", 0.0, limits.late)
        yield _cases(quality, "sync", "clock", 0.0, _RARE)
    if facts.clocks:
        wrong = sum(abs(seconds) > 60 * limits.clock_minutes for _, _, seconds in facts.clocks)
        yield Check("sync", "clocks", float(wrong), "count", "warn" if wrong else "good", of=len(facts.clocks))
    for key, count in (("conflicts", facts.conflicts), ("quarantined", facts.quarantined)):
        yield Check("sync", key, float(count), "count", "warn" if count else "good")
    yield Check("sync", "lost", float(facts.lost), "count", "bad" if facts.lost else "good", 0)
    versions = len(quality.versions)
    old = int(marks.by_check["version"].sum())
    yield Check("sync", "version", float(versions), "count", "bad" if versions > 1 else "good", 1, old, marks.n)


def _observation(quality: WaveQuality) -> Iterator[Check]:
    seen, limits = quality.observation, quality.limits
    if seen is None or not seen.encounters:
        return
    share = seen.paired / seen.encounters
    yield Check(
        "observation", "paired", share, "percent", "warn" if share < limits.paired else "good", of=seen.encounters
    )
    yield Check("observation", "agreement", seen.agreement, "percent", "none", of=seen.compared)
    gap = seen.mode_gap
    yield Check("observation", "mode_gap", gap, "percent", _state(gap, _FAR_FROM_PLAN, math.inf))
    often = len(seen.not_seen)
    yield Check("observation", "not_seen", float(often), "count", "bad" if often else "good", 0)


def _nan(values: Floats) -> Bools:
    missing: Bools = np.isnan(values)
    return missing
