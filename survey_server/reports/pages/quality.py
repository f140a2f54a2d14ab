"""Field and data quality: outcomes, lengths, look-alikes, interviewers, missing answers, sync and versions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from survey_server.reports.coded import codes_of
from survey_server.reports.comparability import missing_share
from survey_server.reports.measure import Pair, count_cell, number_cell, share_cell
from survey_server.reports.pages.back_checks import back_check_tables, back_check_warnings
from survey_server.reports.pages.outcome_places import place_table
from survey_server.reports.pages.outcome_rates import interviewer_table, logs_of, outcome_table, rate_warnings
from survey_server.reports.quality.fieldwork import OFTEN, Fieldwork, Interviewer, Work
from survey_server.reports.questionnaire import text_in
from survey_server.reports.registers.forms import ADMIN
from survey_server.reports.registers.monthly import returns_of
from survey_server.reports.study import Study, note
from survey_server.reports.value import (
    BLANK,
    Block,
    Cell,
    Column,
    LeftOut,
    Note,
    Page,
    Prose,
    Row,
    SideBySide,
    Table,
    text_cell,
)

MISSING_LIMIT, LATE_DAYS, LATE_LIMIT = 15.0, 5, 0.05
WORST_ITEMS, INTERVIEWERS_SHOWN, FEW_EFFECTS = 8, 40, 2
LEAST_ANSWERING, LEAST_RETURNS, FEW_RETURNS = 0.25, 0.60, 0.85


def build_quality(study: Study) -> Page | LeftOut:
    """The page about the fieldwork; its grade drives the box "Read with care"."""
    warnings = list(quality_warnings(study))
    blocks: list[Block] = [Prose(tuple(warnings), "list")] if warnings else []
    blocks.append(Prose((note("quality.elsewhere"),), "small"))
    for pair in study.pairs:
        blocks += _form(study, pair)
    grade = study_grade(study)
    message = Note("quality.message", {"count": Cell(float(len(warnings)))}, {"grade": grade})
    return Page("quality", study.t["page.quality"], message, tuple(blocks))


def grade_of(reds: int) -> str:
    """A without a red flag, B up to two, C up to four, D beyond."""
    return "A" if reds == 0 else "B" if reds <= 2 else "C" if reds <= 4 else "D"


def study_grade(study: Study) -> str:
    """The grade of all the fieldwork: D outright with under a quarter answering, or under 60 % of the returns."""
    rates = [logs[-1].rates.rr1 for pair in study.surveys if (logs := logs_of(study, pair)) and logs[-1] is not None]
    came = _returns_share(study)
    if any(rate < LEAST_ANSWERING for rate in rates) or (came is not None and came < LEAST_RETURNS):
        return "D"
    return grade_of(sum(1 for _ in quality_warnings(study)))


def _returns_share(study: Study) -> float | None:
    """The share of the unit-months due of which a return came."""
    returns = returns_of(study, ADMIN)
    if returns is None or not len(returns.span):
        return None
    return len(returns.sample.frame) / (len(returns.units) * len(returns.span))


def quality_warnings(study: Study) -> Iterator[Note]:
    """Every red flag of the fieldwork, one sentence each."""
    for pair in study.pairs:
        for wave in study.works[pair.form_id].waves:
            yield from _wave_warnings(study, pair, wave)
        yield from rate_warnings(study, pair)
    yield from back_check_warnings(study)
    came = _returns_share(study)
    if came is not None and came < FEW_RETURNS:
        yield Note("quality.admin", {"share": Cell(100 * came, "percent1")})


def _wave_warnings(study: Study, pair: Pair, wave: Fieldwork) -> Iterator[Note]:
    words = {"wave": wave.sample.data.wave.name, "form": study.title_of(pair)}
    for person in (person for person in wave.by_interviewer if person.flags):
        cells = {"interviews": Cell(float(person.interviews)), "minutes": Cell(_known(person.minutes), "minutes")}
        signs = ", ".join(study.t[f"flag.{flag}"] for flag in person.flags)
        yield Note("quality.interviewer", cells, {**words, "code": person.code, "signs": signs})
    if wave.straight.mean() > OFTEN if len(wave.straight) else False:
        yield Note("quality.straight", {"share": Cell(100 * float(wave.straight.mean()), "percent1")}, words)
    worst = [name for name, share in _missing_items(pair, wave) if share > MISSING_LIMIT]
    if worst:
        yield Note("quality.missing", {"count": Cell(float(len(worst)))}, {**words, "items": ", ".join(worst[:6])})
    if len(wave.versions) > 1:
        yield Note("quality.versions", {"count": Cell(float(len(wave.versions)))}, words)
    if len(wave.lag_days) and float(np.mean(wave.lag_days > LATE_DAYS)) > LATE_LIMIT:
        yield Note("quality.late", {"share": Cell(100 * float(np.mean(wave.lag_days > LATE_DAYS)), "percent1")}, words)
    facts = wave.sample.data.facts
    if facts.conflicts or facts.quarantined:
        cells = {"conflicts": Cell(float(facts.conflicts)), "quarantined": Cell(float(facts.quarantined))}
        yield Note("quality.conflicts", cells, words)


def _form(study: Study, pair: Pair) -> Iterator[Block]:
    work = study.works[pair.form_id]
    section = Prose((), title=study.title_of(pair)) if len(study.pairs) > 1 else None
    if section:
        yield section
    tables = [_outcomes(study, work), _lengths(study, work), _sync(study, work), _versions(study, work)]
    tables += [_issues(study, work)] if any(wave.sample.data.facts.issues for wave in work.waves) else []
    tables += outcome_table(study, pair)
    tables += back_check_tables(study) if pair in study.surveys[:1] else ()
    effects = list(interviewer_table(study, pair, explained=pair is study.pairs[0]))
    beside = effects if all(len(table.rows) <= FEW_EFFECTS for table in effects) else []
    yield SideBySide(tuple(table for table in (*tables, *beside) if table.rows))
    yield from place_table(study, pair)
    if not beside:
        yield from effects
    if any(_missing_items(pair, wave) for wave in work.waves):
        yield _missing(study, work)
    yield from _interviewers(study, work)


def _columns(work: Work) -> tuple[Column, ...]:
    return tuple(
        Column(key, wave.sample.data.wave.name) for key, wave in zip(work.pair.wave_keys, work.waves, strict=True)
    )


def _table(study: Study, work: Work, kind: str, rows: Sequence[Row], *notes: Note) -> Table:
    table_id = f"quality.{kind}.{work.pair.form_id}"
    layout = "items folded" if kind == "missing" else "items narrow"
    return Table(table_id, study.t[f"quality.table.{kind}"], _columns(work), tuple(rows), notes=notes, layout=layout)


def _line(study: Study, work: Work, key: str, cell: Callable[[Fieldwork], Cell]) -> Row:
    return Row(key, study.t[f"quality.row.{key}"], tuple(cell(wave) for wave in work.waves))


def _outcomes(study: Study, work: Work) -> Table:
    rows = [
        _line(study, work, "received", lambda wave: count_cell(len(wave.sample.everyone))),
        _line(study, work, "counted", lambda wave: count_cell(wave.sample.n)),
    ]
    if any(wave.sample.refused for wave in work.waves):
        rows.append(_line(study, work, "refused", lambda wave: count_cell(wave.sample.refused)))
    if any(wave.sample.rejected for wave in work.waves):
        rows.append(_line(study, work, "rejected", lambda wave: count_cell(wave.sample.rejected)))
    if any(wave.sample.second_observers for wave in work.waves):
        rows.append(_line(study, work, "second", lambda wave: count_cell(wave.sample.second_observers)))
    if any(wave.sample.unplaced for wave in work.waves):
        rows.append(_line(study, work, "unplaced", lambda wave: count_cell(wave.sample.unplaced)))
    return _table(study, work, "outcomes", [*rows, *_outcome_codes(study, work)])


def _outcome_codes(study: Study, work: Work) -> Iterator[Row]:
    """The interviewers' own outcome codes, where the form has them."""
    column = work.pair.registry.role("outcome")
    item = work.pair.after.data.item(column) if column else None
    if column is None or item is None:
        return
    for choice in item.choices:
        counts = [int((codes_of(wave.sample.everyone, column) == choice.code).sum()) for wave in work.waves]
        if any(counts):
            label = text_in(choice.labels, study.t.language)
            yield Row(f"outcome.{choice.code}", label, tuple(count_cell(count) for count in counts))


