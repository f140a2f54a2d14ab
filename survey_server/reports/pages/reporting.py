"""Reported violence read with trust: the matrix of readings, and the change of reports taken apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from survey_server.estimation.change import Change
from survey_server.estimation.reporting import (
    MIN_VICTIMS,
    Decomposition,
    Move,
    Part,
    decompose_reports,
    move_of,
    read_reports,
    trust_move,
)
from survey_server.problems import BadEstimate
from survey_server.reports.measure import count_cell, estimate_cell
from survey_server.reports.registers.monthly import Returns, percent_cell, years_note
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, Note, Page, Prose, Row, SideBySide, Table

VICTIMS, POLICE_RATE, RATE, TRUST = "S09", "S12p", "S12", "S16"
REPORTS = "rep_viol"
_LINES: tuple[tuple[str, Move, tuple[Move, ...]], ...] = (
    ("up_not_more", "up", ("flat", "down")),
    ("up_more", "up", ("up",)),
    ("flat", "flat", ("down",)),
    ("down", "down", ("down",)),
)
_COLUMNS: tuple[Move, ...] = ("up", "flat", "down")


def build_reporting(study: Study, returns: Returns, beside: Sequence[Table] = ()) -> Iterator[Page]:
    """The page that sets recorded reports beside what people told the survey; nothing without both."""
    found = {code: _result(study, code) for code in (VICTIMS, POLICE_RATE, RATE, TRUST)}
    change = returns.change(REPORTS)
    known = {
        code: r.comparison.change
        for code, r in found.items()
        if r and r.comparison.change and not r.comparability.breaks
    }
    rate = known.get(POLICE_RATE) or known.get(RATE)
    if change is None or not math.isfinite(change.value) or VICTIMS not in known or rate is None:
        return
    moves = _moves(change.low, change.high, known, rate)
    victims = _fewest_victims(known.get(RATE) or rate)
    reading = read_reports(moves["reports"], moves["trust"], moves["victims"], victims)
    words = {"reading": study.t[f"reports.reading.{reading}"]}
    message = Note("reporting.message", {"change": percent_cell(change)}, words)
    blocks: list[Block] = [Prose((note("reporting.lead"),), "lead"), _evidence(study, returns, found, moves)]
    if reading != "too_few_victims":
        parts = _parts(study, returns, known[VICTIMS], rate)
        blocks += [_matrix(study, moves), SideBySide((*parts, *beside))]
    else:
        blocks.append(Prose((Note("reporting.too_few", {"n": count_cell(victims), "least": count_cell(MIN_VICTIMS)}),)))
        blocks.append(SideBySide(tuple(beside)))
    yield Page("reporting", study.t["page.reporting"], message, tuple(blocks))


def _result(study: Study, code: str) -> Result | None:
    return next((result for result in study.results if result.indicator.code == code), None)


def _moves(low: float, high: float, known: dict[str, Change], rate: Change) -> dict[str, Move]:
    victims = known[VICTIMS].estimate
    trust: Move = "flat"
    if TRUST in known:
        trust = move_of(known[TRUST].estimate.low, known[TRUST].estimate.high)
    reporting = move_of(rate.estimate.low, rate.estimate.high)
    return {
        "reports": move_of(low, high),
        "victims": move_of(victims.low, victims.high),
        "rate": reporting,
        "own_trust": trust,
        "trust": trust_move(reporting, trust),
    }


def _fewest_victims(rate: Change) -> int:
    """The victims of violence interviewed, in the wave that has fewer: those whom the reporting rate is about."""
    return min(rate.before.n, rate.after.n)


def _evidence(study: Study, returns: Returns, found: dict[str, Result | None], moves: dict[str, Move]) -> Table:
    """The four numbers behind the reading."""
    t, totals = study.t, returns.totals(REPORTS)
    monthly = [
        total / months if months else math.nan
        for total, months in ((totals.before, totals.months_before), (totals.after, totals.months_after))
    ]
    rows = [
        Row(
            REPORTS,
            t["reporting.per_month"],
            (
                Cell(monthly[0], "index", n=totals.months_before),
                Cell(monthly[1], "index", n=totals.months_after),
                percent_cell(returns.change(REPORTS)),
                Cell(format="text", text=t[f"move.{moves['reports']}"]),
            ),
            detail=t["reporting.detail.reports"],
        )
    ]
    for code in (VICTIMS, POLICE_RATE, RATE, TRUST):
        result = found[code]
        if result is None or result.comparison.change is None:
            continue
        sensitive = result.indicator.sensitive
        sides = (result.comparison.before, result.comparison.after)
        change = result.comparison.difference
        low, high = (change.low, change.high) if change else (0.0, 0.0)
        rows.append(
            Row(
                code,
                study.label(result),
                (
                    *(estimate_cell(side, result.value_format, sensitive=sensitive) for side in sides),
                    estimate_cell(change, result.change_format, interval=True, sensitive=sensitive),
                    Cell(format="text", text=t[f"move.{move_of(low, high)}"]),
                ),
                detail=result.indicator.unit,
            )
        )
    heads = (
        Column("before", t["year.before"]),
        Column("after", t["year.after"]),
        Column("change", t["head.change"], detail=t["head.interval"]),
        Column("move", t["admin.moved"], left=True),
    )
    return Table(
        "reporting.evidence",
        t["reporting.table.evidence"],
        heads,
        tuple(rows),
        notes=(note("reporting.evidence.note"), years_note(returns), note("year.waves")),
        layout="items",
    )


def _matrix(study: Study, moves: dict[str, Move]) -> Table:
    """Every cell of the matrix, the one that applies marked."""
    t = study.t
    rows = []
    for key, reports, victims in _LINES:
        cells = []
        for trust in _COLUMNS:
            reading = read_reports(reports, trust, victims[0], MIN_VICTIMS)
            here = reports == moves["reports"] and trust == moves["trust"] and _fits(key, moves["victims"])
            words = t[f"reports.reading.{reading}"]
            cells.append(Cell(format="text", text=f"■ {words}" if here else words, mark="here" if here else ""))
        rows.append(Row(key, t[f"reporting.line.{key}"], tuple(cells)))
    heads = tuple(Column(trust, t[f"reporting.trust.{trust}"], left=True) for trust in _COLUMNS)
    return Table(
        "reporting.matrix",
        t["reporting.table.matrix"],
        heads,
        tuple(rows),
        notes=(note("reporting.matrix.note"),),
        layout="items",
    )


def _fits(line: str, victims: Move) -> bool:
    if line.startswith("up_"):
        return (victims == "up") == (line == "up_more")
    return True


def _parts(study: Study, returns: Returns, victims: Change, rate: Change) -> Iterator[Chart]:
    """The three bars: what more or fewer victims, and what more or less reporting, make of the change."""
    totals, t = returns.totals(REPORTS), study.t
    try:
        parts = decompose_reports(totals.before, totals.after, victims, rate, totals.months_before, totals.months_after)
    except BadEstimate:
        return
    rows = tuple(Row(key, t[f"reporting.part.{key}"], (_part(getattr(parts, key)),)) for key in _PARTS)
    table = Table(
        "reporting.parts", t["reporting.table.parts"], (Column("change", "%", detail=t["head.interval"]),), rows
    )
    caption = note("reporting.parts.note")
    yield Chart("reporting.parts", "parts", table, t["reporting.parts.alt"], caption=caption, size="half")


_PARTS = tuple(Decomposition.__dataclass_fields__)


def _part(part: Part) -> Cell:
    low, high = (100 * (math.exp(end) - 1) for end in (part.low, part.high))
    return Cell(part.percent, "pp", None, low, high)
