"""Which column of a table answers which question, and how its values become stored ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from survey_server.problems import BadMapping
from survey_server.xlsform.importing.tables import Table

KEY = "#key"
COLLECTED = "#collected"
_BLANK = "(blank)"
_OTHERWISE = "*"
_BOUND = re.compile(r"(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)")
_POSITION = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Question:
    """A question as an import needs it. `choices` is None where the list depends on other answers."""

    name: str
    ref: str
    kind: str
    type: str
    choices: Mapping[str, tuple[str, ...]] | None = None
    """Stored value -> its labels in every language."""

    @property
    def is_select(self) -> bool:
        """Whether the answer comes from a list."""
        return self.kind in ("select1", "select", "rank")


@dataclass(frozen=True)
class Source:
    """One column and the question that it answers; `choice` for a column that stands for one choice of several."""

    column: str
    question: Question
    ref: str
    choice: str = ""
    becomes: Mapping[str, str] = field(default_factory=dict)

    def translate(self, value: str) -> str:
        """The value by the mapping's own rules: as written, then by bounds (<0), then for all others (*)."""
        if not self.becomes:
            return value
        if (value or _BLANK) in self.becomes:
            return self.becomes[value or _BLANK]
        number = as_number(value)
        for rule, becomes in self.becomes.items():
            bound = _BOUND.fullmatch(rule)
            if bound and number is not None and _within(number, bound[1], float(bound[2])):
                return becomes
        return self.becomes.get(_OTHERWISE, value) if value else value


@dataclass(frozen=True)
class ImportMapping:
    """Everything that an import takes from a table."""

    sources: tuple[Source, ...]
    key: str | None
    collected: str | None
    unused: tuple[str, ...]
    """Columns that answer no question."""


def list_questions(phone: Mapping[str, Any]) -> dict[str, Question]:
    """Every question of the form by its path below the root ("main/safe_day") and, where it is unique, by its name."""
    binds = {bind["ref"]: bind.get("type", "string") for bind in phone["binds"]}
    found = [
        Question(*_identity(c), c["kind"], binds.get(c["ref"], "string"), _choices(phone, c)) for c in _walk(phone)
    ]
    asked = {question.ref for question in found}
    for bind in phone["binds"]:
        if bind["ref"] not in asked and "calculate" not in bind and bind.get("preload") != "uid":
            found.append(Question(bind["ref"].rpartition("/")[2], bind["ref"], "hidden", bind.get("type", "string")))
    by_name: dict[str, list[Question]] = {}
    for question in found:
        by_name.setdefault(question.name, []).append(question)
        by_name.setdefault(question.ref.split("/", 2)[2], []).append(question)
    return {name: questions[0] for name, questions in by_name.items() if len({q.ref for q in questions}) == 1}


def make_mapping(
    table: Table, questions: Mapping[str, Question], rules: Table | None = None, key: str | None = None
) -> ImportMapping:
    """What `rules` (columns: column, question, value, becomes) say; without rules, columns named as questions.

    Raises BadMapping for a column or a question that doesn't exist, or when no column answers any question.
    """
    targets, becomes = _read_rules(table, rules) if rules else (_namesakes(table, questions), {})
    sources, special, unused = [], {KEY: key, COLLECTED: None}, []
    for column, target in targets.items():
        if target in special:
            special[target] = column
            continue
        source = _find_source(column, target, questions)
        if source is None and rules is None:
            unused.append(column)
        elif source is None:
            raise BadMapping(f"The form has no question {target!r} (column {column!r}).{_close(target, questions)}")
        else:
            sources.append(Source(source.column, source.question, source.ref, source.choice, becomes.get(column, {})))
    if not sources:
        raise BadMapping("No column has the name of a question: say in a mapping file which column answers which.")
    if special[KEY] is not None and special[KEY] not in table.columns:
        raise BadMapping(f"The file has no column {special[KEY]!r} to take the rows' keys from.")
    unused += [column for column in table.columns if column not in targets and column != special[KEY]]
    unused = [column for column in unused if column != special[KEY]]
    return ImportMapping(tuple(sources), special[KEY], special[COLLECTED], tuple(unused))


