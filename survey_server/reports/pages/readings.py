"""Numbers that say nothing by themselves: what moved, its compulsory companions, and what may be said of it."""

from __future__ import annotations

from collections.abc import Iterator

from survey_server.estimation.context import COMPANIONS, Move, read_context
from survey_server.estimation.counts import percent_change
from survey_server.estimation.intervals import wilson_interval
from survey_server.reports.measure import estimate_cell
from survey_server.reports.observed import Observed
from survey_server.reports.registers.forms import ADMIN, JUSTICE
from survey_server.reports.registers.monthly import Returns, moved, number, percent_cell, returns_of
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

OF_SURVEYS = {"presence": "S55", "waiting": "S52", "flags": "O10"}


def context_readings(study: Study, returns: Returns) -> Table:
    """What moved, its compulsory companions, and what may be said of it."""
    t, rows = study.t, []
    for name, own, companions in _contexts(study, returns):
        moves = [(key, companions.get(key, "unknown")) for key in COMPANIONS[name]]
        words = t.listed(t.of(t[f"companion.{key}"], t[f"move.{move}"]) for key, move in moves)
        reading = t[f"reading.{read_context(name, own[0], companions)}"]
        cells = (own[1], _words(t[f"move.{own[0]}"]), _words(words), _words(reading))
        rows.append(Row(name, t[f"context.{name}"], cells, detail=change_unit(study, name).strip()))
    heads = (
        Column("change", t["head.change"], detail=t["head.interval"]),
        Column("move", t["admin.moved"], left=True),
        Column("companions", t["admin.companions"], left=True),
        Column("reading", t["admin.reading"], left=True),
    )
    return Table(
        "admin.readings",
        t["admin.table.readings"],
        heads,
        tuple(rows),
        notes=(note("admin.readings.note"),),
        layout="items readings fixed",
    )


def context_notes(study: Study) -> Iterator[Note]:
    """One sentence for each context number that rose, with what may be said of it; no word for better or worse."""
    returns = returns_of(study, ADMIN)
    for name, own, companions in _contexts(study, returns) if returns is not None else ():
        if own[0] == "up":
            words = {
                "name": study.t[f"context.{name}"],
                "reading": study.t[f"reading.{read_context(name, 'up', companions)}"],
            }
            unit = change_unit(study, name)
            yield Note("glance.context", {"change": own[1]}, {**words, "unit": unit})


def change_unit(study: Study, name: str) -> str:
    """Counts change in percent; answers in the units of their indicator."""
    result = survey_result(study, OF_SURVEYS[name]) if name in OF_SURVEYS else None
    if result is None:
        return study.t.numbers.percent_sign()
    return study.t.find(f"change_unit.{result.indicator.unit}", "")


def _words(text: str) -> Cell:
    return Cell(format="text", text=text)


def _contexts(study: Study, returns: Returns) -> Iterator[tuple[str, tuple[Move, Cell], dict[str, Move]]]:
    """Each context number with how it and its companions moved."""
    arrests = returns.change("arr_all")
    yield (
        "arrests",
        (_move(moved(arrests)), percent_cell(arrests)),
        {
            "complaints_per_arrest": _rate_move(returns, "cmp_in", "arr_all"),
            "charges_per_arrest": _charges(study, returns),
        },
    )
    kilos = returns.totals("kg_coc")
    seized = returns.change("seiz_n")
    events: Move = _move(moved(seized))
    up: Move = "up" if kilos.after > kilos.before else "down" if kilos.after < kilos.before else "flat"
    weighed = returns.change("kg_coc")
    share = Cell(number(weighed.value), "pp", n=percent_cell(weighed).n) if weighed else Cell(format="pp")
    yield "seizures", (up, share), {"events": events, "hit_rate": _rate_move(returns, "seiz_n", "x_search")}
    complaints = returns.change("cmp_in")
    yield (
        "complaints",
        (_move(moved(complaints)), percent_cell(complaints)),
        {
            "sustained_share": _rate_move(returns, "cmp_sus", "cmp_in"),
            "bribes": survey_move(study, "S29"),
        },
    )
    flags = survey_result(study, "O10")
    if flags is not None and flags.comparison.change is not None:
        cell = estimate_cell(flags.comparison.difference, flags.change_format, interval=True, sensitive=True)
        if cell.shown:
            yield "flags", (survey_move(study, "O10"), cell), {"discreet_share": _discreet(study)}
    for name, code, companions in (
        ("presence", "S55", {"safety": "S02", "fairness": "S25"}),
        ("waiting", "S52", {"control": "S48", "bribes": "S51"}),
    ):
        result = survey_result(study, code)
        if result is not None and result.comparison.change is not None:
            cell = estimate_cell(
                result.comparison.difference, result.change_format, interval=True, sensitive=result.indicator.sensitive
            )
            yield (
                name,
                (survey_move(study, code), cell),
                {key: survey_move(study, other) for key, other in companions.items()},
            )


def _rate_move(returns: Returns, top: str, bottom: str) -> Move:
    sums = [returns.ratio(top, bottom, year) for year in (returns.year_before, returns.year_after)]
    if min(sums[0][1], sums[1][1]) <= 0:
        return "unknown"
    return _move(moved(percent_change(sums[0][0], sums[1][0], sums[0][1], sums[1][1])))


def _discreet(study: Study) -> Move:
    """How the share of discreet and recorded observation moved between the waves, by Wilson's intervals."""
    for pair in study.observations:
        observed = Observed(pair)
        counts = [(int(observed.covert(sample).sum()), sample.n) for sample in pair.samples]
        if len(counts) == 2:
            (low, high), (first, last) = (wilson_interval(*counts[1]), wilson_interval(*counts[0]))
            return "up" if low > last else "down" if high < first else "flat"
    return "unknown"


def _charges(study: Study, returns: Returns) -> Move:
    """Charges of the prosecutors for each drug arrest of the police; unknown without both."""
    justice = returns_of(study, JUSTICE)
    if justice is None:
        return "unknown"
    charged, arrests = justice.totals("charged"), returns.totals("arr_drug")
    if not charged.known or min(arrests.before, arrests.after) <= 0:
        return "unknown"
    return _move(moved(percent_change(charged.before, charged.after, arrests.before, arrests.after)))


def survey_result(study: Study, code: str) -> Result | None:
    """The result of an indicator of the surveys."""
    return next((result for result in study.results if result.indicator.code == code), None)


def survey_move(study: Study, code: str) -> Move:
    """How an indicator of the surveys moved, by the interval of its change; unknown where it can't be compared."""
    result = survey_result(study, code)
    change = result.comparison.difference if result and not result.comparability.breaks else None
    if change is None or change.flag == "suppressed":
        return "unknown"
    return "up" if change.low > 0 else "down" if change.high < 0 else "flat"


def _move(word: str) -> Move:
    moves: dict[str, Move] = {"up": "up", "down": "down", "flat": "flat"}
    return moves.get(word, "unknown")
