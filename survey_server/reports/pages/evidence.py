"""What a difference in differences rests on: balance before the start, the placebo, earlier waves, few points."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from functools import partial

import numpy as np

from survey_server.estimation.change import Sample as Item
from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.event_study import Balance, baseline_balance, event_study, evidence
from survey_server.estimation.taylor import linear_means
from survey_server.estimation.wild import wild_bootstrap
from survey_server.problems import BadEstimate, EmptyDomain
from survey_server.reports.measure import KINDS, Pair, estimate_cell, programme_arm
from survey_server.reports.results import Result
from survey_server.reports.sample import MISSING_CODES, Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, Note, Prose, Row, Table, text_cell

PLACEBO = "S23"
FEW_PSUS, PRE_WAVES = 40, 2
_NO = ("", "0", "no", "nan", "none")
BACKGROUND = ("sex", "age", "age_grp", "edu", "ethnic", "area", "site.area")


def placebo_of(study: Study, pair: Pair) -> Result | None:
    """The registry's placebo indicator, which the programme should not move."""
    return next((r for r in study.results if r.pair is pair and r.indicator.code == PLACEBO), None)


def wild_p(result: Result) -> float:
    """The p value of a wild bootstrap over sampling points, for designs with fewer than 40; NaN with more."""
    pair = result.pair
    if pair.before is None or sum(pair.psus_per_arm) >= FEW_PSUS:
        return math.nan
    linears = []
    for sample in pair.samples:
        arm = programme_arm(sample)
        if arm is None:
            return math.nan
        try:
            linears.append(linear_means(sample.values(result.indicator), sample.design, [arm, ~arm]))
        except EmptyDomain:
            return math.nan
    try:
        return wild_bootstrap(linears[0], linears[1], (-1, 1, 1, -1)).p_value
    except BadEstimate:
        return math.nan


def balance_blocks(study: Study, pair: Pair, effects: Sequence[Result]) -> Iterator[Block]:
    """How alike the areas were before the start, and the sentence on what the differences may be called."""
    found = _balance(pair, effects)
    if not found:
        return
    t = study.t
    columns = (
        Column("programme", t["head.programme_areas"]),
        Column("comparison", t["head.comparison_areas"]),
        Column("gap", t["balance.gap"], detail="SD"),
        Column("flag", "", left=True),
    )
    rows = tuple(_balance_row(study, pair, one) for one in found)
    title = f"{t['balance.title']} · {pair.samples[0].data.wave.name}"
    table_id = f"comparison.balance.{pair.form_id}"
    notes = (note("balance.note"),)
    yield Table(
        table_id, title, columns, rows, notes=notes, layout="items folded balance", corner=t["balance.property"]
    )
    worst = max((abs(one.difference) for one in found if not math.isnan(one.difference)), default=0.0)
    placebo = placebo_of(study, pair)
    did = pair.did(placebo.indicator) if placebo else None
    p = did.p_value if did else math.nan
    key = evidence(pair.psus_per_arm, worst, p)
    said: list[Note] = []
    if did is not None and placebo is not None:
        scaled = did.estimate.scaled(placebo.indicator.scale)
        moved = estimate_cell(scaled, placebo.change_format, interval=True)
        said.append(Note("evidence.placebo", {"placebo": moved}, {"name": study.label(placebo)}))
    rule = "evidence.placebo_moved" if key == "placebo" else f"evidence.{key}"
    said.append(Note(rule, {"worst": Cell(worst, "coefficient")} if key == "imbalance" else {}))
    yield Prose((*said, _other_donors(pair)), "small")


def _other_donors(pair: Pair) -> Note:
    """The share of the comparison points where another donor is active, which the list of points may say."""
    sample = pair.after
    arm, psu = programme_arm(sample), sample.role("psu") or sample.role("site")
    if arm is None or psu is None or "site.donor" not in sample.frame.columns:
        return note("evidence.no_donor")
    active = np.array([str(told).strip().lower() not in _NO for told in sample.frame["site.donor"]])
    points = {str(code) for code in sample.codes(psu)[~arm]}
    helped = {str(code) for code in sample.codes(psu)[~arm & active]}
    return Note("evidence.donor", {"share": Cell(100 * len(helped) / max(len(points), 1), "percent1", n=len(points))})


