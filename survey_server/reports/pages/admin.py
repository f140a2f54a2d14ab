"""Administrative returns: two years side by side in percent with intervals, months with gaps shown as gaps.

Most of these numbers are context: a change in them is said to be a rise or a fall and read with its companions, and
never called better or worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survey_server.estimation.counts import dispersion_of, event_rate, percent_change
from survey_server.estimation.intervals import wilson_interval
from survey_server.estimation.justice import sudden_jumps
from survey_server.reports.charts.series import SIEGE, START
from survey_server.reports.measure import count_cell
from survey_server.reports.pages.incidents import incident_tables, largest_event
from survey_server.reports.pages.presence import presence_tables
from survey_server.reports.pages.readings import context_readings
from survey_server.reports.pages.reporting import build_reporting
from survey_server.reports.pages.response import response
from survey_server.reports.registers.forms import ADMIN
from survey_server.reports.registers.monthly import (
    Returns,
    moved,
    number,
    numbers_of,
    percent_cell,
    plan_of,
    returns_of,
    years_note,
)
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, LeftOut, Note, Page, Prose, Row, SideBySide, Table

COUNTS = {
    "violence": ("dead_viol", "hom", "hom_f", "rep_viol", "rep_rob", "rep_ext", "rep_drug"),
    "police": ("arr_all", "arr_drug", "arr_viol", "arr_gang", "fug", "calls", "cmp_in", "cmp_sus"),
    "seizures": ("seiz_n", "kg_coc", "kg_her", "kg_can", "kg_syn", "kg_pre", "arms_n", "docs_false", "cash_usd"),
    "presence": ("patrol_h", "joint_ops", "mtgs", "great_n"),
}
KILOS = frozenset(("kg_coc", "kg_her", "kg_can", "kg_syn", "kg_pre", "cash_usd"))
"""Amounts, not events: without a Poisson interval, and never added to each other."""

SHOWN = ("dead_viol", "rep_viol", "seiz_n", "arr_drug", "calls", "cmp_in")
RATIOS = {
    "k9": ("seiz_k9", "seiz_n", 100.0),
    "hit": ("seiz_n", "x_search", 1000.0),
    "searched": ("x_search", "x_veh", 100.0),
    "recorded": ("x_people", "x_est", 100.0),
    "vetted": ("staff_vet", "staff", 100.0),
    "trained": ("staff_tr", "staff", 100.0),
}
ON_TIME_DAY = 10


def build_admin(study: Study) -> Iterator[Page | LeftOut]:
    """The pages of the monthly returns: the numbers, and reported violence read with trust."""
    name = study.t["page.admin"]
    returns = returns_of(study, ADMIN)
    if returns is None or "dead_viol" not in returns.sample.frame.columns:
        yield LeftOut("admin", name, note("left_out.no_admin"))
        return
    tables = (_complete(study, returns), largest_event(study), *presence_tables(study, returns))
    beside = (*(table for table in tables if table is not None), _counts(study, returns))
    blocks: list[Block] = [Prose((note("admin.lead"),), "lead"), _months(study, returns), SideBySide(beside)]
    blocks += [_ratios(study, returns), context_readings(study, returns)]
    blocks.append(_units(study, returns))
    events = tuple(incident_tables(study))
    reporting = list(build_reporting(study, returns, events))
    if not reporting:
        blocks.append(SideBySide(events))
    yield Page("admin", name, _message(returns), tuple(blocks))
    yield from reporting


def _message(returns: Returns) -> Note:
    change = returns.change("dead_viol")
    rows = returns.sample.frame
    cells = {"returns": count_cell(len(rows)), "change": percent_cell(change)}
    word = {"up": "rose", "down": "fell", "flat": "flat"}.get(moved(change), "none")
    return Note(f"admin.message.{word}", cells)


def _months(study: Study, returns: Returns) -> Chart:
    """The series of the units whose every month came, with the band of the year before and the siege ribbon."""
    t = study.t
    columns: list[Column] = []
    cells: list[list[Cell]] = [[] for _ in returns.span]
    counted: list[int] = []
    for name in SHOWN:
        whole = returns.whole(name)
        series = returns.series(name, whole)
        before = series[returns.year_before]
        mean = float(np.nanmean(before)) if len(before) and not np.isnan(before).all() else np.nan
        band = event_rate(3 * mean, 3.0) if not np.isnan(mean) else None
        wide = np.sqrt(dispersion_of(before))
        title = t[f"count.{name}"]
        columns += [Column(f"{name}{end}", end or name, title) for end in ("", ".mean", ".low", ".high")]
        counted.append(int(whole.sum()))
        for place in range(len(returns.span)):
            ends = (mean, *(mean + wide * (edge - mean) for edge in (band.low, band.high))) if band else (np.nan,) * 3
            cells[place] += [
                Cell(number(float(series[place])), "count"),
                *(Cell(number(float(np.maximum(end, 0))), "index") for end in ends),
            ]
    siege = np.nansum(returns.grid("siege_days"), axis=0)
    columns.append(Column(SIEGE, t["count.siege_days"]))
    rows = tuple(
        Row(
            month,
            month,
            (*cells[place], Cell(float(siege[place]), "count")),
            detail=START if place == returns.start else "",
        )
        for place, month in enumerate(returns.span)
    )
    table = Table("admin.months", t["admin.chart.months"], tuple(columns), rows)
    words = {"units": count_cell(min(counted)), "all": count_cell(len(returns.units))}
    return Chart("admin.months", "months", table, t["admin.months.alt"], caption=Note("admin.months.note", words))


def _complete(study: Study, returns: Returns) -> Table:
    """What came of what was due: a month without a return is a gap, and no 0."""
    t, frame = study.t, returns.sample.frame
    complete = returns.sample.codes("complete").astype(str)
    expected = len(returns.units) * len(returns.span)
    rows = [
        ("expected", count_cell(expected)),
        ("received", count_cell(len(frame))),
        ("share", Cell(100 * len(frame) / expected, "percent1", n=expected)),
        ("no_data", count_cell(int((complete == "3").sum()))),
        ("missing", count_cell(expected - len(frame))),
        ("superseded", count_cell(returns.sample.superseded)),
        ("on_time", on_time(returns)),
        ("jumps", count_cell(sum(len(found) for found in _jumps(returns).values()))),
    ]
    lines = tuple(Row(key, t[f"admin.row.{key}"], (cell,)) for key, cell in rows)
    return Table("admin.complete", t["admin.table.complete"], (Column("value", ""),), lines)


def on_time(returns: Returns) -> Cell:
    """The share of first returns that came by the tenth of the next month (A26)."""
    frame = returns.sample.frame
    month_ends = pd.to_datetime(pd.Series(returns.months_of) + "-01", utc=True) + pd.offsets.MonthEnd(0)
    due = month_ends + pd.Timedelta(days=ON_TIME_DAY + 1)
    in_time = (pd.to_datetime(frame["_received_at"], utc=True).reset_index(drop=True) < due).to_numpy()
    first = np.nan_to_num(numbers_of(frame, "revision"), nan=1.0) <= 1
    return Cell(100 * float(in_time[first].mean()) if first.any() else None, "percent1", n=int(first.sum()))


def _jumps(returns: Returns) -> dict[tuple[str, str], list[int]]:
    """The units' months that lie far from all their others, for the larger counts."""
    found = {}
    for name in ("rep_viol", "calls", "arr_all"):
        for unit, row in zip(returns.units, returns.grid(name), strict=True):
            # In its own year: what the programme changed for good is no jump.
            jumps = [start + place for start in (0, returns.start) for place in _far(row[start : start + 12])]
            if jumps:
                found[unit, name] = sorted(set(jumps))
    return found


