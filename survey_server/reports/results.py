"""Every indicator of every form: its comparison, adjusted p, comparability and verdict, computed once for all pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from survey_server.estimation.change import Change
from survey_server.estimation.multiplicity import benjamini_hochberg, holm
from survey_server.estimation.verdict import Direction, Verdict, oriented, verdict
from survey_server.problems import Problem
from survey_server.reports.coded import Codes
from survey_server.reports.comparability import Comparability, check_comparability
from survey_server.reports.contrasts import BY_ITEM, CONTRASTS, ELSEWHERE, compare_contrast
from survey_server.reports.measure import KINDS, LINEARISED, NO_COMPARISON, Columns, Comparison, Cube, Pair
from survey_server.reports.units import change_format, value_format
from survey_server.reports.value import Format
from survey_server.xlsform.registry import Indicator

HEADLINES_AT_MOST, PSUS_PER_ARM = 12, 10


@dataclass(frozen=True)
class Result:
    """One indicator with all that is said of it; `problem` is why it couldn't be computed, in the registry's terms.

    `by_comparison` marks a verdict taken from the comparison areas, because they contradict the plain change.
    """

    indicator: Indicator
    pair: Pair
    comparison: Comparison
    comparability: Comparability
    p_adjusted: float = math.nan
    verdict: Verdict | None = None
    problem: str = ""
    by_comparison: bool = False

    @property
    def value_format(self) -> Format:
        """How its values are printed."""
        return value_format(self.indicator)

    @property
    def change_format(self) -> Format:
        """How its changes are printed."""
        return change_format(self.indicator)

    @property
    def minimum_change(self) -> float:
        """The smallest change that matters: the registry's, else 5 points or a twentieth of the scale's usual step."""
        if self.indicator.minimum_change is not None:
            return self.indicator.minimum_change
        return 0.3 if self.change_format == "change" else 5.0


def compute_results(pairs: Sequence[Pair]) -> tuple[Result, ...]:
    """All indicators of all forms, adjusted inside their families, with their verdicts."""
    results = [result for pair in pairs for result in _compare_all(pair)]
    adjusted = _adjust(results)
    return tuple(_weigh(_judge(result, p)) for result, p in zip(results, adjusted, strict=True))


def headlines_of(results: Sequence[Result]) -> tuple[Result, ...]:
    """The headline indicators that could be computed, in the registry's order, at most twelve."""
    shown = [r for r in results if r.indicator.headline and (r.comparison.after or r.comparison.before)]
    return tuple(shown[:HEADLINES_AT_MOST])


def indicator_cube(pair: Pair, indicators: Sequence[Indicator], breakdowns: Sequence[Mapping[str, Codes]]) -> Cube:
    """The comparisons of the indicators by breakdowns, given for each wave."""
    columns = [
        Columns({indicator.code: sample.scored(indicator) for indicator in indicators}, breakdown)
        for sample, breakdown in zip(pair.samples, breakdowns, strict=True)
    ]
    kinds = {indicator.code: pair.kind_of(indicator) for indicator in indicators}
    return pair.cube(columns, kinds, [indicator.code for indicator in indicators if indicator.sensitive])


def _compare_all(pair: Pair) -> Iterator[Result]:
    problems = {indicator.code: _problem(pair, indicator) for indicator in pair.registry.indicators}
    able = [i for i in pair.registry.indicators if i.estimator in KINDS and not problems[i.code]]
    cube = indicator_cube(pair, able, [{} for _ in pair.samples]) if able else None
    for indicator in pair.registry.indicators:
        comparison = NO_COMPARISON
        if not problems[indicator.code]:
            comparison = _found(pair, indicator, cube, indicator in able).scaled(indicator.scale)
        overlap = comparison.change.overlap if comparison.change else math.nan
        comparability = check_comparability(pair, indicator, overlap)
        yield Result(indicator, pair, comparison, comparability, problem=problems[indicator.code])


