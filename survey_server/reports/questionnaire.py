"""What a report needs to know of a form: its questions in order, with wording and choices in every language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Texts = Mapping[str, str]
Kind = Literal["one", "many", "integer", "decimal", "other"]


@dataclass(frozen=True)
class Choice:
    """One answer that could be given: the code that is stored and its label by language."""

    code: str
    labels: Texts


@dataclass(frozen=True)
class Item:
    """One question as it was put: wording, choices, the heading it stands under and who was asked."""

    name: str
    kind: Kind
    labels: Texts
    choices: tuple[Choice, ...] = ()
    hints: Texts = field(default_factory=dict)
    lead_in: Texts = field(default_factory=dict)
    section: Texts = field(default_factory=dict)
    asked_if: tuple[str, ...] = ()
    conditions: tuple[Any, ...] = field(default=(), compare=False, hash=False)
    """The trees of `asked_if`, in the same order."""

    def wording_hash(self, language: str) -> str:
        """SHA-256 of the wording in `language` and of the choices' codes and labels: equal means comparable."""
        parts = [self.labels.get(language, ""), *([c.code, c.labels.get(language, "")] for c in self.choices)]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Questionnaire:
    """The questions of one form version."""

    form_id: str
    version: str
    title: Texts
    default_language: str
    items: tuple[Item, ...]
    repeats: tuple[str, ...] = ()
    repeated: tuple[Item, ...] = ()
    """The questions inside repeats: asked any number of times, so no topline of them is printed."""

    @cached_property
    def by_name(self) -> Mapping[str, Item]:
        """The questions by their names."""
        return {item.name: item for item in self.items}

    def hash_of(self, name: str) -> str | None:
        """The wording hash of the question called `name`; None when this version doesn't ask it."""
        item = self.by_name.get(name)
        return item.wording_hash(self.default_language) if item else None


def text_in(texts: Texts, language: str) -> str:
    """The text in a report's language ("es"): the form's language of that code, else whatever there is first."""
    for name, text in texts.items():
        if text and (name == language or name.endswith(f"({language})")):
            return text
    return next((text for text in texts.values() if text), "")


def questionnaire_of(phone: Mapping[str, Any]) -> Questionnaire:
    """The questionnaire of a compiled form, read from the JSON that its phones receive."""
    languages = phone["languages"] or [""]
    return Questionnaire(
        form_id=str(phone["id"]),
        version=str(phone["version"]),
        title=_titles(phone["title"], languages),
        default_language=phone["default_language"] or languages[0],
        items=tuple(_Reader(phone).items()),
        repeats=tuple(_repeats(phone["body"])),
        repeated=tuple(_Reader(phone).repeated(phone["body"])),
    )


def _repeats(controls: list[Any]) -> Iterator[str]:
    """The names of the form's repeats, outer before inner."""
    for control in controls:
        if control["kind"] == "repeat":
            yield control["ref"].rsplit("/", 1)[-1]
        yield from _repeats(control.get("children", []))


def _titles(title: Any, languages: list[str]) -> Texts:
    return dict(title) if isinstance(title, Mapping) else {language: str(title) for language in languages}


