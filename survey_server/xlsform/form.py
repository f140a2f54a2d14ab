"""A compiled form: what everybody asks of it, and the JSON that the phone reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from survey_server.xlsform.expressions.evaluate import Scope
from survey_server.xlsform.expressions.nodes import ELEMENT, Node
from survey_server.xlsform.model import Action, Bind, Choices, Control, Forms, Json, Secondary
from survey_server.xlsform.order import Order
from survey_server.xlsform.shapes import Shape
from survey_server.xlsform.sheets import Complaint


@dataclass(eq=False)
class Form:
    """A compiled form. Immutable after compile_form; shared by all interviews."""

    id: str
    version: str
    title: str
    hash: str
    languages: list[str]
    default_language: str
    namespaces: dict[str, str]  # prefixes of expressions
    instance_namespaces: dict[str, str]  # declared on the interview's root
    template: Node
    root: Shape
    shapes: dict[str, Shape]
    binds: list[Bind]
    order: Order
    actions: list[Action]
    secondary: dict[str, Secondary]
    texts: dict[str, dict[str, Forms]]
    body: list[Control]
    attachments: dict[str, str]
    warnings: list[Complaint]
    style: str = ""  # pages, theme-grid, ...
    count_refs: frozenset[str] = frozenset()  # what the numbers of counted repeats depend on
    choice_triggers: dict[str, list[str]] = field(default_factory=dict)  # ref -> selects whose filter reads it
    primary_ids: set[str] = field(default_factory=set)
    _rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    _labels: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    @property
    def repeats(self) -> frozenset[str]:
        """The refs of all repeats."""
        return frozenset(ref for ref, shape in self.shapes.items() if shape.is_repeat)

    @property
    def scope(self) -> Scope:
        """What names mean in this form's expressions."""
        return Scope(self.namespaces, self.repeats, in_form=True)

    def rows(self) -> dict[str, list[dict[str, str]]]:
        """The rows of every data set that is attached, by id: its items as column to cell."""
        for name, each in self.secondary.items():
            if each.src and each.document is not None and name not in self._rows:
                items = each.document.children[0].elements()
                self._rows[name] = [{cell.name: cell.value() for cell in item.elements()} for item in items]
        return self._rows

    def label_of(self, ref: str, value: str, language: str = "") -> str:
        """The label of one choice of the select question at a ref, from the form or from an attached file.

        Blank if the question offers no such choice, or its label isn't plain text.
        """
        shape = self.shapes.get(ref)
        choices = shape.control.choices if shape is not None and shape.control is not None else None
        if choices is None:
            return ""
        known = self._labels.get((ref, language))
        if known is None:
            known = self._labels[ref, language] = dict(self._labels_of(choices, language or self.default_language))
        return known.get(value, "")

    def _labels_of(self, choices: Choices, language: str) -> Iterator[tuple[str, str]]:
        texts = {key: plain_text(by_language.get(language, {})) for key, by_language in self.texts.items()}
        if choices.nodeset is None:
            yield from ((value, texts.get(key, "")) for value, key in choices.items)
            return
        each = self.secondary.get(choices.instance)
        rows = each.document.children[0].elements() if each is not None and each.document is not None else []
        column = choices.label["itext"] if isinstance(choices.label, dict) else choices.label
        if not isinstance(choices.value, str) or not isinstance(column, str):
            return
        for row in rows:
            value, label = row.find(choices.value), row.find(column)
            if value is not None and label is not None:
                shown = texts.get(label.value(), "") if isinstance(choices.label, dict) else label.value()
                yield value.value(), shown

    def to_phone(self) -> Json:
        """The whole form as JSON, expressions as trees."""
        return {
            "id": self.id,
            "version": self.version,
            "hash": self.hash,
            "title": self.title,
            "style": self.style,
            "languages": self.languages or [""],
            "default_language": self.default_language,
            "namespaces": self.namespaces,
            "instance_namespaces": self.instance_namespaces,
            "instance": node_json(self.template),
            "binds": [bind.to_json() for bind in self.binds],
            "order": [list(step) for step in self.order.steps],
            "triggers": self.order.triggers,
            "wide": self.order.wide,
            "choice_triggers": self.choice_triggers,
            "actions": [action.to_json() for action in self.actions],
            "primary_ids": sorted(self.primary_ids),
            "secondary": {name: secondary_json(each) for name, each in self.secondary.items()},
            "texts": self.texts,
            "body": [control.to_json() for control in self.body],
            "attachments": self.attachments,
        }


def plain_text(forms: Forms) -> str:
    """A text without the answers that it tells."""
    return "".join(part for part in forms.get("", []) if isinstance(part, str))


def node_json(node: Node) -> list[Any]:
    """[name, attributes, children or text]."""
    attributes = {a.qname: a.text for a in node.attributes}
    content: Any = [node_json(child) for child in node.children if child.kind == ELEMENT]
    return [node.qname, attributes, content or node.value()]


def secondary_json(each: Secondary) -> Json:
    """A data set as the phone reads it: rows where it is flat, nodes where it isn't."""
    if each.src:
        return {"src": each.src, "format": each.format} if each.format else {"src": each.src}
    assert each.document is not None
    root = each.document.children[0]
    items = root.elements()
    flat = root.name == "root" and all(
        item.name == "item" and not item.attributes and len({c.name for c in item.children}) == len(item.children)
        and all(not cell.children and not cell.attributes for cell in item.children)
        for item in items
    )  # fmt: skip
    if flat:
        return {"items": [{cell.name: cell.text for cell in item.children} for item in items]}
    return {"node": node_json(root)}