def _far(row: np.ndarray) -> list[int]:
    middle = float(np.nanmedian(row)) if not np.isnan(row).all() else 0.0
    return [place for place in sudden_jumps(row) if abs(row[place] - middle) > 0.5 * max(middle, 1.0)]


def _counts(study: Study, returns: Returns) -> Table:
    t = study.t
    rows: list[Row] = []
    for group, names in COUNTS.items():
        lines = [_count_row(study, returns, name) for name in names if name in returns.sample.frame.columns]
        if lines:
            rows += [Row(f"section.{group}", t[f"admin.group.{group}"], (), "section"), *lines]
    heads = (
        Column("before", t["year.before"]),
        Column("after", t["year.after"]),
        Column("months", t["admin.unit_months"], detail=t["admin.both_years"]),
        Column("change", t["admin.change"], detail=t["head.interval"]),
    )
    notes = (years_note(returns), note("admin.counts.note"))
    return Table("admin.counts", t["admin.table.counts"], heads, tuple(rows), notes=notes, layout="items folded")


def _count_row(study: Study, returns: Returns, name: str) -> Row:
    totals = returns.totals(name)
    change = returns.change(name)
    cell = percent_cell(change)
    if name in KILOS and change is not None:
        cell = Cell(number(change.value), "pp", n=cell.n)
    cells = (
        Cell(totals.before if totals.months_before else None, "count", n=totals.months_before),
        Cell(totals.after if totals.months_after else None, "count", n=totals.months_after),
        count_cell(totals.months_before + totals.months_after),
        cell,
    )
    return Row(name, study.t[f"count.{name}"], cells)