class _Reader:
    """Walks over the body of a form, remembering the headings and the notes that introduce a block of questions."""

    def __init__(self, phone: Mapping[str, Any]) -> None:
        self.phone = phone
        self.texts = phone["texts"]
        self.binds = {bind["ref"]: bind for bind in phone["binds"]}

    def items(self) -> Iterator[Item]:
        yield from self._walk(self.phone["body"], {}, ())

    def repeated(self, controls: list[Any]) -> Iterator[Item]:
        """The questions inside repeats, of any depth."""
        for control in controls:
            children = control.get("children", [])
            if control["kind"] == "repeat":
                yield from self._walk(children, self._text(control.get("label")), ())
            yield from self.repeated(children)

    def _walk(self, controls: list[Any], section: Texts, relevants: tuple[Any, ...]) -> Iterator[Item]:
        lead_in: Texts = {}
        for control in controls:
            relevant = self.binds.get(control.get("ref"), {}).get("relevant")
            label = self._text(control.get("label"))
            if control["kind"] == "repeat":
                continue
            if control["kind"] == "group":
                inside = (*relevants, relevant) if relevant else relevants
                yield from self._walk(control.get("children", []), label or section, inside)
            elif self._is_note(control):
                lead_in = label
            else:
                trees = {write_condition(tree): tree for tree in (*relevants, relevant) if tree}
                yield self._item(control, label, lead_in, section, trees)

    def _item(self, control: Any, label: Texts, lead_in: Texts, section: Texts, trees: Mapping[str, Any]) -> Item:
        follows = any(text.startswith(("...", "…")) for text in label.values()) or control["kind"] == "select1"
        return Item(
            name=control["ref"].rsplit("/", 1)[-1],
            kind=self._kind(control),
            labels=label,
            choices=tuple(self._choices(control.get("choices"))),
            hints=self._text(control.get("hint")),
            lead_in=lead_in if follows else {},
            section=section,
            asked_if=tuple(trees),
            conditions=tuple(trees.values()),
        )

    def _kind(self, control: Any) -> Kind:
        kinds: dict[str, Kind] = {"select1": "one", "select": "many"}
        if control["kind"] in kinds:
            return kinds[control["kind"]]
        bound = self.binds.get(control["ref"], {}).get("type", "string")
        return bound if control["kind"] in ("input", "range") and bound in ("integer", "decimal") else _number(bound)

    def _is_note(self, control: Any) -> bool:
        bind = self.binds.get(control.get("ref"), {})
        return control["kind"] == "input" and bind.get("readonly") is not None and "calculate" not in bind

    def _text(self, key: str | None) -> Texts:
        return {language: _plain(forms) for language, forms in self.texts.get(key, {}).items()} if key else {}

    def _choices(self, choices: Any) -> Iterator[Choice]:
        if choices is None:
            return
        if "items" in choices:
            for item in choices["items"]:
                yield Choice(str(item["value"]), self._text(item["label"]))
            return
        for row in self._rows(choices["nodeset"]):
            yield Choice(str(row[choices["value"]]), self._row_label(row, choices["label"]))

    def _rows(self, nodeset: Any) -> list[Mapping[str, str]]:
        """The rows of the secondary instance that a choice list draws on; a list from a file has none here."""
        for tree in _subtrees(nodeset):
            if tree[:2] == ["call", "instance"]:
                rows: list[Mapping[str, str]] = self.phone["secondary"].get(tree[2][1], {}).get("items", [])
                return rows
        return []

    def _row_label(self, row: Mapping[str, str], label: Any) -> Texts:
        if isinstance(label, Mapping):
            return self._text(row[label["itext"]])
        languages = self.phone["languages"] or [""]
        return dict.fromkeys(languages, str(row.get(label, "")))


def _number(bound: str) -> Kind:
    return {"int": "integer", "integer": "integer", "decimal": "decimal"}.get(bound, "other")  # type: ignore[return-value]


def _plain(forms: Mapping[str, Any]) -> str:
    """A text without its media; what the phone fills in while asking is shown as […]."""
    parts = forms.get("", [])
    return "".join(part if isinstance(part, str) else "[…]" for part in parts).strip()


def _subtrees(tree: Any) -> Iterator[list[Any]]:
    if isinstance(tree, list):
        yield tree
        for part in tree:
            yield from _subtrees(part)


_SIGNS = {
    "=": "=",
    "!=": "≠",
    "<": "<",
    "<=": "≤",
    ">": ">",
    ">=": "≥",
    "+": "+",
    "-": "−",
    "*": "×",
    "and": "∧",
    "or": "∨",
}


def write_condition(tree: Any) -> str:
    """A condition in one line, to tell conditions apart: `cross_freq ≥ 1 ∧ cross_freq ≤ 5`; conditions.py has words."""
    match tree:
        case ["num", value]:
            return f"{value:g}"
        case ["str", value]:
            return f"{value}"
        case ["path", *_, [*_, str(name)]] | ["path", *_, [_, str(name), *_]]:
            return name
        case ["call", "selected", question, code]:
            return f"{write_condition(question)} = {write_condition(code)}"
        case ["call", "not", ["call", "selected", question, code]]:
            return f"{write_condition(question)} ≠ {write_condition(code)}"
        case ["call", name, *arguments]:
            return f"{name}({', '.join(map(write_condition, arguments))})"
        case ["neg", value]:
            return f"−{write_condition(value)}"
        case ["or", *members]:
            return f"({' ∨ '.join(map(write_condition, members))})"
        case ["and", *members]:
            return " ∧ ".join(map(write_condition, members))
        case [str(sign), left, right]:
            return f"{write_condition(left)} {_SIGNS.get(sign, sign)} {write_condition(right)}"
    return "…"
