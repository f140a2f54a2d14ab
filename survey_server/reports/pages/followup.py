"""After the course: who was found, who still does the job, which methods are used and how that wears off."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from survey_server.estimation.change import difference
from survey_server.estimation.design import Bools, Design, Floats
from survey_server.estimation.estimate import Estimate, Kind
from survey_server.estimation.taylor import estimate_mean
from survey_server.reports.coded import codes_of
from survey_server.reports.measure import count_cell, estimate_cell
from survey_server.reports.observed import SCORES, Observed
from survey_server.reports.pages.wear import taught_and_seen
from survey_server.reports.plan import Plan
from survey_server.reports.registers.forms import FOLLOW_UP
from survey_server.reports.registers.monthly import choice_labels, label_of, numbers_of, plan_of
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import (
    Cell,
    Chart,
    Column,
    Format,
    LeftOut,
    Note,
    Page,
    Part,
    Prose,
    Row,
    SideBySide,
    Table,
)

MODULES = tuple(range(1, 10))
SMALLEST_GROUP, SENSITIVE_GROUP = 10, 50
FOUND, STILL, LOST = ("1", "2", "3", "4"), ("1", "2"), "5"


def build_followup(study: Study) -> Page | LeftOut:
    """The page of the interviews some months after the courses; groups of fewer than ten are never shown."""
    name = study.t["page.followup"]
    sample = study.registers.get(FOLLOW_UP)
    if sample is None or not {"p_code", "fu_when", "same_job"} <= set(sample.everyone.columns):
        return LeftOut("followup", name, note("left_out.no_followup"))
    asked = Asked(study, sample)
    tables = (_barriers(asked), _support(asked), taught_and_seen(study), _said_and_seen(asked))
    beside: tuple[Part, ...] = (_traced(asked), *_wear(asked), _use(asked), *(table for table in tables if table.rows))
    blocks = (Prose((note("followup.lead"),), "lead"), SideBySide(beside))
    return Page("followup", name, _message(asked), blocks)


@dataclass(frozen=True)
class Asked:
    """The interviews with consent, by months since the course."""

    study: Study
    sample: Sample

    @property
    def times(self) -> list[str]:
        """The months after the course at which people were looked for, in order."""
        met = {code for code in codes_of(self.sample.everyone, "fu_when") if code is not None}
        return sorted(met, key=lambda code: int(code) if code.isdigit() else 0)

    def at(self, time: str) -> Bools:
        """The interviews so many months after the course."""
        rows: Bools = self.sample.codes("fu_when").astype(str) == time
        return rows

    def share(self, name: str, wanted: Sequence[str], valid: Sequence[str]) -> Floats:
        """1 where the answer is wanted, 0 where it is another valid one, NaN otherwise."""
        codes = self.sample.codes(name).astype(str)
        return np.where(np.isin(codes, list(valid)), np.isin(codes, list(wanted)).astype(float), np.nan)

    def cell(
        self, y: Floats, rows: Bools, form: Format = "percent1", kind: Kind = "share", least: int = SMALLEST_GROUP
    ) -> Cell:
        """The mean or share in a group under the rule for officers: fewer than `least` are never shown."""
        inside = rows & ~np.isnan(y)
        n = int(inside.sum())
        if n < least:
            return Cell(format=form, n=n, flag="suppressed")
        people = codes_of(self.sample.frame, "p_code").astype(str)
        estimate = estimate_mean(y, Design(None, people, None), inside, kind)
        cell = estimate_cell(replace(estimate.scaled(100 if kind == "share" else 1), flag=""), form, interval=True)
        return replace(cell, flag="bracketed" if n < 50 else "")

    @property
    def columns(self) -> tuple[Column, ...]:
        """One column for each time after the course."""
        labels = choice_labels(self.study, self.sample, "fu_when")
        return tuple(Column(time, labels.get(time, time)) for time in self.times)


def _use_of(asked: Asked) -> dict[int, Floats]:
    names = {module: f"use_m{module}" for module in MODULES}
    found = {m: name for m, name in names.items() if name in asked.sample.frame.columns}
    return {module: asked.share(name, ("3", "4"), ("1", "2", "3", "4")) for module, name in found.items()}


def _average(columns: Sequence[Floats]) -> Floats:
    """Each person's share of methods in use, over those that apply to them."""
    grid = np.column_stack(columns)
    known = ~np.isnan(grid)
    counts = known.sum(axis=1)
    sums = np.where(known, grid, 0.0).sum(axis=1)
    shares: Floats = np.divide(100 * sums, counts, out=np.full(len(grid), math.nan), where=counts > 0)
    return shares


