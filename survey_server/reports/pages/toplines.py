"""Toplines: every question of a survey in order, with its full wording, base, and answers in percent by wave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from survey_server.estimation.arrays import Scored
from survey_server.estimation.multiplicity import benjamini_hochberg
from survey_server.reports.comparability import broken_questions
from survey_server.reports.conditions import Words
from survey_server.reports.measure import Columns, Comparison, Cube, Pair, count_cell, estimate_cell
from survey_server.reports.questionnaire import Item, text_in
from survey_server.reports.sample import MISSING_CODES, MISSING_NUMBERS, Sample
from survey_server.reports.scales import good_end, printed_items, rating_scales, scale_codes
from survey_server.reports.study import Study, note
from survey_server.reports.value import (
    BLANK,
    Cell,
    Column,
    Format,
    LeftOut,
    Note,
    Page,
    Prose,
    Question,
    Row,
    Table,
    Toplines,
)

FALSE_DISCOVERIES, LONGEST_LEAD_IN, LONG_LIST = 0.10, 260, 10
SOMETHING = 1e-9


@dataclass(frozen=True)
class Answer:
    """One line of a topline: a choice as one wording of the question gave it."""

    key: str
    label: str
    code: str
    waves: frozenset[int]


def build_toplines(study: Study, pair: Pair) -> Page | LeftOut:
    """The toplines of one survey form."""
    page_id = f"toplines-{pair.form_id}"
    name = study.t["page.toplines"]
    if len(study.surveys) > 1:
        name = study.t.of(name, study.title_of(pair))
    items = [item for item in printed_items(pair) if _is_answered(pair, item)]
    if not items:
        return LeftOut(page_id, name, note("left_out.no_answers"))
    answers = {item.name: list(_answers(study, pair, item)) for item in items}
    cube = pair.cube([_columns(sample, items, answers, place) for place, sample in enumerate(pair.samples)], {})
    marks = _marks(cube, items, answers, pair)
    common = _common_conditions(items)
    questions: list[Question] = []
    for title, group in groupby(items, key=lambda item: text_in(item.section, study.t.language)):
        part = [_question(study, pair, item, answers[item.name], cube, marks, common) for item in group]
        questions += [replace(part[0], section=title), *part[1:]]
    questions = list(_unrepeated(questions))
    count = Cell(float(len(items)))
    broken = Cell(float(len(broken_questions(pair, tuple(item.name for item in items)))))
    rule = "toplines.message.broken" if broken.value else "toplines.message"
    reading = Prose((note("toplines.reading"),), "small")
    return Page(page_id, name, Note(rule, {"count": count, "broken": broken}), (reading, Toplines(tuple(questions))))


def _unrepeated(questions: Sequence[Question]) -> Iterator[Question]:
    """What was read out before several questions and who was asked stand with the first of them only."""
    last: Question | None = None
    for question in questions:
        told = question
        if last is not None and question.lead_in and question.lead_in == last.lead_in and not question.section:
            told = replace(told, lead_in="")
        if last is not None and question.table.base and question.table.base == last.table.base:
            told = replace(told, table=replace(told.table, base=note("base.same")))
        yield told
        last = question


def _common_conditions(items: Sequence[Item]) -> set[str]:
    """The conditions (consent and the like) under which at least two thirds of the questions stand."""
    counts = Counter(condition for item in items for condition in item.asked_if)
    return {condition for condition, count in counts.items() if 3 * count >= 2 * len(items)}


def _is_answered(pair: Pair, item: Item) -> bool:
    return any(sample.coded(item.name).given.any() for sample in pair.samples)


def _answers(study: Study, pair: Pair, item: Item) -> Iterator[Answer]:
    """The lines of a question over all wordings; a label that changed makes a line of its own for each wave."""
    if item.kind in ("integer", "decimal"):
        yield Answer("mean", study.t["toplines.mean"], "mean", frozenset(range(len(pair.samples))))
        for code in ("-88", "-99"):
            yield Answer(code, study.t[f"missing.{code}"], code, frozenset(range(len(pair.samples))))
        return
    lines: dict[tuple[str, str], set[int]] = {}
    for place, sample in enumerate(pair.samples):
        for questionnaire in sample.data.questionnaires:
            asked = questionnaire.by_name.get(item.name)
            for choice in asked.choices if asked else ():
                label = text_in(choice.labels, study.t.language) or choice.code
                lines.setdefault((choice.code, label), set()).add(place)
    order = [choice.code for choice in item.choices]
    ranked = sorted(lines.items(), key=lambda line: order.index(line[0][0]) if line[0][0] in order else len(order))
    codes = Counter(code for code, _ in lines)
    for (code, label), places in ranked:
        key = code if codes[code] == 1 else f"{code}@{min(places)}"
        yield Answer(key, label, code, frozenset(places))


def _columns(sample: Sample, items: Sequence[Item], answers: Mapping[str, list[Answer]], place: int) -> Columns:
    columns: dict[str, Scored] = {}
    for item in items:
        for answer in answers[item.name]:
            if place in answer.waves:
                columns[f"{item.name}|{answer.key}"] = _column(sample, item, answer.code)
    return Columns(columns, {})


def _column(sample: Sample, item: Item, code: str) -> Scored:
    """100 where the answer was given, 0 where another was, NaN where the question wasn't asked."""
    coded = sample.coded(item.name)
    if code == "mean":
        return coded.scored(_number)
    if item.kind == "many":
        return coded.scored(lambda given: 100.0 * (code in given.split()))
    return coded.scored(lambda given: 100.0 * (given == code))


