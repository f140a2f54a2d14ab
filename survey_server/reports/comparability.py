"""Whether two waves of an indicator may be compared: what breaks the comparison, and what asks for caution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from survey_server.reports.decided import Ruling, cautions, is_broken, prints
from survey_server.reports.measure import Pair
from survey_server.reports.sample import Sample
from survey_server.reports.value import Cell, Note
from survey_server.xlsform.registry import Indicator

OVERLAP_BREAK, OVERLAP_CAUTION = 0.60, 0.80
SEASON_DAYS, DURATION_MOVE, MISSING_MOVE = 45, 0.25, 5.0
SITES_NAMED = 5


@dataclass(frozen=True)
class Comparability:
    """Reasons by rule: any break means "Not comparable"; cautions keep the verdict and are printed with it."""

    breaks: tuple[Note, ...] = ()
    cautions: tuple[Note, ...] = ()


def check_comparability(pair: Pair, indicator: Indicator, overlap: float) -> Comparability:
    """What the two waves' questions, sites and fieldwork say about comparing this indicator."""
    if pair.before is None:
        return Comparability()
    breaks = [*_wording(pair, indicator), *_overlap(pair, overlap, 0.0, OVERLAP_BREAK, "break.overlap")]
    cautions = [
        *_overlap(pair, overlap, OVERLAP_BREAK, OVERLAP_CAUTION, "caution.overlap"),
        *_missing(pair, indicator),
        *_decided(pair, indicator),
        *fieldwork_cautions(pair),
    ]
    return Comparability(tuple(breaks), tuple(cautions))


def broken_questions(pair: Pair, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the questions whose wording or choices differ between or inside the waves."""
    if pair.before is None:
        return ()
    return tuple(name for name in names if is_broken(_prints(pair, name), _rulings(pair, name)))


def _prints(pair: Pair, name: str) -> dict[str, str]:
    """How the question was put in either wave: print -> wording hash."""
    return {key: value for sample in pair.samples for key, value in prints(sample.data.questionnaires, name).items()}


def _rulings(pair: Pair, name: str) -> list[Ruling]:
    return [ruling for ruling in pair.after.data.rulings if ruling.item == name]


def _decided(pair: Pair, indicator: Indicator) -> Iterator[Note]:
    """What an analyst let be compared with caution, and why."""
    for name in indicator.questions:
        for ruling in cautions(_prints(pair, name), _rulings(pair, name)):
            yield Note("caution.decided", words={"question": name, "reason": ruling.reason})


def fieldwork_cautions(pair: Pair) -> Iterator[Note]:
    """Cautions that hold for everything in the wave: flaws of the design, another season, longer interviews."""
    yield from design_cautions(pair)
    if pair.before is None:
        return
    days = [sample.middle_day for sample in pair.samples]
    if days[0] and days[1] and (shift := _season_shift(days[0], days[1])) > SEASON_DAYS:
        yield Note("caution.season", {"days": Cell(float(shift))})
    minutes = [sample.median_minutes for sample in pair.samples]
    if minutes[0] and minutes[1] and abs(minutes[1] / minutes[0] - 1) > DURATION_MOVE:
        cells = {"before": Cell(minutes[0], "minutes"), "after": Cell(minutes[1], "minutes")}
        yield Note("caution.duration", cells)


def design_cautions(pair: Pair) -> Iterator[Note]:
    """What is wrong with the sites' weights and strata, with the names of the sites and how they were counted."""
    for sample in pair.samples:
        wave = {"wave": sample.data.wave.name}
        if sample.fitted.problem:
            yield Note("caution.margins", words=wave | {"reason": sample.fitted.problem})
        if sample.blank_columns:
            yield Note("caution.blank", {}, wave | {"columns": ", ".join(sample.blank_columns)})
        if sample.bad_weights:
            told = [f"{site} ({value or '–'})" for site, value in sample.bad_weights.items()]
            yield Note("caution.weights", {"count": Cell(float(len(told)))}, wave | {"sites": _listed(told)})
        if sample.torn_psus:
            told = [f"{site} ({', '.join(strata)} → {strata[0]})" for site, strata in sample.torn_psus.items()]
            yield Note("caution.strata", {"count": Cell(float(len(told)))}, wave | {"sites": _listed(told)})
    if moved := pair.moved_sites:
        told = [f"{site} ({one} → {two})" for site, (one, two) in moved.items()]
        yield Note("caution.moved", {"count": Cell(float(len(told)))}, {"sites": _listed(told)})


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names[:SITES_NAMED]) + ("; …" if len(names) > SITES_NAMED else "")


def missing_share(sample: Sample, name: str) -> float:
    """Percent of those asked a question who don't know or don't answer (88, 99); NaN when nobody was asked."""
    coded = sample.coded(name)
    asked = coded.count(lambda code: True)
    missing = coded.count(lambda code: code in ("88", "99", "-88", "-99"))
    return 100.0 * missing / asked if asked else math.nan


def _wording(pair: Pair, indicator: Indicator) -> Iterator[Note]:
    if broken := broken_questions(pair, indicator.questions):
        yield Note("break.wording", words={"questions": ", ".join(broken)})


def _overlap(pair: Pair, overlap: float, low: float, high: float, rule: str) -> Iterator[Note]:
    if pair.has_sites and not math.isnan(overlap) and low <= overlap < high:
        yield Note(rule, {"overlap": Cell(100 * overlap, "percent")})


def _missing(pair: Pair, indicator: Indicator) -> Iterator[Note]:
    assert pair.before is not None
    for name in indicator.questions:
        before, after = missing_share(pair.before, name), missing_share(pair.after, name)
        if abs(after - before) > MISSING_MOVE:
            cells = {"before": Cell(before, "percent1"), "after": Cell(after, "percent1")}
            yield Note("caution.missing", cells, {"question": name})


def _season_shift(one: date, two: date) -> int:
    """Days between two days of the year, the shorter way round."""
    gap = abs(one.timetuple().tm_yday - two.timetuple().tm_yday)
    return min(gap, 365 - gap)