def _message(asked: Asked) -> Note:
    use = _use_of(asked)
    times = asked.times
    average = _average(list(use.values())) if use else np.full(asked.sample.n, math.nan)
    cells = {
        key: asked.cell(average, asked.at(time), "index", "mean")
        for key, time in (("first", times[0]), ("last", times[-1]))
    }
    if len(times) < 2 or not all(cell.shown for cell in cells.values()):
        return Note("followup.message.asked", {"n": count_cell(asked.sample.n)})
    low, high = cells["first"], cells["last"]
    falls = high.high is not None and low.low is not None and high.high < low.low
    words = {"first_time": times[0], "last_time": times[-1]}
    told = {"first": Cell(low.value, "percent"), "last": Cell(high.value, "percent")}
    return Note(f"followup.message.{'falls' if falls else 'holds'}", told, words)


def _traced(asked: Asked) -> Table:
    """Who was looked for, found and still in the trained duty; those not found count as lost."""
    t = asked.study.t
    everyone = asked.sample.everyone
    when, job = codes_of(everyone, "fu_when").astype(str), codes_of(everyone, "same_job").astype(str)
    lines: dict[str, list[Cell]] = {"looked": [], "found": [], "still": [], "asked": []}
    for time in asked.times:
        there = when == time
        n = int(there.sum())
        lines["looked"].append(count_cell(n))
        lines["found"].append(_plain_share(int((there & np.isin(job, FOUND)).sum()), n))
        lines["still"].append(_plain_share(int((there & np.isin(job, STILL)).sum()), n))
        lines["asked"].append(count_cell(int(asked.at(time).sum())))
    rows = tuple(Row(key, t[f"followup.row.{key}"], tuple(cells)) for key, cells in lines.items())
    return Table("followup.traced", t["followup.table.traced"], asked.columns, rows, corner=t["followup.since"])


def _plain_share(part: int, whole: int) -> Cell:
    if whole < SMALLEST_GROUP:
        return Cell(format="percent1", n=whole, flag="suppressed")
    return Cell(100 * part / whole, "percent1", n=whole, flag="bracketed" if whole < 50 else "")


def _use(asked: Asked) -> Table:
    t = asked.study.t
    rows = [
        Row(
            f"m{module}",
            label_of(asked.study, asked.sample, f"F01m{module}"),
            tuple(asked.cell(y, asked.at(time)) for time in asked.times),
            detail=f"M{module}",
        )
        for module, y in _use_of(asked).items()
    ]
    return Table(
        "followup.use",
        t["followup.table.use"],
        asked.columns,
        tuple(rows),
        Note("followup.use.base", {"n": count_cell(asked.sample.n)}),
        (note("followup.rule"),),
        "items",
        t["followup.since"],
    )


def _wear(asked: Asked) -> Iterator[Chart]:
    """How use and knowledge go on from the course: one line each."""
    t, use = asked.study.t, _use_of(asked)
    series = {}
    if use:
        series["use"] = _average(list(use.values()))
    if "k_score" in asked.sample.frame.columns:
        series["knowledge"] = numbers_of(asked.sample.frame, "k_score")
    columns, rows = [], []
    for key in series:
        columns += [
            Column(f"{key}.n", "n", t[f"followup.{key}"]),
            Column(key, t["hawthorne.index"], t[f"followup.{key}"]),
        ]
    for time in asked.times:
        inside = asked.at(time)
        cells = [
            cell
            for y in series.values()
            for cell in (count_cell(int((inside & ~np.isnan(y)).sum())), asked.cell(y, inside, "index", "mean"))
        ]
        rows.append(Row(time, time, tuple(cells)))
    if columns and len(rows) > 1:
        table = Table(
            "followup.wear", t["followup.table.wear"], tuple(columns), tuple(rows), corner=t["followup.since"]
        )
        yield Chart("followup.wear", "curve", table, t["followup.wear.alt"], size="half")


def _barriers(asked: Asked) -> Table:
    """What makes it hard, among all who answered; every group together."""
    t = asked.study.t
    if "barriers" not in asked.sample.frame.columns:
        return Table("followup.barriers", "", (), ())
    chosen = [frozenset(code.split()) if code else frozenset() for code in asked.sample.codes("barriers")]
    valid = np.array([bool(codes) and "99" not in codes for codes in chosen])
    rows = []
    for code, label in choice_labels(asked.study, asked.sample, "barriers").items():
        if code == "99":
            continue
        y = np.where(valid, [float(code in codes) for codes in chosen], np.nan)
        rows.append(Row(code, label, (asked.cell(y, valid),)))
    heads = (Column("share", "%", detail=t["head.interval"]),)
    return Table("followup.barriers", t["followup.table.barriers"], heads, tuple(rows))


