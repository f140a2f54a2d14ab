"""Indicators that compare groups, modes or versions: the list experiment, the split ballot, the Hawthorne gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from survey_server.estimation.change import Change, change_df, contrast, difference, joint_covariance, mde, p_value
from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.estimate import Estimate
from survey_server.estimation.hawthorne import MatchedGap, gap_change, matched_gap
from survey_server.estimation.taylor import Linear, linear_means
from survey_server.problems import EmptyDomain
from survey_server.reports.measure import NO_COMPARISON, Comparison, Pair
from survey_server.reports.observed import Observed
from survey_server.reports.sample import MISSING_CODES, Sample
from survey_server.xlsform.registry import Indicator

BY_ITEM = frozenset({"O15"})
"""Shown item by item on a page of their own; there is no one number."""
ELSEWHERE = frozenset({"O09", "F02", "T01", "T02", "T05", "T07", "T08", "T15", "T16", "C02", "C05", "C06", "J16"})
"""Computed from registers, on the pages about them."""
MATCHED_ON = ("post_type", "light", "enc_type")


def compare_contrast(pair: Pair, indicator: Indicator) -> Comparison | None:
    """The contrast in both waves, in the units of its formula (before scaling); None for one we don't know."""
    made = CONTRASTS.get(indicator.code)
    return made(pair) if made is not None else None


def _list_experiment(pair: Pair) -> Comparison:
    """The mean of the long list less that of the short one: the share to whom the sensitive thing happened."""
    return _between(pair, lambda sample: _two_lists(sample, "le_long", "le_short"))


def _donor_cue(pair: Pair) -> Comparison:
    """Support when the donors are named less support when they aren't; who hears which is drawn by the phone."""
    return _between(pair, _split_ballot)


def _between(pair: Pair, sides: Callable[[Sample], tuple[Floats, Bools, Bools] | None]) -> Comparison:
    linears: list[Linear | None] = []
    for sample in pair.samples:
        found = sides(sample)
        if found is None or not found[1].any() or not found[2].any():
            linears.append(None)
        else:
            y, one, other = found
            linears.append(linear_means(y, sample.design, [one, other]))
    estimates = [_gap(linear) if linear is not None else None for linear in linears]
    before = estimates[0] if pair.before else None
    first, last = linears[0], linears[-1]
    if before is None or estimates[-1] is None or first is None or last is None:
        return Comparison(before, estimates[-1])
    return Comparison(before, estimates[-1], _gap_change(pair, first, last, before, estimates[-1]))


def _gap(linear: Linear) -> Estimate:
    value, se = contrast(linear.values, linear.covariance, (1, -1))
    return difference(value, se, linear.df, [linear.estimate(0), linear.estimate(1)])


def _gap_change(pair: Pair, first: Linear, last: Linear, before: Estimate, after: Estimate) -> Change:
    assert pair.shared is not None
    values = np.concatenate([first.values, last.values])
    value, se = contrast(values, joint_covariance(first, last, pair.shared), (-1, 1, 1, -1))
    df = change_df(first, last, pair.shared)
    estimate = difference(value, se, df, [before, after])
    return Change(estimate, before, after, p_value(value, se, df), mde(se), pair.shared.overlap)


def _two_lists(sample: Sample, long: str, short: str) -> tuple[Floats, Bools, Bools] | None:
    counts = [_numbers(sample, name) for name in (long, short)]
    given = [~np.isnan(column) for column in counts]
    return np.where(given[0], counts[0], counts[1]), given[0], given[1] & ~given[0]


def _split_ballot(sample: Sample) -> tuple[Floats, Bools, Bools] | None:
    support = _numbers(sample, "aid_police")
    version = _numbers(sample, "sb_ver")
    y = np.where(np.isnan(support), math.nan, (support <= 2).astype(float))
    return y, (version == 2) & ~np.isnan(y), (version == 1) & ~np.isnan(y)


def _numbers(sample: Sample, name: str) -> Floats:
    """The answers as numbers, NaN for blanks and for the codes of no answer."""
    known = {code: float(code) for code in map(str, range(100)) if code not in MISSING_CODES}
    return sample.coded(name).numbers(lambda code: known.get(code, math.nan))


def _hawthorne_gap(pair: Pair) -> Comparison:
    """Announced less covert compliance among encounters alike in place, light and kind."""
    gaps = _matched_gaps(pair)
    if not gaps:
        return NO_COMPARISON
    estimates = [gap.estimate if gap else None for gap in gaps]
    first, last = gaps[0], gaps[-1]
    if pair.before is None or first is None or last is None:
        return Comparison(estimates[0] if pair.before else None, estimates[-1])
    moved, p = gap_change(first, last)
    overlap = pair.shared.overlap if pair.shared else math.nan
    return Comparison(
        first.estimate, last.estimate, Change(moved, first.estimate, last.estimate, p, mde(moved.se), overlap)
    )


def _gap_of_gaps(pair: Pair) -> Comparison:
    """How much the gap changed, as a level: the target is none."""
    change = _hawthorne_gap(pair).change
    return Comparison(None, change.estimate) if change else NO_COMPARISON


def _matched_gaps(pair: Pair) -> list[MatchedGap | None]:
    observed = Observed(pair)
    if not pair.is_observation or observed.index is None:
        return []
    gaps: list[MatchedGap | None] = []
    for sample in pair.samples:
        cell = np.array(
            ["|".join(parts) for parts in zip(*(sample.codes(n).astype(str) for n in MATCHED_ON), strict=True)]
        )
        y = sample.values(observed.index, based=False) * observed.index.scale
        try:
            gaps.append(matched_gap(y, observed.announced(sample), observed.covert(sample), cell, sample.design))
        except EmptyDomain:
            gaps.append(None)
    return gaps


CONTRASTS: Mapping[str, Callable[[Pair], Comparison]] = {
    "S40": _list_experiment,
    "S44": _donor_cue,
    "O13": _hawthorne_gap,
    "O14": _gap_of_gaps,
}
