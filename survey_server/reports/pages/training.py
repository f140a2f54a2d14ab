"""Training: who was reached, whether nationals take over as planned, what it cost. Counts of a register, no sample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from survey_server.estimation.design import Design
from survey_server.estimation.taylor import estimate_mean
from survey_server.reports.charts.series import START
from survey_server.reports.measure import count_cell, estimate_cell, number_cell, share_cell
from survey_server.reports.places import VENUES, department_of, rows_of
from survey_server.reports.registers.courses import Courses
from survey_server.reports.registers.forms import FOLLOW_UP, TRAINING
from survey_server.reports.registers.monthly import choice_labels, numbers_of, plan_of
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Chart, Column, LeftOut, Note, Page, Part, Prose, Row, SideBySide, Table

SPLITS = ("p_inst", "p_sex", "venue")
CERTIFIED_LEVEL, CERTIFIED_BLOCKS, CERTIFIED_MODULES = 4, 3, 2
STILL_IN_DUTY = ("1", "2")
CHECKED_AFTER = ("6", "12", "24")
NEEDED = ("session_id", "held", "s_date", "tot_min", "sh_min", "n_any", "n_full", "n_roster")


def build_training(study: Study) -> Page | LeftOut:
    """The page of the training register."""
    name = study.t["page.training"]
    sample = study.registers.get(TRAINING)
    if sample is None or not set(NEEDED) <= set(sample.frame.columns):
        return LeftOut("training", name, note("left_out.no_training"))
    course = study.once(f"courses of {sample.data.form_id}", lambda: Courses(sample, plan_of(study)))
    if not len(course.held):
        return LeftOut("training", name, note("left_out.no_training"))
    splits = [_split(study, course, column) for column in SPLITS if column in course.finished]
    parts: list[Part] = [_summary(study, course), *_charts(study, course), _money(study, course), *splits]
    parts += [levels] if (levels := _levels(study, course)).rows else []
    return Page("training", name, _message(course), (Prose((note("training.lead"),), "lead"), SideBySide(tuple(parts))))


def _message(course: Courses) -> Note:
    cells = {"trained": count_cell(len(course.finished))}
    if course.plan.target:
        cells["target"] = count_cell(course.plan.target)
    with_target = ".target" if course.plan.target else ""
    known = [month for month in course.taper if not math.isnan(month.variance)]
    if not known:
        return Note(f"training.message{with_target}", cells)
    last = known[-1]
    cells["share"] = Cell(100 * last.share, "percent1")
    cells["gap"] = Cell(abs(100 * last.variance), "percent1")
    word = "behind" if last.red else "short" if last.variance < -0.05 else "plan"
    return Note(f"training.message{with_target}.{word}", cells)


def _summary(study: Study, course: Courses) -> Table:
    t, roster = study.t, course.roster
    seen = roster["p_att"].astype(str)
    here = roster[seen.isin(["1", "2"])]
    rows = [
        ("trained", count_cell(len(course.finished))),
        ("women", share_cell(int((here["p_sex"].astype(str) == "1").sum()), len(here))),
        ("scheduled", count_cell(len(course.held) + course.cancelled)),
        ("held", count_cell(len(course.held))),
        ("cancelled", count_cell(course.cancelled)),
        ("full", share_cell(int((seen == "1").sum()), len(roster))),
        ("left", share_cell(int((seen == "3").sum()), len(roster))),
        ("ratio", _per_trainer(course)),
        ("crowded", count_cell(int((course.column("n_roster") > 30).sum()))),
        ("gain", _gain(course)),
        ("joint", share_cell(int(np.nansum(course.column("is_joint"))), len(course.held))),
        ("certified", count_cell(certified(course))),
        ("per_lead", number_cell(per_lead(course), "index")),
    ]
    if course.plan.target:
        rows.insert(1, ("target", count_cell(course.plan.target)))
        rows.insert(2, ("reached", share_cell(len(course.finished), course.plan.target)))
    lines = tuple(
        Row(key, t[f"training.row.{key}"], (cell,), detail=t.find(f"training.detail.{key}", "")) for key, cell in rows
    )
    modules = ", ".join(f"M{code}" for code in course.plan.required_modules) or t["training.all_modules"]
    base = Note("training.base", {}, {"modules": modules})
    return Table("training.summary", t["training.table.summary"], (Column("value", ""),), lines, base)


def _levels(study: Study, course: Courses) -> Table:
    """How many national trainers have reached each level: the best that was noted of each."""
    blocks = course.blocks
    if not {"shadow_id", "b_level"} <= set(blocks.columns):
        return Table("training.levels", "", (), ())
    known = blocks[blocks["shadow_id"].astype(str) != "NONE"]
    best = numbers_of(known, "b_level")
    highest = pd.Series(best, index=known["shadow_id"].astype(str)).dropna().groupby(level=0).max()
    rows = tuple(
        Row(f"{level:g}", study.t["training.level"].format(level=f"{level:g}"), (count_cell(int(count)),))
        for level, count in highest.value_counts().sort_index().items()
    )
    return Table("training.levels", study.t["training.table.levels"], (Column("n", "n"),), rows)


def _per_trainer(course: Courses) -> Cell:
    trainers = (course.held["lead_id"].astype(str) != "NONE").to_numpy(int) + (
        course.held["shadow_id"].astype(str) != "NONE"
    ).to_numpy(int)
    people = course.column("n_any")
    known = (trainers > 0) & ~np.isnan(people)
    return Cell(
        float(people[known].sum() / trainers[known].sum()) if known.any() else None, "index", n=int(known.sum())
    )


def _gain(course: Courses) -> Cell:
    """The mean gain of those with both tests, sessions being the clusters in which people were tested."""
    gains = numbers_of(course.roster, "p_post") - numbers_of(course.roster, "p_pre")
    if np.isnan(gains).all():
        return Cell(format="pp")
    design = Design(None, course.roster["_id"].to_numpy(dtype=object), None)
    return estimate_cell(estimate_mean(gains, design, ~np.isnan(gains)), "pp", interval=True)


def certified(course: Courses) -> int:
    """Nationals who led without support in three blocks or more of two modules or more."""
    blocks = course.blocks
    alone = blocks[numbers_of(blocks, "b_level") >= CERTIFIED_LEVEL]
    alone = alone[alone["shadow_id"].astype(str) != "NONE"]
    found = alone.groupby("shadow_id").agg(blocks=("b_module", "size"), modules=("b_module", "nunique"))
    return int(((found["blocks"] >= CERTIFIED_BLOCKS) & (found["modules"] >= CERTIFIED_MODULES)).sum())


def per_lead(course: Courses) -> float:
    """Sessions for each trainer who led some; NaN when nobody is named."""
    leads = {code for code in course.held["lead_id"].astype(str) if code not in ("NONE", "nan")}
    return len(course.held) / len(leads) if leads else math.nan


def _charts(study: Study, course: Courses) -> Iterator[Part]:
    t = study.t
    if course.taper:
        rows = tuple(
            Row(
                m.month,
                m.month,
                (
                    _percent(m.share),
                    _percent(m.planned),
                    Cell(_known(100 * m.variance), "pp", mark="worsened" if m.red else ""),
                ),
            )
            for m in course.taper
        )
        heads = (
            Column("share", t["training.led"]),
            Column("planned", t["training.planned"]),
            Column("variance", t["training.variance"]),
        )
        table = Table(
            "training.taper",
            t["training.chart.taper"],
            heads,
            rows,
            notes=(note("training.taper.note"),),
            corner=t["head.month"],
        )
        lines = tuple(replace(head, group=t["training.chart.taper"]) for head in heads[:2])
        drawn = Table("training.taper.lines", "", lines, tuple(Row(r.key, r.label, r.cells[:2]) for r in rows))
        yield Chart("training.taper", "months", drawn, t["training.chart.taper.alt"], size="half")
        yield table
    yield _cumulative(study, course)


def _cumulative(study: Study, course: Courses) -> Chart:
    """How many people were trained by the end of each month, beside the plan."""
    t, months = study.t, course.finished["_month"].to_numpy(dtype=object)
    last = str(course.held["s_date"].max())[:7]
    title = t["training.chart.cumulative"]
    heads = [Column("trained", t["training.reached"], title)]
    heads += [Column("planned", t["training.planned"], title)] if course.plan.trained else []
    rows = []
    for month in course.span:
        reached = count_cell(int((months <= month).sum())) if month <= last else Cell()
        cells = (reached, count_cell(course.plan.trained.get(month)))[: len(heads)]
        rows.append(Row(month, month, cells, detail=START if month == course.plan.started else ""))
    table = Table("training.cumulative", title, tuple(heads), tuple(rows))
    return Chart("training.cumulative", "months", table, t["training.chart.cumulative.alt"], size="half")


def _percent(share: float) -> Cell:
    return Cell(_known(100 * share), "percent1")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _split(study: Study, course: Courses, column: str) -> Table:
    """The people trained by institution, sex, or department of the course."""
    t, people = study.t, course.finished[column].astype(str)
    labels = choice_labels(study, course.sample, column)
    if column == "venue":
        people, labels = _departments(study, people)
    codes: Sequence[str] = [code for code in labels if (people == code).any()] or sorted(set(people))
    rows = tuple(
        Row(
            code,
            labels.get(code, code),
            (count_cell(int((people == code).sum())), share_cell(int((people == code).sum()), len(people))),
        )
        for code in codes
    )
    heads = (Column("n", "n"), Column("share", "%"))
    return Table(f"training.{column}", t[f"training.table.{column}"], heads, rows)


def _departments(study: Study, venues: pd.Series) -> tuple[pd.Series, Mapping[str, str]]:
    """Venues as departments with their names; a venue whose department isn't known stays itself."""
    rows = rows_of(study, VENUES)
    places = department_of(rows)
    named = [choice_labels(study, sample, "adm1") for sample in study.registers.values()]
    labels = next((found for found in named if found), {})
    own = {row["name"]: row.get("label", row["name"]) for row in rows if row.get("name")}
    return venues.map(lambda code: places.get(code, code)), {**own, **labels}


