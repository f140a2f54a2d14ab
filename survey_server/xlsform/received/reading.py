"""A filled-in instance as a person reads it: every question that is in it, in order, with its answer in words.

Nothing is recalculated: what is shown is what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

Rows = Sequence[Mapping[str, str]]
_CLOCK = re.compile(r"(\d\d:\d\d):\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?$")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


@dataclass(frozen=True)
class Answer:
    """One question with what was answered. `code` is what is stored, where that differs from the words."""

    name: str
    path: str
    label: str
    value: str
    code: str = ""


@dataclass(frozen=True)
class Part:
    """The questions under one heading."""

    heading: str
    answers: list[Answer] = field(default_factory=list)


def read_parts(
    phone: Mapping[str, Any], xml: bytes, language: str, data: Mapping[str, Rows] | None = None
) -> list[Part]:
    """The parts of the instance in `language` ("es"), by the form as its phones know it. Empty if it isn't XML.

    `data`: the rows of the form's attached data sets by id (`Form.rows()`), for the labels of choices from files.
    """
    try:
        root = etree.fromstring(xml, _PARSER)
    except etree.XMLSyntaxError:
        return []
    reader = _Reader(phone, root, _choose_language(phone["languages"], language, phone["default_language"]), data or {})
    reader.walk(phone["body"], root, f"/{_local(root)}", "")
    return [part for part in reader.parts if part.answers]


def _choose_language(languages: Sequence[str], wanted: str, default: str) -> str:
    fits = (name for name in languages if name == wanted or name.endswith(f"({wanted})"))
    return next(fits, default or (languages[0] if languages else ""))


class _Reader:
    def __init__(self, phone: Mapping[str, Any], root: etree._Element, language: str, data: Mapping[str, Rows]) -> None:
        self.phone = phone
        self.data = data
        self.texts: Mapping[str, Mapping[str, Mapping[str, Any]]] = phone["texts"]
        self.binds = {bind["ref"]: bind for bind in phone["binds"]}
        self.root = root
        self.language = language
        self.parts: list[Part] = [Part("")]

    def walk(self, controls: Sequence[Mapping[str, Any]], at: etree._Element, path: str, heading: str) -> None:
        """Add the questions of these controls, whose nodes are below `at`, the element at `path`."""
        for control in controls:
            label = self._text(control.get("label"))
            if control["kind"] == "repeat":
                self._walk_repeat(control, at, path, heading)
            elif control["kind"] == "group":
                for node, place in self._below(control, at, path):
                    self.parts.append(Part(label or heading))
                    self.walk(control.get("children", []), node, place, label or heading)
                self.parts.append(Part(heading))
            elif not self._is_note(control):
                for node, place in self._below(control, at, path):
                    self.parts[-1].answers.append(self._answer(control, node, place, label))

    def _walk_repeat(self, control: Mapping[str, Any], at: etree._Element, path: str, heading: str) -> None:
        title = self._text(control.get("label")) or heading
        for number, (node, place) in enumerate(self._below(control, at, path), start=1):
            self.parts.append(Part(f"{title} · {number}" if title else str(number)))
            self.walk(control.get("children", []), node, f"{place}[{number}]", self.parts[-1].heading)
        self.parts.append(Part(heading))

    def _below(self, control: Mapping[str, Any], at: etree._Element, path: str) -> Iterator[tuple[etree._Element, str]]:
        """The elements of a control, below the element of its parent; the parent itself for a group without ref."""
        ref = control.get("ref") or ""
        here = _without_positions(path)
        if ref in ("", here):
            yield at, path
            return
        nodes, place = [at], path
        for name in ref.removeprefix(here).strip("/").split("/"):
            nodes = [child for node in nodes for child in node if _local(child) == name.rpartition(":")[2]]
            place += f"/{name}"
        for node in nodes:
            if "template" not in {etree.QName(key).localname for key in map(str, node.attrib)}:
                yield node, place

    def _answer(self, control: Mapping[str, Any], node: etree._Element, place: str, label: str) -> Answer:
        stored = (node.text or "").strip()
        words = stored
        if control["kind"] in ("select1", "select", "rank") and stored:
            known = self._choices(control.get("choices") or {})
            codes = stored.split() if control["kind"] != "select1" else [stored]
            words = "; ".join(known.get(code) or code for code in codes)
        elif self.binds.get(control["ref"], {}).get("type") in ("time", "dateTime"):
            words = _CLOCK.sub(r"\1", stored).replace("T", " ")
        name = control["ref"].rpartition("/")[2]
        code = stored if control["kind"] in ("select1", "select", "rank") and words != stored else ""
        return Answer(name, place, label or name, words, code)

    def _choices(self, choices: Mapping[str, Any]) -> dict[str, str]:
        if "items" in choices:
            return {str(item["value"]): self._text(item["label"]) for item in choices["items"]}
        value, label = str(choices.get("value")), choices.get("label")
        rows = self._rows(choices.get("nodeset"))
        if isinstance(label, Mapping):
            return {str(row.get(value)): self._text(row.get(label["itext"])) for row in rows}
        return {str(row.get(value)): str(row.get(label, "")) for row in rows} if isinstance(label, str) else {}

    def _rows(self, tree: Any) -> Rows:
        """The rows of the secondary instance that the choices come from: in the form itself, or attached to it."""
        if isinstance(tree, list):
            if tree[:2] == ["call", "instance"] and tree[2][0] == "str":
                name = tree[2][1]
                rows: Rows = self.phone["secondary"].get(name, {}).get("items") or self.data.get(name, [])
                return rows
            for part in tree:
                if rows := self._rows(part):
                    return rows
        return []

    def _is_note(self, control: Mapping[str, Any]) -> bool:
        bind = self.binds.get(control.get("ref"), {})
        return control["kind"] == "input" and bind.get("readonly") is not None and "calculate" not in bind

    def _text(self, key: str | None) -> str:
        forms = self.texts.get(key or "", {}).get(self.language, {})
        return "".join(part if isinstance(part, str) else self._told(part["value"]) for part in forms.get("", []))

    def _told(self, tree: Any) -> str:
        """What a text tells of another answer; […] where that can't be looked up plainly."""
        if not isinstance(tree, list) or tree[0] != "path" or any(step[0] != "child" for step in tree[2:]):
            return "[…]"
        nodes, names = [self.root], [str(step[1]) for step in tree[2:]]
        for name in names[1:]:
            nodes = [child for node in nodes for child in node if _local(child) == name]
        return (nodes[0].text or "").strip() if len(nodes) == 1 and tree[1] == "/" else "[…]"


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _without_positions(path: str) -> str:
    return "/".join(step.partition("[")[0] for step in path.split("/"))