def _number(answer: str) -> float:
    try:
        number = float(answer)
    except ValueError:
        return math.nan
    return math.nan if number in MISSING_NUMBERS else number


def _marks(cube: Cube, items: Sequence[Item], answers: Mapping[str, list[Answer]], pair: Pair) -> dict[str, str]:
    """Lines whose change stands out among all lines (Benjamini-Hochberg): "rise" or "fall"."""
    broken = set(broken_questions(pair, tuple(item.name for item in items)))
    lines = [f"{item.name}|{a.key}" for item in items if item.name not in broken for a in answers[item.name]]
    changes = {line: cube.comparison(line).change for line in lines}
    tested = {line: change for line, change in changes.items() if change and not math.isnan(change.p_value)}
    adjusted = benjamini_hochberg([change.p_value for change in tested.values()])
    return {
        line: "rise" if change.estimate.value > 0 else "fall"
        for (line, change), p in zip(tested.items(), adjusted, strict=True)
        if p < FALSE_DISCOVERIES and abs(change.estimate.value) > SOMETHING and change.estimate.flag != "suppressed"
    }


def _question(
    study: Study,
    pair: Pair,
    item: Item,
    answers: Sequence[Answer],
    cube: Cube,
    marks: Mapping[str, str],
    common: Collection[str],
) -> Question:
    broken = item.name in broken_questions(pair, (item.name,))
    rows = [_row(pair, item, answer, cube.comparison(f"{item.name}|{answer.key}"), marks, broken) for answer in answers]
    given = [row for row in rows if any(cell.value for cell in row.cells) or any(cell.flag for cell in row.cells)]
    scale = item.name in rating_scales(pair) and not broken
    silent = [row.label for row in rows if row not in given and row.kind != "aside"]
    silent = silent if not scale and len(silent) > 1 else []
    rows = given if silent else [row for row in rows if row.kind != "aside" or row in given]
    rows.append(Row("n", "n", (*(count_cell(_asked(sample, item)) for sample in pair.samples), *_blank(pair)), "total"))
    columns = [Column(key, name) for key, name in zip(pair.wave_keys, _waves(study, pair), strict=True)]
    if pair.before:
        columns.append(Column("change", study.t["head.pp"] if item.choices else study.t["head.change"]))
    table = Table(
        f"topline.{pair.form_id}.{item.name}",
        study.wording(item),
        tuple(columns),
        tuple(rows),
        base=_base(study, pair, item, common),
        notes=tuple(_notes(study, item, silent)),
    )
    return Question(
        table,
        item.name,
        study.wording(item),
        lead_in=_lead_in(study, item),
        broken=broken,
        scale=tuple(scale_codes(item)) if scale else (),
        good_end=good_end(pair, item.name) if scale_codes(item) else 1,
    )


def _row(pair: Pair, item: Item, answer: Answer, comparison: Comparison, marks: Mapping[str, str], broken: bool) -> Row:
    form: Format = "mean" if answer.code == "mean" else "percent"
    sides = (comparison.before, comparison.after) if pair.before else (comparison.after,)
    cells = [estimate_cell(side, form) for side in sides]
    if pair.before:
        change = BLANK
        if not broken:
            change = estimate_cell(comparison.difference, "pp" if form == "percent" else "change")
        mark = marks.get(f"{item.name}|{answer.key}", "")
        cells.append(replace(change, mark=mark) if mark else change)
    return Row(answer.key, answer.label, tuple(cells), "aside" if answer.code in MISSING_CODES else "")


def _blank(pair: Pair) -> tuple[Cell, ...]:
    return (BLANK,) if pair.before else ()


def _waves(study: Study, pair: Pair) -> list[str]:
    return [sample.data.wave.name for sample in pair.samples]


def _asked(sample: Sample, item: Item) -> int:
    return int(sample.coded(item.name).given.sum())


def _base(study: Study, pair: Pair, item: Item, common: Collection[str]) -> Note | None:
    """Who was asked: the conditions beyond those that hold for every question of the form, in words."""
    own = [tree for text, tree in zip(item.asked_if, item.conditions, strict=True) if text not in common]
    items = {
        name: one for sample in pair.samples for q in sample.data.questionnaires for name, one in q.by_name.items()
    }
    condition = Words(items, study.t).write(own)
    return note("base.some", condition=condition) if condition else None


def _lead_in(study: Study, item: Item) -> str:
    """What was read before the question; a whole consent text is in the form and not repeated here."""
    text = text_in(item.lead_in, study.t.language)
    return text if len(text) <= LONGEST_LEAD_IN else ""


def _notes(study: Study, item: Item, silent: Sequence[str]) -> Iterator[Note]:
    """That several answers were possible, and which choices nobody took; of many only their number."""
    if item.kind == "many":
        yield note("toplines.many")
    if len(silent) > LONG_LIST:
        yield Note("toplines.silent", {"count": Cell(float(len(silent)))})
    elif silent:
        yield note("toplines.unnamed", list=study.t.listed(silent))
