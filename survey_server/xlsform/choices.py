"""The choices of selects: items as written, or what an itemset finds in a data set or in the interview."""

from __future__ import annotations

import re
from collections import defaultdict

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.references import Dependencies, Expressions
from survey_server.xlsform.model import Choices, Control
from survey_server.xlsform.shapes import Shape
from survey_server.xlsform.texts import ITEXT_CALL, Texts

EXTERNAL = re.compile(r"""\s*instance\(\s*['"]([^'"]+)['"]\s*\)""")


class ChoicesReader:
    """Reads what selects offer, and notes which answers change it."""

    def __init__(self, expressions: Expressions, texts: Texts, complaints: Complaints) -> None:
        self.expressions = expressions
        self.texts = texts
        self.complaints = complaints
        self.triggers: dict[str, list[str]] = defaultdict(list)
        """Ref of an answer -> selects whose filter reads it."""

    def read(self, node: Node, control: Control, shape: Shape) -> Choices | None:
        """The choices of a select: its items, or what its itemset finds."""
        itemset = node.find("itemset")
        if itemset is not None:
            return self._itemset(itemset, control, shape)
        choices = Choices()
        for item in node.elements():
            if item.name != "item":
                continue
            value, label = item.find("value"), item.find("label")
            if value is None or not value.value().strip():
                self.complaints.refuse(
                    "A choice has no value.", "Give it a name.", ref=control.ref, aspect="choices", line=item.line
                )
                continue
            text = value.value().strip()
            self._check_value(text, control, item.line)
            if label is None:
                self.complaints.refuse(
                    f"The choice “{text}” has no label.", "Add it.", ref=control.ref, aspect="choices", line=item.line
                )
                continue
            choices.items.append((text, self.texts.read_label(label, shape.ref, f"choice {text}")))
        if not choices.items:
            self.complaints.refuse(
                "A select has no choices.", "Add its list to the choices sheet.",
                ref=control.ref, aspect="type", line=node.line,
            )  # fmt: skip
        return choices

    def _check_value(self, text: str, control: Control, line: int) -> None:
        if control.kind in ("select", "rank") and len(text.split()) > 1:
            self.complaints.warn(
                f"The choice “{text}” has a space in its name; chosen names are stored with spaces between them.",
                "Write an underscore instead.", ref=control.ref, aspect="choices", line=line,
            )  # fmt: skip

    def _itemset(self, node: Node, control: Control, shape: Shape) -> Choices | None:
        source = node.get("nodeset") or ""
        tree = self.expressions.read(source, shape.ref, "itemset", node.line)
        value, label = node.find("value"), node.find("label")
        if tree is None:
            return None
        if value is None or not value.get("ref"):
            self.complaints.refuse(
                "The choices of a select don't say where their value is.", 'Add <value ref="name"/>.', line=node.line
            )
            return None
        if label is None or not label.get("ref"):
            self.complaints.refuse(
                "The choices of a select don't say where their label is.", 'Add <label ref="label"/>.', line=node.line
            )
            return None
        choices = Choices(nodeset=tree, instance=instance_of(tree))
        choices.value = self._column(value.get("ref") or "", shape, node.line)
        choices.label = self._label(label.get("ref") or "", shape, node.line)
        read = self.expressions.dependencies(tree, shape, "itemset", node.line)
        if any(len(step) > 2 for step in steps_of(tree)):
            self._note_triggers(read, shape)
        self._check_column(choices, node.line)
        steps = steps_of(tree) if tree[0] == "path" else []
        choices.fixed = bool(choices.instance and steps) and all(len(step) == 2 for step in steps)
        choices.fixed = choices.fixed and not (isinstance(choices.label, dict) and self.texts.has_outputs())
        return choices

    def _check_column(self, choices: Choices, line: int) -> None:
        known = self.expressions.secondary.get(choices.instance)
        if known is None or known.document is None:
            return
        rows = known.document.children[0].elements()
        if self._leads_nowhere(choices, known.document, line):
            return
        label = choices.label["itext"] if isinstance(choices.label, dict) else choices.label
        for column in (choices.value, label):
            if isinstance(column, str) and column and not any(row.find(column) for row in rows):
                self.complaints.refuse(
                    f"The data set “{choices.instance}” has no column “{column}”.",
                    "Name the columns of values and labels as they are in the data set.", line=line,
                )  # fmt: skip

    def _leads_nowhere(self, choices: Choices, document: Node, line: int) -> bool:
        """Whether the choices' path finds nothing in a data set that has something."""
        here = [document]
        for step in steps_of(choices.nodeset or []):
            if step[0] != "child" or "(" in step[1] or step[1] == "*":
                return False
            name = step[1].rpartition(":")[2]
            here = [child for node in here for child in node.elements() if child.name == name]
        if here or not document.children[0].elements():
            return False
        self.complaints.refuse(
            f"The path of the choices finds nothing in the data set “{choices.instance}”.",
            f"Its rows are at instance('{choices.instance}')/{document.children[0].name}/"
            f"{document.children[0].elements()[0].name}.", line=line,
        )  # fmt: skip
        return True

    def read_external(self, query: str, control: Control, shape: Shape) -> None:
        """A select_one_external: a select, if its list is there; else a text field, with a warning."""
        found = EXTERNAL.match(query)
        if found is None or found[1] not in self.expressions.secondary:
            self.complaints.warn(
                "The external choices aren't attached: the phone shows a text field.",
                "Use select_one with a choice_filter, or attach itemsets.csv.",
                ref=control.ref, aspect="type", line=control.line,
            )  # fmt: skip
            return
        tree = self.expressions.read(query, shape.ref, "choice_filter", control.line)
        if tree is not None:
            control.kind = "select1"
            control.choices = Choices(nodeset=tree, instance=instance_of(tree))
            self._note_triggers(self.expressions.dependencies(tree, shape, "choice_filter", control.line), shape)

    def _note_triggers(self, read: Dependencies, shape: Shape) -> None:
        for source in read.near | read.wide:
            self.triggers[source.ref].append(shape.ref)

    def _label(self, source: str, shape: Shape, line: int) -> str | Tree | dict[str, str | Tree]:
        """Where a choice's label is: a column, or a text by the id in a column."""
        if not source.strip().startswith("jr:itext("):
            return self._column(source, shape, line)
        if fixed := ITEXT_CALL.match(source):
            return {"itext": ["str", fixed[1]]}
        inner = source.strip()[len("jr:itext(") :].rstrip().removesuffix(")")
        return {"itext": self._column(inner, shape, line)}

    def _column(self, source: str, shape: Shape, line: int) -> str | Tree:
        """A column's name, or the tree of a longer path."""
        tree = self.expressions.read(source, shape.ref, "itemset", line)
        if tree is not None and tree[:2] == ["path", "."] and len(tree) == 3 and tree[2][0] == "child":
            name: str = tree[2][1]
            if len(tree[2]) == 2 and "(" not in name and name != "*":
                return name
        return tree if tree is not None else ""


def steps_of(tree: Tree) -> list[Tree]:
    """The steps of the path that an itemset is, inside randomize() too."""
    if tree[0] == "call" and len(tree) > 2:
        return steps_of(tree[2]) if tree[1] == "randomize" else []
    return list(tree[2:]) if tree[0] == "path" else []


def instance_of(tree: Tree) -> str:
    """The data set that an itemset draws on, blank if it is the interview itself."""
    if tree[0] == "call" and len(tree) > 2 and isinstance(tree[2], list):
        if tree[1] == "instance" and tree[2][0] == "str":
            name: str = tree[2][1]
            return name
        return instance_of(tree[2])
    if tree[0] in ("path", "filter") and isinstance(tree[1], list):
        return instance_of(tree[1])
    return ""
