"""Outcome rates and interviewer effects: the parts of the quality page that say who answered and who asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from survey_server.estimation.interviewer import interviewer_effect, leave_one_out
from survey_server.problems import BadEstimate, EmptyDomain
from survey_server.reports.measure import KINDS, Pair, count_cell, number_cell
from survey_server.reports.outcomes import ContactLog, contact_log
from survey_server.reports.registers.forms import CONTACTS
from survey_server.reports.registers.monthly import choice_labels
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

LOW_RESPONSE, FALLEN, SUBSTITUTED, LARGE_RHO = 0.40, 0.15, 0.05, 0.05
RATES = ("rr1", "rr3", "coop1", "ref1", "con1")
COUNTS = ("complete", "partial", "refusal", "non_contact", "other", "unknown_household", "not_eligible")


def logs_of(study: Study, pair: Pair) -> list[ContactLog | None]:
    """The contact logs of a survey's waves; observers' forms have none."""
    if pair.is_observation:
        return [None for _ in pair.samples]
    return [contact_log(study, sample.data.wave) for sample in pair.samples]


def outcome_table(study: Study, pair: Pair) -> Iterator[Table]:
    """Final outcomes of all dwellings drawn and the AAPOR rates; nothing without a contact log."""
    logs = logs_of(study, pair)
    if not any(logs):
        return
    t = study.t
    columns = tuple(Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True))
    rows = [Row("dwellings", t["outcome.dwellings"], tuple(count_cell(log.dwellings if log else None) for log in logs))]
    for kind in COUNTS:
        cells = tuple(count_cell(getattr(log.outcomes, kind) if log else None) for log in logs)
        if any(cell.value for cell in cells):
            rows.append(Row(kind, t[f"outcome.{kind}"], cells))
    for rate in RATES:
        cells = tuple(_rate(log, rate) for log in logs)
        rows.append(Row(rate, t[f"outcome.{rate}"], cells, "total" if rate == "rr1" else ""))
    e = tuple(number_cell(log.rates.e if log else math.nan, "coefficient") for log in logs)
    rows.append(Row("e", t["outcome.e"], e))
    rows.append(
        Row(
            "substituted", t["outcome.substituted"], tuple(count_cell(log.substituted if log else None) for log in logs)
        )
    )
    rows += _reasons(study, logs)
    rows.append(Row("unsafe", t["outcome.unsafe"], tuple(count_cell(log.unsafe if log else None) for log in logs)))
    notes = (note("outcome.note"),)
    yield Table(
        f"quality.rates.{pair.form_id}", t["outcome.title"], columns, tuple(rows), notes=notes, layout="items narrow"
    )


def _reasons(study: Study, logs: Sequence[ContactLog | None]) -> Iterator[Row]:
    """Substitutions by their reason, in the words of the log."""
    labels = choice_labels(study, study.registers[CONTACTS], "subst")
    for code in sorted({code for log in logs if log for code in log.reasons}):
        cells = tuple(count_cell(log.reasons.get(code, 0) if log else None) for log in logs)
        yield Row(f"substituted.{code}", labels.get(code, code), cells, "aside")


def _rate(log: ContactLog | None, rate: str) -> Cell:
    value = getattr(log.rates, rate) if log else math.nan
    return Cell(None if math.isnan(value) else 100 * value, "percent1", n=log.dwellings if log else None)


def rate_warnings(study: Study, pair: Pair) -> Iterator[Note]:
    """Red flags: a response rate under 40 % or fallen by more than 15 points, more than 5 % substituted."""
    logs = logs_of(study, pair)
    for sample, log in zip(pair.samples, logs, strict=True):
        words = {"wave": sample.data.wave.name, "form": study.title_of(pair)}
        if log and log.rates.rr1 < LOW_RESPONSE:
            yield Note("outcome.low", {"rate": Cell(100 * log.rates.rr1, "percent1")}, words)
        if log and log.visits and log.substituted / log.visits > SUBSTITUTED:
            yield Note(
                "outcome.many_substituted", {"share": Cell(100 * log.substituted / log.visits, "percent1")}, words
            )
    first, last = logs[0], logs[-1]
    if len(logs) > 1 and first and last and first.rates.rr1 - last.rates.rr1 > FALLEN:
        cells = {"before": Cell(100 * first.rates.rr1, "percent1"), "after": Cell(100 * last.rates.rr1, "percent1")}
        yield Note("outcome.fallen", cells, {"form": study.title_of(pair)})


def interviewer_table(study: Study, pair: Pair, explained: bool) -> Iterator[Table]:
    """For every headline how much of its variance is the interviewers', and how far one of them moves it."""
    t = study.t
    rows = [row for result in study.headlines if result.pair is pair and (row := _effect(study, result))]
    if not rows:
        return
    columns = (
        Column("rho", "ρ"),
        Column("deff", t["interviewer.deff"]),
        Column("interviewers", t["interviewer.people"]),
        Column("low", t["interviewer.low"]),
        Column("high", t["interviewer.high"]),
    )
    table_id = f"quality.effects.{pair.form_id}"
    title = f"{t['interviewer.title']} · {pair.after.data.wave.name}"
    yield Table(
        table_id,
        title,
        columns,
        tuple(rows),
        notes=(note("interviewer.note"),) if explained else (),
        layout="items",
        corner=t["head.indicator"],
    )


def _effect(study: Study, result: Result) -> Row | None:
    indicator, sample = result.indicator, result.pair.after
    who = sample.coded(sample.role("interviewer") or "_interviewer").places
    if indicator.estimator not in KINDS or who.min(initial=0) == who.max(initial=0):
        return None
    y = sample.values(indicator)
    try:
        effect, range_ = interviewer_effect(y, who), leave_one_out(y, who, sample.design)
    except (EmptyDomain, BadEstimate):
        return None
    mark = "worsened" if effect.rho > LARGE_RHO else ""
    form = result.value_format
    cells = (
        Cell(None if math.isnan(effect.rho) else effect.rho, "p", n=effect.n, mark=mark),
        number_cell(effect.deff, "coefficient"),
        count_cell(effect.interviewers),
        number_cell(range_.low * indicator.scale, form),
        number_cell(range_.high * indicator.scale, form),
    )
    return Row(indicator.code, study.label(result), cells)