def _balance(pair: Pair, effects: Sequence[Result]) -> list[Balance]:
    sample = pair.samples[0]
    arm = programme_arm(sample)
    if pair.before is None or arm is None:
        return []
    items: dict[str, Floats] = {}
    for name in BACKGROUND:
        if name in sample.frame.columns and not (name == "area" and "site.area" in sample.frame.columns):
            items |= _shares(sample, name)
    items |= {r.indicator.code: sample.values(r.indicator) * r.indicator.scale for r in effects}
    able = {name: y for name, y in items.items() if (~np.isnan(y) & arm).any() and (~np.isnan(y) & ~arm).any()}
    return baseline_balance(able, Item(np.zeros(sample.n), sample.design, None), arm) if able else []


def _shares(sample: Sample, name: str) -> dict[str, Floats]:
    """A background question as shares in percent of its answers, at most six of them; ages as a mean."""
    coded = sample.coded(name)
    known = {code for code in coded.codes if code is not None and code not in MISSING_CODES}
    met = {coded.codes[place] for place in np.unique(coded.places)}
    levels = sorted(known & met - {None})
    if len(levels) > 12:
        return {name: coded.numbers(lambda code: float(code) if code in known and code.isdigit() else math.nan)}
    shown = levels[:1] if len(levels) == 2 else levels[:6]
    return {f"{name}={level}": coded.numbers(partial(_percent, known, level)) for level in shown}


def _percent(known: Collection[str], level: str, code: str) -> float:
    return 100.0 * (code == level) if code in known else math.nan


def _balance_row(study: Study, pair: Pair, one: Balance) -> Row:
    name, _, level = one.name.partition("=")
    result = next((r for r in study.results if r.pair is pair and r.indicator.code == one.name), None)
    label = study.label(result) if result else study.breakdown_label(pair, name)
    if level:
        label = study.t.of(label, study.level_label(pair, name, level))
    form = result.value_format if result else "percent1" if level else "index"
    flag = text_cell(study.t["balance.apart"], "worsened") if one.flagged else text_cell("")
    gap = Cell(None if math.isnan(one.difference) else one.difference, "coefficient")
    return Row(one.name, label, (Cell(one.programme, form), Cell(one.comparison, form), gap, flag))


def event_blocks(study: Study, pair: Pair, effects: Sequence[Result]) -> Iterator[Block]:
    """How the arms drew apart wave by wave, when there are two waves or more before the last; the pre-trend test."""
    samples = study.trends.get(pair.form_id, ())
    arms = [programme_arm(sample) for sample in samples]
    earlier = [place for place, sample in enumerate(samples) if sample.data.wave.ordinal < pair.after.data.wave.ordinal]
    if len(earlier) < PRE_WAVES or any(arm is None for arm in arms):
        return
    reference = earlier[-1]
    rows = [row for result in effects if (row := _event_row(study, result, samples, arms, reference))]
    if not rows:
        return
    columns: list[Column] = []
    for sample in samples:
        key = f"w{sample.data.wave.ordinal}"
        columns += [Column(key, sample.data.wave.name), Column(f"{key}.mark", "")]
    columns.append(Column("pre.mark", study.t["event.pre"]))
    table = Table(f"comparison.event.{pair.form_id}", "", tuple(columns), tuple(rows), corner=study.t["head.indicator"])
    words = {"reference": samples[reference].data.wave.name}
    yield Chart(f"event-{pair.form_id}", "trend", table, study.t["event.alt"], caption=note("event.caption", **words))


def _event_row(
    study: Study, result: Result, samples: Sequence[Sample], arms: Sequence[Bools | None], reference: int
) -> Row | None:
    if result.indicator.estimator not in KINDS:
        return None
    items = [Item(sample.values(result.indicator), sample.design, None) for sample in samples]
    known = [arm for arm in arms if arm is not None]
    try:
        told = event_study(items, known, reference)
    except (EmptyDomain, BadEstimate):
        return None
    cells: list[Cell] = []
    for estimate in told.estimates:
        cell = estimate_cell(estimate.scaled(result.indicator.scale), result.change_format, interval=True)
        cells += [cell, text_cell("")]
    p = Cell(None if math.isnan(told.pre_trend_p) else told.pre_trend_p, "p")
    return Row(result.indicator.code, study.label(result), (*cells, p))
