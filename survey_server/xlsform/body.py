"""The <h:body>: questions, groups and repeats, with their labels, choices and parameters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

from survey_server.xlsform.appearances import appearances_of, check_appearance
from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.references import Expressions
from survey_server.xlsform.model import Action, Choices, Control
from survey_server.xlsform.shapes import Shape
from survey_server.xlsform.texts import ITEXT_CALL, Texts

KINDS = {"input": "input", "secret": "input", "textarea": "input", "select1": "select1", "select": "select"}
KINDS |= {"rank": "rank", "range": "range", "upload": "upload", "trigger": "trigger", "group": "group"}
KINDS |= {"repeat": "repeat"}
RANGE_DEFAULTS = {"start": "1", "end": "10", "step": "1"}
ACTIONS = ("setvalue", "setgeopoint", "recordaudio")
EXTERNAL = re.compile(r"""\s*instance\(\s*['"]([^'"]+)['"]\s*\)""")
SELECTS = ("select1", "select", "rank")
KNOWN = frozenset(("ref", "bind", "nodeset", "appearance", "mediatype", "count", "noAddRemove", "start", "end", "step"))
READ_ELSEWHERE = frozenset(("label", "hint", "item", "itemset", "help", "alert", "setvalue", "setgeopoint", "value"))


class BodyReader:
    """Reads controls in document order and ties them to the shapes of their nodes."""

    def __init__(
        self,
        root: Shape,
        shapes: dict[str, Shape],
        bind_ids: dict[str, str],
        expressions: Expressions,
        texts: Texts,
        complaints: Complaints,
        read_action: Callable[[Node, Shape | None], Action | None],
    ) -> None:
        self.root = root
        self.shapes = shapes
        self.bind_ids = bind_ids
        self.expressions = expressions
        self.texts = texts
        self.complaints = complaints
        self.read_action = read_action
        self.actions: list[Action] = []
        self.choice_triggers: dict[str, list[str]] = defaultdict(list)

    def read(self, body: Node) -> list[Control]:
        """The controls of the form."""
        controls = self.children(body, self.root)
        for shape in self.shapes.values():
            shape.forget()  # now all repeats are known
        for control in controls:
            self._check_repeats(control, [])
        return controls

    def _check_repeats(self, control: Control, around: list[Shape]) -> None:
        """A question of a repeat's instance has to be asked inside the repeat."""
        shape = self.shapes.get(control.ref)
        if control.kind == "repeat" and shape is not None:
            around = [*around, shape]
        missing = [repeat for repeat in shape.repeats() if repeat not in around] if shape is not None else []
        if missing and control.kind != "group":
            self.complaints.refuse(
                f"{control.ref} belongs to the repeat {missing[0].ref} but is asked outside of it.",
                "Move the question into the repeat.", ref=control.ref, aspect="type", line=control.line,
            )  # fmt: skip
        for child in control.children:
            self._check_repeats(child, around)

    def children(self, node: Node, around: Shape) -> list[Control]:
        found = []
        for child in node.elements():
            if child.name in ACTIONS:
                self._action(child, around if around.is_repeat else None)
            elif child.name in KINDS:
                control = self.control(child, around)
                if control is not None:
                    found.append(control)
            elif child.ns == XHTML or child.name == "output":
                self.complaints.warn(
                    f"<{child.qname}> stands outside of any label: it isn't shown.", "Write a note.", line=child.line
                )
            elif child.name not in READ_ELSEWHERE:
                self.complaints.refuse(
                    f"<{child.name}> isn't a question, group or repeat.",
                    "Use a question type of XLSForm.", line=child.line,
                )  # fmt: skip
        return found

    def control(self, node: Node, around: Shape) -> Control | None:
        kind = KINDS[node.name]
        shape = self._shape_of(node, around, kind)
        if shape is None:
            return None
        ref = shape.ref if shape is not around or self._has_ref(node) else ""
        control = Control(kind, ref, node.line)
        control.appearance = appearances_of(node.get("appearance") or "")
        control.mediatype = node.get("mediatype") or ""
        if node.name == "secret":
            control.appearance.append("masked")
        if node.name == "textarea":
            control.appearance.append("multiline")
        self._texts(node, control, shape)
        if kind in ("group", "repeat"):
            return self._container(node, control, shape)
        self._question(node, control, shape)
        check_appearance(control, shape.bind.type if shape.bind else "string", self.complaints)
        return control

    def _has_ref(self, node: Node) -> bool:
        return any(node.get(name) for name in ("ref", "nodeset", "bind"))

    def _shape_of(self, node: Node, around: Shape, kind: str) -> Shape | None:
        bind_id = node.get("bind")
        if kind == "repeat" and not bind_id and not node.get("nodeset"):
            self.complaints.refuse("A <repeat> has no nodeset.", 'Add nodeset="/...".', line=node.line)
            return None
        source = self.bind_ids.get(bind_id, "") if bind_id else (node.get("nodeset") or node.get("ref") or "")
        if not source:
            if kind == "group":
                return around
            self.complaints.refuse(
                f"A <{node.name}> doesn't say which question it fills.", 'Add ref="/...".', line=node.line
            )
            return None
        tree = self.expressions.read(source, source, "ref", node.line)
        if tree is None:
            return None
        found = self.expressions.resolver.resolve(tree[2:], None if tree[1] == "/" else [around])
        if tree[0] != "path" or not found:
            self.complaints.refuse(
                f"A <{node.name}> fills {source}, which isn't in the form.",
                "Add the node to the instance, or correct the ref.", line=node.line,
            )  # fmt: skip
            return None
        return found[0]

    def _texts(self, node: Node, control: Control, shape: Shape) -> None:
        label, hint = node.find("label"), node.find("hint")
        if label is not None:
            control.label = self.texts.read_label(label, shape.ref, "label")
        if hint is not None:
            control.hint = self.texts.read_label(hint, shape.ref, "hint")

    def _container(self, node: Node, control: Control, shape: Shape) -> Control | None:
        if control.kind == "repeat":
            self._repeat(node, control, shape)
        inside = self.children(node, shape)
        if control.kind == "repeat":
            for child in inside:
                self._check_inside(child, shape)
        if control.kind == "group" and len(inside) == 1 and inside[0].kind == "repeat":
            only = inside[0]
            if not control.ref or control.ref == only.ref:
                only.label = only.label or control.label
                only.hint = only.hint or control.hint
                only.appearance += [a for a in control.appearance if a not in only.appearance]
                return only
        control.children = inside
        if shape.control is None:
            shape.control = control
        check_appearance(control, "", self.complaints)
        return control

    def _repeat(self, node: Node, control: Control, shape: Shape) -> None:
        shape.is_repeat = True
        shape.control = control
        count = node.get("count", JAVAROSA)
        if count:
            control.count = self.expressions.read(count, shape.ref, "count", node.line)
        control.no_add_remove = (node.get("noAddRemove", JAVAROSA) or "").strip() in ("true()", "true")

    def _check_inside(self, control: Control, repeat: Shape) -> None:
        if control.ref and not control.ref.startswith(repeat.ref + "/"):
            self.complaints.refuse(
                f"{control.ref} is asked inside the repeat {repeat.ref} but isn't part of it.",
                "Move the node into the repeat, or the question out of it.", line=control.line,
            )  # fmt: skip
        for child in control.children:
            self._check_inside(child, repeat)

    def _question(self, node: Node, control: Control, shape: Shape) -> None:
        if shape.control is None:
            shape.control = control
        for child in node.elements():
            if child.name in ACTIONS:
                self._action(child, shape)
        if control.kind == "range":
            self._range(node, control)
        if control.kind in SELECTS or node.find("itemset") is not None:
            control.choices = self._choices(node, control, shape)
        query = node.get("query")
        if query and control.kind == "input":
            self._external(query, control, shape)
        if shape.bind is not None:
            control.parameters.update(shape.bind.parameters)
        if control.parameters.get("allow-mock-accuracy") or node.get("allow-mock-accuracy"):
            self.complaints.warn(
                "A browser can't tell invented places from real ones: allow-mock-accuracy means nothing on the phone.",
                "Leave it if you also use ODK Collect.", ref=control.ref, aspect="parameters", line=node.line,
            )  # fmt: skip
        for attribute in node.attributes:
            if attribute.name not in KNOWN and attribute.name != "query":
                control.parameters[attribute.name] = attribute.text

    def _range(self, node: Node, control: Control) -> None:
        for name in ("start", "end", "step"):
            text = node.get(name)
            if text is None:
                control.range[name] = RANGE_DEFAULTS[name]
                continue
            try:
                number = float(text)
            except ValueError:
                self.complaints.refuse(
                    f"The {name} of a range must be a number, not “{text}”.", "Write start=1 end=10 step=1.",
                    ref=control.ref, aspect="parameters", line=node.line,
                )  # fmt: skip
                continue
            if name == "step" and number == 0:
                self.complaints.refuse(
                    "The step of a range can't be 0.", "Write a step such as 1.",
                    ref=control.ref, aspect="parameters", line=node.line,
                )  # fmt: skip
            control.range[name] = text.strip()

    def _choices(self, node: Node, control: Control, shape: Shape) -> Choices | None:
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
        source = label.get("ref") or ""
        if source.strip().startswith("jr:itext("):
            inner = source.strip()[len("jr:itext(") :].rstrip().removesuffix(")")
            if ITEXT_CALL.match(source):
                choices.label = {"itext": ["str", ITEXT_CALL.match(source)[1]]}  # type: ignore[index]
            else:
                choices.label = {"itext": self._column(inner, shape, node.line)}
        else:
            choices.label = self._column(source, shape, node.line)
        read = self.expressions.dependencies(tree, shape, "itemset", node.line)
        if any(len(step) > 2 for step in steps_of(tree)):
            for shape_read in read.near | read.wide:
                self.choice_triggers[shape_read.ref].append(shape.ref)
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

    def _external(self, query: str, control: Control, shape: Shape) -> None:
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
            read = self.expressions.dependencies(tree, shape, "choice_filter", control.line)
            for source in read.near | read.wide:
                self.choice_triggers[source.ref].append(shape.ref)

    def _column(self, source: str, shape: Shape, line: int) -> str | Tree:
        """A column's name, or the tree of a longer path."""
        tree = self.expressions.read(source, shape.ref, "itemset", line)
        if tree is not None and tree[:2] == ["path", "."] and len(tree) == 3 and tree[2][0] == "child":
            name: str = tree[2][1]
            if len(tree[2]) == 2 and "(" not in name and name != "*":
                return name
        return tree if tree is not None else ""

    def _action(self, node: Node, shape: Shape | None) -> None:
        action = self.read_action(node, shape)
        if action is not None:
            self.actions.append(action)


JAVAROSA = "http://openrosa.org/javarosa"
XHTML = "http://www.w3.org/1999/xhtml"


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