def _money(study: Study, course: Courses) -> Table:
    t, spent, plan = study.t, course.spent, course.plan
    participants = course.roster.loc[course.roster["p_att"].astype(str).isin(["1", "2"]), "p_code"].nunique()
    rows: list[tuple[str, Cell]] = [
        ("spent", number_cell(spent, "count")),
        ("per_participant", _per(spent, participants)),
        ("per_completer", _per(spent, len(course.finished))),
    ]
    duty = still_in_duty(study)
    if duty is not None:
        rows.append(("per_retained", _per(spent, len(course.finished) * duty)))
    if plan.budget:
        rows.append(("budget", number_cell(float(plan.budget), "count")))
        rows.append(("burn", Cell(_known(100 * spent / plan.budget), "percent1")))
        rows.append(("elapsed", Cell(_known(100 * course.elapsed), "percent1")))
    lines = tuple(Row(key, t[f"training.money.{key}"], (cell,)) for key, cell in rows)
    head = Column("value", plan.currency)
    return Table("training.money", t["training.table.money"], (head,), lines, notes=(note("training.money.note"),))


def _per(spent: float, heads: float) -> Cell:
    return Cell(_known(spent / heads) if heads > 0 else None, "count", n=round(heads))


def still_in_duty(study: Study) -> float | None:
    """The share still in the trained duty half a year or more after the course; None when nobody was looked for."""
    sample = study.registers.get(FOLLOW_UP)
    if sample is None or not {"same_job", "fu_when"} <= set(sample.everyone.columns):
        return None
    later = sample.everyone[sample.everyone["fu_when"].astype(str).str.split(".").str[0].isin(CHECKED_AFTER)]
    return float(later["same_job"].astype(str).isin(STILL_IN_DUTY).mean()) if len(later) else None