def _found(pair: Pair, indicator: Indicator, cube: Cube | None, in_cube: bool) -> Comparison:
    """The comparison in the units of the formula."""
    if in_cube and cube is not None:
        return cube.comparison(indicator.code)
    if indicator.estimator == "contrast":
        return compare_contrast(pair, indicator) or NO_COMPARISON
    return pair.compare_linear(indicator)


def _problem(pair: Pair, indicator: Indicator) -> str:
    """Why an indicator can't be computed: a rule of the texts, or what its formula stumbles over."""
    if indicator.estimator == "contrast":
        known = {**dict.fromkeys(BY_ITEM, "by_item"), **dict.fromkeys(ELSEWHERE, "elsewhere")}
        return "" if indicator.code in CONTRASTS else known.get(indicator.code, "estimator")
    if indicator.estimator not in (*KINDS, *LINEARISED):
        return "estimator"
    if indicator.formula is None:
        return "no_formula"
    try:
        for sample in pair.samples:
            sample.scored(indicator)
            sample.denominator(indicator)
    except Problem as problem:
        return problem.detail
    return ""


def _adjust(results: Sequence[Result]) -> list[float]:
    """Holm over the headline family, Benjamini-Hochberg over the rest; NaN stays out of both."""
    adjusted = [math.nan] * len(results)
    p_values = [_p_of(result) for result in results]
    for family, method in ((True, holm), (False, benjamini_hochberg)):
        places = [
            place
            for place, result in enumerate(results)
            if result.indicator.headline is family and not math.isnan(p_values[place])
        ]
        for place, p in zip(places, method([p_values[place] for place in places]), strict=True):
            adjusted[place] = float(p)
    return adjusted


def _p_of(result: Result) -> float:
    """The p value of the change turned to its good direction (a target counts the distance to it)."""
    change = result.comparison.change
    if change is None or result.comparability.breaks:
        return math.nan
    if result.indicator.direction == "target" and result.indicator.target is None:
        return change.p_value
    return oriented(change, _direction(result.indicator), result.indicator.target).p_value


def _judge(result: Result, p_adjusted: float) -> Result:
    is_level = result.indicator.estimator == "contrast" and result.comparison.change is None
    if result.problem or result.pair.before is None or is_level:
        return replace(result, p_adjusted=p_adjusted)
    word = verdict(
        result.comparison.change,
        _direction(result.indicator),
        result.minimum_change,
        1.0 if math.isnan(p_adjusted) else p_adjusted,
        breaks=[note.rule for note in result.comparability.breaks],
        cautions=[note.rule for note in result.comparability.cautions],
        target=result.indicator.target,
        sensitive=result.indicator.sensitive,
    )
    return replace(result, p_adjusted=p_adjusted, verdict=word)


def _weigh(result: Result) -> Result:
    """A clear plain change that the comparison areas turn round takes the difference in differences' verdict."""
    indicator, plain = result.indicator, result.comparison.change
    clear = result.verdict is not None and result.verdict.word_key in ("improved", "worsened")
    if not (clear and plain and indicator.headline and min(result.pair.psus_per_arm) >= PSUS_PER_ARM):
        return result
    did = result.pair.did(indicator)
    if did is None or did.estimate.value * indicator.scale * plain.estimate.value >= 0:
        return result
    change = Change(
        did.estimate.scaled(indicator.scale),
        did.programme_before.scaled(indicator.scale),
        did.programme_after.scaled(indicator.scale),
        did.p_value,
        did.mde * abs(indicator.scale),
        plain.overlap,
    )
    word = verdict(
        change,
        _direction(indicator),
        result.minimum_change,
        cautions=[note.rule for note in result.comparability.cautions],
        target=indicator.target,
        sensitive=indicator.sensitive,
    )
    return replace(result, verdict=word, by_comparison=True)


def _direction(indicator: Indicator) -> Direction:
    """The registry's direction; a target without a value is read as context, so that nothing is claimed."""
    if indicator.direction == "target" and indicator.target is None:
        return "context"
    for direction in get_args(Direction):
        if direction == indicator.direction:
            found: Direction = direction
            return found
    return "context"