def _lengths(study: Study, work: Work) -> Table:
    rows = []
    if any(not math.isnan(wave.median_minutes) for wave in work.waves):
        for key, share in (("median", 0.5), ("p5", 0.05), ("p95", 0.95)):
            rows.append(_line(study, work, key, lambda wave, share=share: number_cell(wave.quantile(share), "minutes")))  # type: ignore[misc]
        rows.append(_line(study, work, "short", lambda wave: share_cell(int(wave.short.sum()), len(wave.frame))))
    if any(wave.battery for wave in work.waves):
        rows.append(_line(study, work, "straight", lambda wave: share_cell(int(wave.straight.sum()), len(wave.frame))))
        rows.append(_line(study, work, "alike", lambda wave: share_cell(int(wave.alike.sum()), len(wave.frame))))
    told = (note("quality.lengths.note"),) if any(wave.battery for wave in work.waves) else ()
    return _table(study, work, "lengths", rows, *told)


def _sync(study: Study, work: Work) -> Table:
    facts = [wave.sample.data.facts for wave in work.waves]
    rows = [
        _line(study, work, "repeats", lambda wave: count_cell(wave.repeats)),
        _line(study, work, "same_case", lambda wave: count_cell(wave.same_case)),
        _line(study, work, "conflicts", lambda wave: count_cell(wave.sample.data.facts.conflicts)),
        _line(study, work, "quarantined", lambda wave: count_cell(wave.sample.data.facts.quarantined)),
        _line(study, work, "issues", lambda wave: count_cell(sum(wave.sample.data.facts.issues.values()))),
    ]
    if any(len(wave.lag_days) for wave in work.waves):
        rows.append(_line(study, work, "lag", lambda wave: number_cell(_median(wave.lag_days), "minutes")))
    if any(fact.planned_sites for fact in facts):
        rows.insert(0, _line(study, work, "planned", lambda wave: count_cell(wave.sample.data.facts.planned_sites)))
        rows.insert(1, _line(study, work, "visited", _visited))
        if len(work.waves) > 1:
            rows.insert(2, Row("kept", study.t["quality.row.kept"], (Cell(format="percent1"), _kept(work))))
    return _table(study, work, "sync", rows)