def _ratios(study: Study, returns: Returns) -> Table:
    """Shares and rates of sums; the share of seizures with a dog beside its mark of 2019."""
    t, rows = study.t, []
    for key, (top, bottom, _) in RATIOS.items():
        sides = [_ratio_cell(returns, key, year) for year in (returns.year_before, returns.year_after)]
        if any(cell.shown for cell in sides):
            sums = [returns.ratio(top, bottom, year) for year in (returns.year_before, returns.year_after)]
            change = (
                percent_change(sums[0][0], sums[1][0], sums[0][1], sums[1][1])
                if min(sums[0][1], sums[1][1]) > 0
                else None
            )
            rows.append(
                Row(key, t[f"ratio.{key}"], (*sides, percent_cell(change)), detail=t.find(f"ratio.detail.{key}", ""))
            )
    medians = [response(study, year) for year in ("before", "after")]
    if any(cell.shown for pair in medians for cell in pair):
        rows.append(
            Row(
                "response",
                t["ratio.response"],
                (medians[0][0], medians[1][0], Cell(format="pp")),
                detail=t["ratio.detail.response"],
            )
        )
        rows.append(
            Row(
                "within",
                t["ratio.within"].format(minutes=f"{plan_of(study).response_minutes:g}"),
                (medians[0][1], medians[1][1], Cell(format="pp")),
            )
        )
    heads = (
        Column("before", t["year.before"]),
        Column("after", t["year.after"]),
        Column("change", t["admin.change"], detail=t["head.interval"]),
    )
    return Table(
        "admin.ratios", t["admin.table.ratios"], heads, tuple(rows), notes=(note("admin.ratios.note"),), layout="items"
    )


def _ratio_cell(returns: Returns, key: str, year: slice) -> Cell:
    top, bottom, scale = RATIOS[key]
    part, whole = returns.ratio(top, bottom, year)
    if whole <= 0:
        return Cell(format="percent1")
    if part <= whole:
        low, high = wilson_interval(part, whole)
    else:
        rate = event_rate(part, whole)
        low, high = rate.low, rate.high
    return Cell(scale * part / whole, "percent1", None, scale * low, scale * high, round(whole))


def _units(study: Study, returns: Returns) -> Chart:
    """Reports of violence of each unit: a month that didn't come is a gap in its line."""
    t, grid = study.t, returns.grid("rep_viol")
    columns = tuple(Column(unit, unit) for unit in returns.units)
    rows = tuple(
        Row(
            month,
            month,
            tuple(Cell(number(float(grid[unit, place])), "count") for unit in range(len(columns))),
            detail=START if place == returns.start else "",
        )
        for place, month in enumerate(returns.span)
    )
    table = Table("admin.units", t["admin.chart.units"], columns, rows, audience="full")
    said = [
        f"{unit} ({t[f'count.{name}']}, {returns.span[month]})"
        for (unit, name), months in _jumps(returns).items()
        for month in months
    ]
    caption = note("admin.units.jumps", where=", ".join(said)) if said else note("admin.units.note")
    return Chart("admin.units", "months", table, t["admin.units.alt"], caption=caption)
