"""Reaction tracker: did violence rise when the programme began, and did it taper? A class by rule, never a forecast."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.counts import events_needed
from survey_server.estimation.design import Bools, Floats
from survey_server.estimation.reaction import Reaction, classify_reaction
from survey_server.reports.charts.series import START
from survey_server.reports.measure import count_cell, number_cell
from survey_server.reports.registers.forms import ADMIN
from survey_server.reports.registers.monthly import (
    Returns,
    number,
    percent_cell,
    plain,
    plan_of,
    programme_start,
    returns_of,
)
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, LeftOut, Note, Page, Prose, Row, SideBySide, Table

DEATHS, REPORTS = "dead_viol", "rep_viol"
ARMS = ("programme", "comparison")


def build_reaction(study: Study) -> Page | LeftOut:
    """The page of violent deaths month by month, programme areas beside comparison areas."""
    name = study.t["page.reaction"]
    returns = returns_of(study, ADMIN)
    start = programme_start(study)
    if returns is None or DEATHS not in returns.sample.frame.columns or start not in returns.span:
        return LeftOut("reaction", name, note("left_out.no_reaction"))
    areas = list(_areas(study, returns))
    arms = [area for area in areas if area.key in ARMS]
    if not arms:
        return LeftOut("reaction", name, note("left_out.no_reaction"))
    blocks: list[Block] = [Prose((note("reaction.lead"),), "lead"), _chart(study, returns, arms), _table(study, areas)]
    rules = Prose((note("reaction.rule"), note("reaction.reports")), "small")
    blocks.append(SideBySide((_deaths(study, returns), rules)))
    return Page("reaction", name, _message(arms), tuple(blocks))


@dataclass(frozen=True)
class Area:
    """The units of an arm or a department together, and how violence reacted there."""

    key: str
    label: str
    units: Bools
    series: Floats
    start: int
    reaction: Reaction


def _areas(study: Study, returns: Returns) -> Iterator[Area]:
    """Both arms, then each department of the programme; units whose every month came."""
    t, plan = study.t, plan_of(study)
    programme = returns.programme
    for arm, members in zip(ARMS, (programme, ~programme), strict=True):
        if members.any():
            yield from _area(arm, t[f"reaction.arm.{arm}"], returns, members, returns.start)
    names = _department_names(returns)
    if not programme.any():
        return
    for code, name in names.items():
        members = programme & returns.mask("site.department", (code,))
        began = plan.starts.get(code, "")
        start = returns.span.index(began) if began in returns.span else returns.start
        if members.any():
            yield from _area(code, name, returns, members, start)


def _area(key: str, label: str, returns: Returns, members: Bools, start: int) -> Iterator[Area]:
    units = returns.whole(DEATHS, members)
    if units.any():
        series = returns.series(DEATHS, units)
        calendar_month = int(returns.span[0][5:7])
        yield Area(key, label, units, series, start, classify_reaction(series, start, calendar_month=calendar_month))


def _department_names(returns: Returns) -> Mapping[str, str]:
    frame = plain(returns.sample.frame)
    if "site.department" not in frame.columns:
        return {}
    codes = frame["site.department"].dropna().astype(str)
    beside = frame["site.department_name"] if "site.department_name" in frame.columns else codes
    return dict(sorted(dict(zip(codes, beside.loc[codes.index].astype(str), strict=True)).items()))


def _message(arms: list[Area]) -> Note:
    kinds = {area.key: area.reaction.kind for area in arms}
    words = {"kind": kinds.get("programme", "")}
    if "programme" not in kinds:
        return note("reaction.message.no_programme")
    if kinds["programme"] == "cannot_classify":
        return note("reaction.message.cannot_classify")
    other = ".same" if kinds.get("comparison") == kinds["programme"] else ""
    return Note(f"reaction.message.{kinds['programme']}{other}", words=words)


def _chart(study: Study, returns: Returns, arms: list[Area]) -> Chart:
    """Deaths month by month; the band is what three months' means of the year before would lead one to expect."""
    t = study.t
    columns: list[Column] = []
    cells: list[list[Cell]] = [[] for _ in returns.span]
    for area in arms:
        columns += [Column(f"{area.key}{end}", end or area.label, area.label) for end in ("", ".mean", ".low", ".high")]
        mean, spread = area.reaction.baseline_mean, area.reaction.dispersion
        months = max(area.start, 1)
        reach = 1.96 * math.sqrt(spread * (mean / 3 + mean / months)) if not math.isnan(mean) else math.nan
        for place in range(len(returns.span)):
            ends = (mean, max(mean - reach, 0.0) if not math.isnan(reach) else math.nan, mean + reach)
            cells[place] += [
                Cell(number(float(area.series[place])), "count"),
                *(Cell(number(end), "index") for end in ends),
            ]
    rows = tuple(
        Row(month, month, tuple(cells[place]), detail=START if place == returns.start else "")
        for place, month in enumerate(returns.span)
    )
    table = Table("reaction.months", t["reaction.chart"], tuple(columns), rows)
    return Chart("reaction.months", "months", table, t["reaction.alt"], caption=note("reaction.note"))


def _table(study: Study, areas: list[Area]) -> Table:
    """The class of each area with the arithmetic behind it."""
    t, rows = study.t, []
    for area in areas:
        r = area.reaction
        peak = int(np.argmax(r.means)) if len(r.means) else -1
        cells = (
            Cell(format="text", text=t[f"reaction.kind.{r.kind}"]),
            number_cell(r.baseline_mean, "index"),
            number_cell(r.dispersion, "index"),
            Cell(None if r.first_rise is None else float(r.first_rise), "count"),
            Cell(number(float(r.means[peak])), "index") if peak >= 0 else Cell(format="index"),
            Cell(number(float(r.means[-1])), "index") if len(r.means) else Cell(format="index"),
            Cell(number(float(r.high[-1])), "index") if len(r.high) else Cell(format="index"),
            Cell(number(100 * r.slope), "pp", high=None),
            count_cell(int(area.units.sum())),
        )
        rows.append(Row(area.key, area.label, cells, "" if area.key in ARMS else "aside"))
    keys = ("class", "baseline", "dispersion", "first", "peak", "last", "band", "slope", "units")
    heads = tuple(Column(key, t[f"reaction.head.{key}"], left=key == "class") for key in keys)
    return Table(
        "reaction.classes",
        t["reaction.table"],
        heads,
        tuple(rows),
        notes=(note("reaction.table.note"),),
        layout="items",
    )


def _deaths(study: Study, returns: Returns) -> Table:
    """Deaths of the year after against the year before in percent, and what could have been seen at all."""
    t, rows = study.t, []
    for arm, members in zip(ARMS, (returns.programme, ~returns.programme), strict=True):
        if members.any():
            totals = returns.totals(DEATHS, members)
            cells = (
                Cell(totals.before, "count", n=totals.months_before),
                Cell(totals.after, "count", n=totals.months_after),
                percent_cell(returns.change(DEATHS, members)),
            )
            rows.append(Row(arm, t[f"reaction.arm.{arm}"], cells))
    heads = (
        Column("before", t["year.before"]),
        Column("after", t["year.after"]),
        Column("change", t["admin.change"], detail=t["head.interval"]),
    )
    needed = Note("reaction.needed", {"events": Cell(events_needed(-25), "count")})
    return Table("reaction.deaths", t["reaction.table.deaths"], heads, tuple(rows), notes=(needed,))
