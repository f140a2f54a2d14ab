"""How interviewers worked in a wave: where and when they asked, cases that came twice, rounded numbers, lengths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.design import Bools
from survey_server.estimation.habits import Rounded, find_leaps, find_twice, hours_of, round_numbers, week_grid
from survey_server.estimation.quality import quantile, read_points
from survey_server.reports.coded import Coded
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_NUMBERS

if TYPE_CHECKING:
    from survey_server.reports.quality.wave_marks import Marks

OVERHEARD = "3"
"""Of the privacy question: others are within hearing."""
LANGUAGE = "int_lang"
_FEW, _ITEMS, _WORTH_TELLING = 20, 12, 0.3


@dataclass(frozen=True)
class Lengths:
    """How long interviews in one language took, in minutes; "" for all languages."""

    language: str
    interviews: int
    p5: float
    median: float
    p95: float


@dataclass(frozen=True)
class HeapedItem:
    """A question with numbers, how round they are, and whose are the roundest."""

    item: Item
    rounded: Rounded
    person: str
    person_share: float


def habit_marks(marks: Marks) -> Mapping[str, Bools]:
    """The checks that look at how each interview was made."""
    issues = pd.to_numeric(marks.frame.get("_issues", pd.Series(0, index=marks.frame.index)), errors="coerce")
    case = marks.sample.role("case_id") if marks.sample.role("pair") is None else None
    privacy = marks.sample.role("privacy")
    return {
        "broken": (issues.fillna(0) > 0).to_numpy(dtype=bool),
        "same_case": _same_case(marks, case) if case else _nothing(marks),
        "same_point": _same_point(marks),
        "overheard": Coded.of(marks.frame, privacy).where(OVERHEARD.__eq__) if privacy else _nothing(marks),
        "hours": _odd_hours(marks),
        "leap": _leaps(marks),
    }


def week_of(marks: Marks) -> NDArray[np.intp] | None:
    """When interviews began: 7 days by 24 hours of the place; None where no phone told."""
    zone = marks.facts.time_zone
    if not zone or "_started" not in marks.frame or marks.frame["_started"].isna().all():
        return None
    return week_grid(marks.frame["_started"], zone)


def lengths_of(marks: Marks) -> tuple[Lengths, ...]:
    """The lengths of all interviews, and by the language they were held in where there are several."""
    coded = Coded.of(marks.frame, LANGUAGE)
    texts = coded.texts
    known = sorted({code for code in texts.tolist() if code})
    rows = [("", np.ones(marks.n, dtype=bool)), *((code, texts == code) for code in known if len(known) > 1)]
    found = []
    for code, chosen in rows:
        minutes = marks.minutes[chosen]
        if (timed := int((~np.isnan(minutes)).sum())) > 0:
            found.append(Lengths(code, timed, *(quantile(minutes, share) for share in (0.05, 0.5, 0.95))))
    return tuple(found)


def heaped_items(marks: Marks) -> Iterator[HeapedItem]:
    """The questions whose numbers end in 0 or 5 more often than numbers do, the roundest first."""
    found = []
    for item in marks.items:
        if item.kind == "integer" and item.name in marks.frame:
            values = pd.to_numeric(marks.frame[item.name], errors="coerce").to_numpy(dtype=float).copy()
            values[np.isin(values, list(MISSING_NUMBERS))] = np.nan
            rounded = round_numbers(values)
            if rounded is not None and rounded.share >= _WORTH_TELLING:
                found.append(HeapedItem(item, rounded, *_roundest(marks, values)))
    yield from sorted(found, key=lambda line: (-line.rounded.share, line.item.name))[:_ITEMS]


def places_of_days(marks: Marks, days: pd.DatetimeIndex) -> NDArray[np.intp]:
    """On which of the days each interview was made; -1 for none of them."""
    return days.get_indexer(pd.DatetimeIndex(marks.frame["_collected_on"]).normalize())


def days_of(marks: Marks, most: int = 60) -> pd.DatetimeIndex:
    """The days of the fieldwork, the last `most` of them."""
    when = pd.to_datetime(marks.frame["_collected_on"]).dropna().dt.normalize()
    return pd.date_range(when.min(), when.max())[-most:] if len(when) else pd.DatetimeIndex([])


def _roundest(marks: Marks, values: NDArray[np.floating]) -> tuple[str, float]:
    """The interviewer with the largest share of round numbers, of those who asked some; "" for nobody."""
    known = ~np.isnan(values)
    frame = pd.DataFrame({"who": marks.interviewers[known], "round": values[known] % 5 == 0}).dropna()
    by_person = frame.groupby("who")["round"].agg(["mean", "size"])
    enough = by_person[by_person["size"] >= _FEW]
    return (str(enough["mean"].idxmax()), float(enough["mean"].max())) if len(enough) else ("", float("nan"))


def _nothing(marks: Marks) -> Bools:
    return np.zeros(marks.n, dtype=bool)


def _same_case(marks: Marks, column: str) -> Bools:
    """The same case twice; where a case comes back, such as a committee every month, on the same occasion."""
    cases, occasion = Coded.of(marks.frame, column).texts, marks.sample.role("occasion")
    if occasion is None:
        return find_twice(cases.tolist())
    occasions = Coded.of(marks.frame, occasion).texts
    return find_twice([f"{case}\n{when}" if case else None for case, when in zip(cases, occasions, strict=True)])


def _same_point(marks: Marks) -> Bools:
    """Positions that are equal to the last digit in interviews of one site: the receiver never says that twice."""
    column = marks.sample.role("gps")
    if column is None or column not in marks.frame:
        return _nothing(marks)
    texts = Coded.of(marks.frame, column).texts
    return find_twice([f"{site}\n{text}" if text else None for site, text in zip(marks.sites, texts, strict=True)])


def _odd_hours(marks: Marks) -> Bools:
    """Begun before the first or after the last hour of the day."""
    if not marks.facts.time_zone or "_started" not in marks.frame:
        return _nothing(marks)
    hours = hours_of(marks.frame["_started"], marks.facts.time_zone)
    with np.errstate(invalid="ignore"):
        odd: Bools = (hours < marks.limits.first_hour) | (hours >= marks.limits.last_hour)
    return odd


def _leaps(marks: Marks) -> Bools:
    """Too far from the same interviewer's last one for the time between: by the positions taken."""
    column = marks.sample.role("gps")
    if column is None or column not in marks.frame or not {"_started", "_ended"} <= set(marks.frame.columns):
        return _nothing(marks)
    point = read_points(Coded.of(marks.frame, column).texts.tolist())
    who, limits = marks.interviewers.tolist(), marks.limits
    times = marks.frame["_started"], marks.frame["_ended"]
    return find_leaps(who, *times, *point, limits.fastest_kmh, limits.least_km)
