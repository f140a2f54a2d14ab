"""Justice: from the case received to the judgement, backlog and time, with the guards for fairness beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from survey_server.estimation.context import Move, read_context
from survey_server.estimation.counts import percent_change
from survey_server.estimation.intervals import wilson_interval
from survey_server.estimation.justice import Pipeline, read_pipeline
from survey_server.reports.charts.series import START
from survey_server.reports.measure import count_cell, number_cell
from survey_server.reports.registers.forms import JUSTICE
from survey_server.reports.registers.monthly import Returns, moved, number, percent_cell, returns_of
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

STAGES = ("incoming", "charged", "to_trial", "conv")
FLOW = ("incoming", "disposed", "open_start", "open_end")


def build_justice(study: Study) -> Page | LeftOut:
    """The page of prosecutors' and courts' monthly returns."""
    name = study.t["page.justice"]
    returns = returns_of(study, JUSTICE)
    if returns is None or not set(FLOW) <= set(returns.sample.frame.columns):
        return LeftOut("justice", name, note("left_out.no_justice"))
    pipelines = {key: _pipelines(returns, year) for key, year in _years(returns).items()}
    flow, guards = _flow(study, returns, pipelines), _guards(study, returns)
    beside: tuple[Part, ...] = (_funnel(study, returns), flow, guards, _backlog(study, returns), *_gaps(study, returns))
    blocks = (Prose((note("justice.lead"),), "lead"), SideBySide(beside))
    return Page("justice", name, _message(returns, pipelines), blocks)


def _years(returns: Returns) -> dict[str, slice]:
    """The years that have months: "before" and "after", or "after" alone."""
    both = {"before": returns.year_before, "after": returns.year_after}
    return {key: year for key, year in both.items() if year.stop > year.start}


def _pipelines(returns: Returns, year: slice) -> list[Pipeline]:
    """Each unit's cases over a year."""
    grids = [returns.grid(name)[:, year] for name in FLOW]
    return [read_pipeline(*(grid[unit] for grid in grids)) for unit in range(len(returns.units))]


def clearance(pipelines: list[Pipeline]) -> tuple[float, float]:
    """Cases closed and cases received, over the units and months that came whole."""
    return sum(p.disposed for p in pipelines), sum(p.incoming for p in pipelines)


def _backlog_change(pipelines: list[Pipeline]) -> float:
    known = [p.backlog_change for p in pipelines if not math.isnan(p.backlog_change)]
    return float(sum(known)) if known else math.nan


def _disposition(pipelines: list[Pipeline]) -> float:
    """Days to close what is open at the pace of the year: open cases over a year's closed ones."""
    open_end = sum(p.open_end for p in pipelines if p.months_received)
    closed = sum(p.disposed * 12 / p.months_received for p in pipelines if p.months_received)
    return 365 * open_end / closed if closed else math.nan


def _message(returns: Returns, pipelines: dict[str, list[Pipeline]]) -> Note:
    closed, came = clearance(pipelines["after"])
    change = _backlog_change(pipelines["after"])
    cells = {
        "clearance": Cell(100 * closed / came if came else None, "percent"),
        "change": Cell(number(abs(change)), "count"),
    }
    word = "shrank" if change < 0 else "grew" if change > 0 else "held"
    return Note(f"justice.message.{word}", cells)


def _funnel(study: Study, returns: Returns) -> Chart:
    t, years = study.t, _years(returns)
    columns = tuple(Column(key, t[f"year.{key}"]) for key in years)
    rows = []
    for stage in STAGES:
        totals = returns.totals(stage)
        sides = {"before": (totals.before, totals.months_before), "after": (totals.after, totals.months_after)}
        rows.append(
            Row(stage, t[f"justice.{stage}"], tuple(Cell(sides[key][0], "count", n=sides[key][1]) for key in years))
        )
    table = Table(
        "justice.funnel", t["justice.table.funnel"], columns, tuple(rows), notes=(note("justice.funnel.note"),)
    )
    caption = note("justice.funnel.note")
    return Chart("justice.funnel", "stages", table, t["justice.funnel.alt"], caption=caption, size="half")


def _flow(study: Study, returns: Returns, pipelines: dict[str, list[Pipeline]]) -> Table:
    t = study.t
    lines: dict[str, list[Cell]] = {
        key: [] for key in ("months", "clearance", "backlog", "days", "old", "med_days", "forensic")
    }
    for key, year in _years(returns).items():
        found = pipelines[key]
        closed, came = clearance(found)
        lines["months"].append(count_cell(sum(p.months_received for p in found)))
        lines["clearance"].append(Cell(100 * closed / came if came else None, "percent1", n=int(came)))
        lines["backlog"].append(number_cell(_backlog_change(found), "pp"))
        lines["days"].append(number_cell(_disposition(found), "count"))
        lines["old"].append(_share(*_last(returns, "over1y", "open_end", year)))
        lines["med_days"].append(number_cell(float(_median(returns.grid("med_days")[:, year])), "count"))
        lines["forensic"].append(_weighted(returns, year))
    expected = len(returns.units)
    rows = tuple(
        Row(key, t[f"justice.row.{key}"], tuple(cells), detail=t.find(f"justice.detail.{key}", ""))
        for key, cells in lines.items()
    )
    columns = tuple(Column(key, t[f"year.{key}"]) for key in _years(returns))
    base = Note("justice.base", {"units": count_cell(expected)})
    return Table("justice.flow", t["justice.table.flow"], columns, rows, base)