def as_number(value: str) -> float | None:
    """The number that a cell holds; None for text and blanks."""
    try:
        return float(value)
    except ValueError:
        return None


def _namesakes(table: Table, questions: Mapping[str, Question]) -> dict[str, str]:
    """Each column as the question of its name, whatever the capitals."""
    known = {name.casefold(): name for name in questions}
    return {name: known.get(name.casefold(), name) for name in table.columns}


def _read_rules(table: Table, rules: Table) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    if not {"column", "question"} <= set(rules.columns):
        raise BadMapping("The mapping needs the columns: column, question, and if values change: value, becomes.")
    targets: dict[str, str] = {}
    becomes: dict[str, dict[str, str]] = {}
    for row in rules.rows:
        cells = dict(zip(rules.columns, row.cells, strict=False))
        column, target = cells.get("column", ""), cells.get("question", "")
        if column not in table.columns:
            raise BadMapping(f"Row {row.number} of the mapping: the file has no column {column!r}.")
        if target and targets.setdefault(column, target) != target:
            raise BadMapping(f"Row {row.number} of the mapping: {column!r} is mapped to {targets[column]!r} already.")
        if column not in targets:
            raise BadMapping(f"Row {row.number} of the mapping: say which question {column!r} answers.")
        if cells.get("value"):
            becomes.setdefault(column, {})[cells["value"]] = cells.get("becomes", "")
    return targets, becomes


def _find_source(column: str, target: str, questions: Mapping[str, Question]) -> Source | None:
    plain = _POSITION.sub("", target.strip("/"))
    if plain in questions:
        question = questions[plain]
        positions = iter(_POSITION.findall(target))
        return Source(column, question, _with_positions(question.ref, target, positions))
    name, _, choice = plain.rpartition("/")
    several = questions.get(name)
    if several and several.kind == "select" and (several.choices is None or choice in several.choices):
        return Source(column, several, several.ref, choice)
    return None


def _with_positions(ref: str, target: str, positions: Iterator[str]) -> str:
    """The question's path with the positions of repeats that the mapping writes: roster[2]/r_age."""
    numbered = {part.partition("[")[0]: part for part in target.strip("/").split("/") if "[" in part}
    return "/".join(numbered.get(part, part) for part in ref.split("/")) if next(positions, None) else ref


def _walk(phone: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    def below(controls: Any) -> Iterator[Mapping[str, Any]]:
        for control in controls:
            if control["kind"] in ("group", "repeat"):
                yield from below(control.get("children", []))
            else:
                yield control

    yield from below(phone["body"])


def _identity(control: Mapping[str, Any]) -> tuple[str, str]:
    return control["ref"].rpartition("/")[2], control["ref"]


def _choices(phone: Mapping[str, Any], control: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]] | None:
    choices = control.get("choices")
    if not choices or "items" not in choices:
        return _whole_list(phone, choices) if choices else None
    return {str(item["value"]): tuple(_labels(phone, item["label"])) for item in choices["items"]}


def _whole_list(phone: Mapping[str, Any], choices: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]] | None:
    """The list of a select without a filter, as it stands in the form: instance('name')/root/item."""
    match choices["nodeset"]:
        case ["path", ["call", "instance", ["str", name]], [_, "root"], [_, "item"]]:
            rows = phone["secondary"].get(name, {}).get("items")
        case _:
            return None
    if rows is None or not isinstance(choices["value"], str):
        return None
    label = choices["label"]
    if isinstance(label, Mapping):
        return {str(row[choices["value"]]): tuple(_labels(phone, row.get(label["itext"], ""))) for row in rows}
    return {str(row[choices["value"]]): (str(row.get(label, "")),) for row in rows}


def _labels(phone: Mapping[str, Any], key: str) -> Iterator[str]:
    for forms in phone["texts"].get(key, {}).values():
        yield "".join(part for part in forms.get("", []) if isinstance(part, str))


def _within(number: float, sign: str, bound: float) -> bool:
    return {"<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound}[sign]


def _close(target: str, questions: Mapping[str, Question]) -> str:
    near = [name for name in questions if target.lower() in name.lower() or name.lower() in target.lower()]
    return f" Did you mean {near[0]!r}?" if near else ""
