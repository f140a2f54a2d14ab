"""Texts and choices as they are shown: in the language of the interview, outputs filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from survey_server.xlsform.expressions.evaluate import Context, Environment, EvaluationProblem
from survey_server.xlsform.expressions.expression import Tree as Expression
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.program import Program
from survey_server.xlsform.expressions.values import text_of, to_string
from survey_server.xlsform.model import Control, Forms


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: the value that is stored, the label in the language of the interview, its media."""

    value: str
    label: str
    forms: dict[str, Any]


class Wording:
    """Shows the texts of one form in one environment."""

    def __init__(self, program: Program, env: Environment) -> None:
        self.program = program
        self.env = env
        self.texts = program.form.texts

    def forms(self, key: str) -> Forms:
        """All forms of a text: plain, short, image, ..."""
        return self.texts.get(key, {}).get(self.env.language, {})

    def text(self, key: str, node: Node, form: str = "") -> str:
        """A text with its outputs filled in."""
        return self.fill(self.forms(key).get(form), node) if key else ""

    def fill(self, parts: object, node: Node) -> str:
        """Text parts as one text."""
        if not isinstance(parts, list):
            return str(parts or "")
        return "".join(part if isinstance(part, str) else self._output(part["value"], node) for part in parts).strip()

    def _output(self, tree: Expression, node: Node) -> str:
        try:
            value = to_string(self.program.closure(tree)(Context(self.env, node)))
        except EvaluationProblem:
            return ""
        return "" if value == "NaN" else value

    def choices(self, node: Node, control: Control, labels: bool = True) -> list[Choice]:
        """The choices that are offered at a node; raises EvaluationProblem if their data set isn't there."""
        choices = control.choices
        assert choices is not None
        if choices.nodeset is None:
            return [Choice(v, self.text(key, node) if labels else "", self.forms(key)) for v, key in choices.items]
        items: list[Node] = self.program.closure(choices.nodeset)(Context(self.env, node))
        if labels and choices.fixed:
            return self._fixed(items, node, control)
        return [self._choice(item, node, control, labels) for item in items if item.relevant]

    def _fixed(self, items: list[Node], node: Node, control: Control) -> list[Choice]:
        """The choices of an unfiltered list: made once for a form and language."""
        store = items[0].root().bind if items else None
        if not isinstance(store, dict):
            return [self._choice(item, node, control, labels=True) for item in items]
        key = ("choices", id(control), self.env.language)
        known: list[Choice] | None = store.get(key)
        if known is None:
            known = store[key] = [self._choice(item, node, control, labels=True) for item in items]
        return known

    def _choice(self, item: Node, node: Node, control: Control, labels: bool) -> Choice:
        choices = control.choices
        assert choices is not None
        value = self._cell(choices.value, item, node)
        if not labels:
            return Choice(value, "", {})
        if isinstance(choices.label, dict):
            key = self._cell(choices.label["itext"], item, node)
            return Choice(value, self.text(key, node), self.forms(key))
        return Choice(value, self._cell(choices.label, item, node), {})

    def _cell(self, column: str | Expression, item: Node, node: Node) -> str:
        if isinstance(column, str):
            cell = item.find(column)
            return text_of(cell) if cell is not None else ""
        return to_string(self.program.closure(column)(Context(self.env, item, node)))

    def offers(self, node: Node, control: Control) -> set[str] | None:
        """The values that are offered at a node; None if that can't be told."""
        try:
            return {choice.value for choice in self.choices(node, control, labels=False)}
        except EvaluationProblem:
            return None

    def label_of(self, value: str, node: Node, control: Control) -> str:
        """The label of one value; of several chosen ones, all labels."""
        try:
            for choice in self.choices(node, control):
                if choice.value == value:
                    return choice.label
        except EvaluationProblem:
            return ""
        return ""