def _support(asked: Asked) -> Table:
    """Superiors' support, and the climate, which is sensitive: fifty answers or nothing."""
    t, everybody = asked.study.t, np.ones(asked.sample.n, dtype=bool)
    questions = {
        "sup_super": SMALLEST_GROUP,
        "sup_tools": SMALLEST_GROUP,
        "sup_peers": SMALLEST_GROUP,
        "clim_report": SENSITIVE_GROUP,
        "clim_lead": SENSITIVE_GROUP,
    }
    rows = []
    for name, least in questions.items():
        item = asked.sample.data.item(name)
        if item and name in asked.sample.frame.columns:
            y = asked.share(name, ("1", "2"), ("1", "2", "3", "4"))
            rows.append(Row(name, asked.study.wording(item), (asked.cell(y, everybody, least=least),)))
    heads = (Column("share", t["followup.agree"], detail=t["head.interval"]),)
    return Table(
        "followup.support", t["followup.table.support"], heads, tuple(rows), notes=(note("followup.sensitive"),)
    )


def use_of_taught(asked: Asked, plan: Plan) -> Estimate | None:
    """The mean share, in percent, of the methods of the taught modules that officers say they use often."""
    taught = {module for _, modules in plan.courses.values() for module in modules}
    columns = [y for module, y in _use_of(asked).items() if str(module) in taught]
    if not columns:
        return None
    y = _average(columns)
    inside = ~np.isnan(y)
    if int(inside.sum()) < SMALLEST_GROUP:
        return None
    people = codes_of(asked.sample.frame, "p_code").astype(str)
    return estimate_mean(y, Design(None, people, None), inside)


def _inflation(asked: Asked) -> Iterator[Row]:
    """F02 over all that was taught: said less seen, with its interval."""
    said = use_of_taught(asked, plan_of(asked.study))
    seen = next((r.comparison.after for r in asked.study.results if r.indicator.code == "O09"), None)
    if said is not None and seen is not None:
        gap = difference(said.value - seen.value, math.hypot(said.se, seen.se), min(said.df, seen.df), [said, seen])
        cells = [estimate_cell(one, "percent1", interval=True) for one in (said, seen)]
        label = asked.study.t["followup.taught"]
        yield Row("F02", label, (*cells, estimate_cell(gap, "pp", interval=True)), "total", detail="F02")


def _said_and_seen(asked: Asked) -> Table:
    """What officers say they do beside what observers saw officers do without being told of the visit."""
    study, t = asked.study, asked.study.t
    observed = [Observed(pair) for pair in study.observations]
    rows = []
    for module, y in _use_of(asked).items():
        said = asked.cell(y, np.ones(asked.sample.n, dtype=bool))
        for one in observed:
            seen = _seen(one, module)
            if said.value is None or seen is None or seen.value is None:
                continue
            cells = (said, seen, Cell(said.value - seen.value, "pp"))
            rows.append(Row(f"m{module}", label_of(study, asked.sample, f"F01m{module}"), cells, detail=f"M{module}"))
    rows += _inflation(asked)
    heads = (Column("said", t["followup.said"]), Column("seen", t["followup.seen"]), Column("gap", t["followup.gap"]))
    return Table(
        "followup.gap", t["followup.table.gap"], heads, tuple(rows), notes=(note("followup.gap.note"),), layout="items"
    )


def _seen(observed: Observed, module: int) -> Cell | None:
    """The share met among the scored items of a module, where officers could not know of the visit."""
    items = [item for item in observed.items if item.name.startswith(f"m{module}_")]
    sample = observed.pair.after
    if not items:
        return None
    hidden = ~observed.announced(sample)
    codes = np.column_stack([sample.codes(item.name).astype(str) for item in items])
    scored = np.isin(codes, SCORES).sum(axis=1)
    met = (codes == SCORES[0]).sum(axis=1)
    inside = hidden & (scored > 0)
    if not inside.any():
        return None
    y = np.divide(100.0 * met, scored, out=np.full(len(met), math.nan), where=scored > 0)
    return estimate_cell(estimate_mean(y, sample.design, inside), "percent1", interval=True)
