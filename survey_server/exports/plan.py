"""Which columns an export has: one for every question of every version of the form, keyed by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from survey_server.xlsform.filling.plan import column_names
from survey_server.xlsform.form import Form

MAIN = ""
"""The table with one row per submission; every repeat has a table of its own."""

NUMBERS = frozenset({"int", "integer", "decimal", "range"})
KEYS = ("_id", "_key", "_parent", "_position")
BLANK = "_blank"
"""The last column of every table: the questions that were asked in this row and left blank."""


@dataclass(frozen=True)
class Choice:
    """A code that may be stored, with its label by language."""

    code: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Variable:
    """One column: a question of one type over all versions that ask it so."""

    name: str
    """The column's heading; when a question changed its type, the later type's heading names its first version."""
    key: str
    """The name under which answers hold it."""
    path: str
    table: str
    kind: str
    """"one", "many", "rank", or the type of the question: "string", "int", "decimal", "date", "geopoint", ..."""
    labels: Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.kind in NUMBERS

    def label(self, language: str) -> str:
        """The question's wording in a language ("es"), else in whichever comes first, else its name."""
        return text_in(self.labels, language) or self.name


@dataclass(frozen=True)
class Plan:
    """The tables of an export with their variables, and where each version's answers belong in them."""

    form_id: str
    titles: Mapping[str, str]
    tables: Mapping[str, tuple[Variable, ...]]
    layouts: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    """(version, table) -> the name under which answers hold a question -> the place of its variable."""
    hidden: frozenset[str] = frozenset()
    """Questions that no export has: codes by which the person who answered could be found."""

    def layout(self, version: str, table: str) -> Mapping[str, int]:
        """Where a row of this version has its answers; of an unknown version, by name alone."""
        known = self.layouts.get((version, table))
        if known is None:
            known = {variable.key: place for place, variable in reversed(list(enumerate(self.tables[table])))}
        return known


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text of the language with this code, else the first there is."""
    fitting = (text for name, text in texts.items() if text and (name == language or name.endswith(f"({language})")))
    return next(fitting, next((text for text in texts.values() if text), ""))


def plan_export(
    form_id: str, versions: Sequence[tuple[str, Form, Mapping[str, Any]]], hidden: frozenset[str] = frozenset()
) -> Plan:
    """The plan for (version, compiled form, phone document) of every version, oldest first; without what is hidden."""
    tables: dict[str, dict[tuple[str, str], Variable]] = {MAIN: {}}
    met: list[tuple[str, list[Variable]]] = []
    for version, form, phone in versions:
        found = [variable for variable in _variables(form, phone, version) if variable.key not in hidden]
        met.append((version, found))
        for variable in found:
            table = tables.setdefault(variable.table, {})
            key = (variable.path, _family(variable.kind))
            table[key] = _merged(table[key], variable) if key in table else _named(variable, table.values())
    places = {name: {key: place for place, key in enumerate(table)} for name, table in tables.items()}
    layouts: dict[tuple[str, str], dict[str, int]] = {}
    for version, found in met:
        for name in tables:
            layouts[version, name] = {}
        for variable in found:
            place = places[variable.table][variable.path, _family(variable.kind)]
            layouts[version, variable.table][variable.key] = place
    titles = versions[-1][2]["title"] if versions else {}
    return Plan(
        form_id,
        titles if isinstance(titles, Mapping) else {"": str(titles)},
        {name: tuple(table.values()) for name, table in tables.items()},
        layouts,
        hidden,
    )


def _family(kind: str) -> str:
    """Kinds whose values can share a column."""
    return "number" if kind in NUMBERS else kind


def _merged(old: Variable, new: Variable) -> Variable:
    """The newer wording, and every choice that there ever was."""
    codes = {choice.code for choice in new.choices}
    gone = tuple(choice for choice in old.choices if choice.code not in codes)
    kind = "decimal" if "decimal" in (old.kind, new.kind) else new.kind
    return replace(
        new, name=old.name, kind=kind, choices=(*new.choices, *gone), versions=(*old.versions, *new.versions)
    )


def _named(variable: Variable, others: Any) -> Variable:
    if any(other.name == variable.name for other in others):
        return replace(variable, name=f"{variable.name}@{variable.versions[0]}")
    return variable


def _variables(form: Form, phone: Mapping[str, Any], version: str) -> Iterator[Variable]:
    controls = {control["ref"]: control for control in _controls(phone["body"]) if control.get("ref")}
    binds = {bind["ref"]: bind for bind in phone["binds"]}
    columns = column_names(form)
    repeats = {shape.ref: columns[shape.ref] for shape in form.root.walk() if shape.is_repeat and shape.ref in columns}
    for shape in form.root.walk():
        if not shape.is_leaf or shape.ref not in columns:
            continue
        control, bind = controls.get(shape.ref, {}), binds.get(shape.ref, {})
        if _is_note(control, bind):
            continue
        around = [repeats[above.ref] for above in shape.ancestors() if above.ref in repeats]
        yield Variable(
            name=columns[shape.ref],
            key=columns[shape.ref],
            path=shape.ref,
            table=around[0] if around else MAIN,
            kind=_KINDS.get(control.get("kind", ""), "") or bind.get("type", "string"),
            labels=_texts(phone, control.get("label")),
            choices=tuple(_choices(phone, control.get("choices"))),
            versions=(version,),
        )


_KINDS = {"select1": "one", "select": "many", "rank": "rank"}


def _controls(controls: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for control in controls:
        yield control
        yield from _controls(control.get("children", ()))


def _is_note(control: Mapping[str, Any], bind: Mapping[str, Any]) -> bool:
    return control.get("kind") == "input" and bind.get("readonly") is not None and "calculate" not in bind


def _texts(phone: Mapping[str, Any], key: str | None) -> dict[str, str]:
    forms = phone["texts"].get(key, {}) if key else {}
    return {language: _plain(form) for language, form in forms.items()}


def _plain(form: Mapping[str, Any]) -> str:
    return "".join(part if isinstance(part, str) else "[…]" for part in form.get("", [])).strip()


def _choices(phone: Mapping[str, Any], choices: Mapping[str, Any] | None) -> Iterator[Choice]:
    """The choices that the form itself holds; a list that comes from a file has its labels there."""
    if not choices:
        return
    for item in choices.get("items", ()):
        yield Choice(str(item["value"]), _texts(phone, item["label"]))
    value, label = choices.get("value"), choices.get("label")
    if not isinstance(value, str):
        return
    for row in _rows(phone, choices.get("nodeset")):
        if isinstance(label, Mapping) and isinstance(label.get("itext"), str):
            yield Choice(str(row.get(value)), _texts(phone, row.get(label["itext"])))
        else:
            yield Choice(str(row.get(value)), {"": str(row.get(str(label), ""))})


def _rows(phone: Mapping[str, Any], tree: Any) -> Sequence[Mapping[str, str]]:
    if isinstance(tree, list):
        if tree[:2] == ["call", "instance"] and tree[2][0] == "str":
            rows: Sequence[Mapping[str, str]] = phone["secondary"].get(tree[2][1], {}).get("items", [])
            return rows
        for part in tree:
            if found := _rows(phone, part):
                return found
    return []