def _visited(wave: Fieldwork) -> Cell:
    column = wave.sample.role("psu") or wave.sample.role("site")
    return count_cell(wave.frame[column].nunique() if column else None)


def _kept(work: Work) -> Cell:
    """How many of the later wave's points were there in the earlier one."""
    before, after = (
        set(wave.frame[column].dropna()) if (column := wave.sample.role("psu")) else set() for wave in work.waves
    )
    return share_cell(len(before & after), len(after))


def _versions(study: Study, work: Work) -> Table:
    names = sorted({version for wave in work.waves for version in wave.versions})
    rows = [Row(name, name, tuple(count_cell(wave.versions.get(name)) for wave in work.waves)) for name in names]
    return _table(study, work, "versions", rows)


def _missing_items(pair: Pair, wave: Fieldwork) -> list[tuple[str, float]]:
    """The questions with most don't know and refused, worst first."""
    shares = [(item.name, missing_share(wave.sample, item.name)) for item in wave.items]
    known = [(name, share) for name, share in shares if share > 0]
    return sorted(known, key=lambda pair: (-pair[1], pair[0]))


def _missing(study: Study, work: Work) -> Table:
    worst = dict.fromkeys(name for wave in work.waves for name, _ in _missing_items(work.pair, wave)[:WORST_ITEMS])
    rows = []
    for name in list(worst)[:WORST_ITEMS]:
        cells = tuple(Cell(_known(missing_share(wave.sample, name)), "percent1") for wave in work.waves)
        item = work.pair.after.data.item(name)
        rows.append(Row(name, study.wording(item) if item else name, cells))
    return _table(study, work, "missing", rows)


def _issues(study: Study, work: Work) -> Table:
    kinds = sorted({kind for wave in work.waves for kind in wave.sample.data.facts.issues})
    rows = [
        Row(
            kind,
            study.t.find(f"issue.{kind}", kind),
            tuple(count_cell(w.sample.data.facts.issues.get(kind, 0)) for w in work.waves),
        )
        for kind in kinds
    ]
    return _table(study, work, "issues", rows)


def _interviewers(study: Study, work: Work) -> Iterator[Table]:
    """The latest wave's interviewers by code, and any earlier one's that stands out."""
    for key, wave in zip(work.pair.wave_keys, work.waves, strict=True):
        people = wave.by_interviewer
        if len(people) > INTERVIEWERS_SHOWN or wave is not work.waves[-1]:
            people = [person for person in people if person.flags]
        if not people or math.isnan(wave.median_minutes):
            continue
        heads = ("interviews", "minutes", "short", "straight", "alike", "missing", "signs")
        columns = tuple(Column(head, study.t[f"quality.head.{head}"], left=head == "signs") for head in heads)
        rows = tuple(_interviewer(study, person) for person in people)
        yield Table(
            f"quality.interviewers.{work.pair.form_id}.{key}",
            f"{study.t['quality.table.interviewers']} · {wave.sample.data.wave.name}",
            columns,
            rows,
            notes=(note("quality.interviewers.note"),),
            audience="full",
            layout="items keep people",
            corner=study.t["quality.head.code"],
        )


def _interviewer(study: Study, person: Interviewer) -> Row:
    shares = [Cell(100 * share, "percent1") for share in (person.short, person.straight, person.alike)]
    signs = ", ".join(study.t[f"flag.{flag}"] for flag in person.flags)
    cells = (
        count_cell(person.interviews),
        Cell(_known(person.minutes), "minutes"),
        *shares,
        Cell(_known(100 * person.missing), "percent1"),
        text_cell(signs, "worsened") if signs else BLANK,
    )
    return Row(person.code, person.code, cells)


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else math.nan


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
