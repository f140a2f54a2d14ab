"""The <h:body>: questions, groups and repeats, with their labels, choices and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from survey_server.xlsform.appearances import appearances_of, check_appearance
from survey_server.xlsform.choices import ChoicesReader
from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.references import Expressions
from survey_server.xlsform.model import Action, Control
from survey_server.xlsform.shapes import Shape
from survey_server.xlsform.texts import Texts

JAVAROSA = "http://openrosa.org/javarosa"
XHTML = "http://www.w3.org/1999/xhtml"
KINDS = {"input": "input", "secret": "input", "textarea": "input", "select1": "select1", "select": "select"}
KINDS |= {"rank": "rank", "range": "range", "upload": "upload", "trigger": "trigger", "group": "group"}
KINDS |= {"repeat": "repeat"}
RANGE_DEFAULTS = {"start": "1", "end": "10", "step": "1"}
ACTIONS = ("setvalue", "setgeopoint", "recordaudio")
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
        self.choices = ChoicesReader(expressions, texts, complaints)

    def read(self, body: Node, actions: Iterable[Node]) -> list[Control]:
        """The controls of the form; its model's own actions come before theirs."""
        for node in actions:
            self._action(node, None)
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
            control.choices = self.choices.read(node, control, shape)
        query = node.get("query")
        if query and control.kind == "input":
            self.choices.read_external(query, control, shape)
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

    def _action(self, node: Node, shape: Shape | None) -> None:
        action = self.read_action(node, shape)
        if action is not None:
            self.actions.append(action)