def _last(returns: Returns, top: str, bottom: str, year: slice) -> tuple[float, float]:
    """Two stocks at the end of the year: each unit's last month that came with both."""
    above, below = returns.grid(top)[:, year], returns.grid(bottom)[:, year]
    sums = [0.0, 0.0]
    for high, low in zip(above, below, strict=True):
        known = np.flatnonzero(~np.isnan(high) & ~np.isnan(low))
        if len(known):
            sums = [sums[0] + float(high[known[-1]]), sums[1] + float(low[known[-1]])]
    return sums[0], sums[1]


def _share(part: float, whole: float, form: Format = "percent1") -> Cell:
    """A share with Wilson's interval: of all cases of the year, as if the year were one of many."""
    if whole <= 0:
        return Cell(format=form)
    low, high = wilson_interval(part, whole) if part <= whole else (math.nan, math.nan)
    return Cell(100 * part / whole, form, None, number(100 * low), number(100 * high), round(whole))


def _median(grid: np.ndarray) -> float:
    known = grid[~np.isnan(grid)]
    return float(np.median(known)) if len(known) else math.nan


def _weighted(returns: Returns, year: slice) -> Cell:
    """Days of a forensic test, months weighted by the tests asked for."""
    days, tests = returns.grid("forensic_med")[:, year], returns.grid("forensic_req")[:, year]
    known = ~np.isnan(days) & ~np.isnan(tests)
    total = float(tests[known].sum())
    return Cell(float((days * tests)[known].sum()) / total if total else None, "count", n=round(total))


def _backlog(study: Study, returns: Returns) -> Chart:
    """Open cases month by month, of the units whose every month came."""
    t = study.t
    whole = returns.whole("open_end")
    series = returns.series("open_end", whole)
    rows = tuple(
        Row(month, month, (Cell(number(series[place]), "count"),), detail=START if place == returns.start else "")
        for place, month in enumerate(returns.span)
    )
    caption = Note(
        "justice.backlog.note", {"units": count_cell(int(whole.sum())), "all": count_cell(len(returns.units))}
    )
    table = Table("justice.backlog", t["justice.chart.backlog"], (Column("open", t["justice.chart.backlog"]),), rows)
    return Chart("justice.backlog", "months", table, t["justice.backlog.alt"], caption=caption, size="half")


def _guards(study: Study, returns: Returns) -> Table:
    """What may not get worse while more is prosecuted, and money laundering and corruption as context."""
    t, years = study.t, _years(returns)
    lines: dict[str, list[Cell]] = {
        key: [] for key in ("conviction", "pretrial", "ml_cases", "corr_cases", "assets_usd")
    }
    for key, year in years.items():
        convicted, acquitted = (returns.totals(name) for name in ("conv", "acq"))
        side = {name: getattr(total, key) for name, total in (("conv", convicted), ("acq", acquitted))}
        lines["conviction"].append(_share(side["conv"], side["conv"] + side["acq"]))
        held, cases = _last(returns, "pretrial", "open_end", year)
        lines["pretrial"].append(Cell(100 * held / cases if cases else None, "index", n=round(cases)))
        for name in ("ml_cases", "corr_cases", "assets_usd"):
            lines[name].append(Cell(getattr(returns.totals(name), key), "count"))
    rows = tuple(Row(key, t[f"justice.row.{key}"], tuple(cells)) for key, cells in lines.items())
    columns = tuple(Column(key, t[f"year.{key}"]) for key in years)
    notes = (_prosecutions(study, returns), note("justice.guards.note"))
    return Table("justice.guards", t["justice.table.guards"], columns, rows, notes=notes)


def _prosecutions(study: Study, returns: Returns) -> Note:
    """What may be said of more or fewer charges, with its compulsory companions."""
    change = returns.change("charged")
    own: Move = _move(moved(change))
    companions: dict[str, Move] = {}
    convicted, acquitted = returns.totals("conv"), returns.totals("acq")
    if convicted.known:
        before, after = convicted.before + acquitted.before, convicted.after + acquitted.after
        companions["conviction_rate"] = _shift((convicted.before, before), (convicted.after, after))
        held = [_last(returns, "pretrial", "open_end", year) for year in (returns.year_before, returns.year_after)]
        companions["pretrial"] = _shift(*held)
    reading = study.t[f"reading.{read_context('prosecutions', own, companions)}"]
    return Note("justice.prosecutions", {"change": percent_cell(change)}, {"reading": reading})


def _shift(before: tuple[float, float], after: tuple[float, float]) -> Move:
    """How a rate moved between two years, by the interval of its change."""
    if min(before[1], after[1]) <= 0:
        return "unknown"
    return _move(moved(percent_change(before[0], after[0], before[1], after[1])))


def _move(word: str) -> Move:
    moves: dict[str, Move] = {"up": "up", "down": "down", "flat": "flat"}
    return moves.get(word, "unknown")


def _gaps(study: Study, returns: Returns) -> Iterator[Table]:
    """The months whose book doesn't add up: open at the start, plus received, less closed, isn't open at the end."""
    t, grids = study.t, {name: returns.grid(name) for name in FLOW}
    rows = []
    for place, unit in enumerate(returns.units):
        told = read_pipeline(*(grids[name][place] for name in FLOW))
        for month in told.stock_flow_gaps:
            start, came, went, end = (
                grids[name][place, month] for name in ("open_start", "incoming", "disposed", "open_end")
            )
            rows.append(
                Row(
                    f"{unit}.{returns.span[month]}",
                    unit,
                    (Cell(float(end - (start + came - went)), "pp"),),
                    detail=returns.span[month],
                )
            )
    if rows:
        yield Table(
            "justice.gaps",
            t["justice.table.gaps"],
            (Column("off", t["justice.off"]),),
            tuple(rows),
            notes=(note("justice.gaps.note"),),
            audience="full",
        )
