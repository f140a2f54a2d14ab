"""The <bind>s and actions of the model: types, conditions, calculations, preloads, events."""

from __future__ import annotations

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.references import Expressions
from survey_server.xlsform.model import Action, Bind
from survey_server.xlsform.shapes import Shape
from survey_server.xlsform.texts import Texts

TYPES = {
    "string": "string", "int": "int", "integer": "int", "long": "int", "short": "int", "byte": "int",
    "decimal": "decimal", "double": "decimal", "float": "decimal", "boolean": "boolean", "date": "date",
    "time": "time", "dateTime": "dateTime", "datetime": "dateTime", "geopoint": "geopoint", "geotrace": "geotrace",
    "geoshape": "geoshape", "binary": "binary", "base64Binary": "binary", "barcode": "barcode", "select1": "string",
    "select": "string", "selectOne": "string", "rank": "odk:rank", "anyURI": "string", "intent": "string",
    "text": "string", "": "string",
}  # fmt: skip
EVENTS = {
    "odk-instance-first-load": "odk-instance-first-load",
    "odk-instance-load": "odk-instance-load",
    "xforms-value-changed": "xforms-value-changed",
    "odk-new-repeat": "odk-new-repeat",
    "jr-insert": "odk-new-repeat",
    "xforms-ready": "odk-instance-load",
}
PARAMETERS = {
    "max-pixels", "quality", "location-priority", "location-min-interval", "location-max-age", "track-changes",
    "track-changes-reasons", "identify-user", "allow-mock-accuracy", "incremental",
}  # fmt: skip
CONDITIONS = ("relevant", "required", "readonly", "constraint", "calculate")


class BindReader:
    """Reads binds and actions and ties them to shapes."""

    def __init__(
        self, shapes: dict[str, Shape], expressions: Expressions, texts: Texts, complaints: Complaints
    ) -> None:
        self.shapes = shapes
        self.expressions = expressions
        self.texts = texts
        self.complaints = complaints
        self.binds: list[Bind] = []
        self.ids: dict[str, str] = {}

    def find_shape(self, source: str, around: Shape | None, line: int) -> Shape | None:
        """The shape that a ref names; None if there is none."""
        tree = self.expressions.read(source, source.strip(), "ref", line)
        if tree is None or tree[0] != "path":
            return None
        start = None if tree[1] == "/" else [around or self.expressions.root]
        found = self.expressions.resolver.resolve(tree[2:], start)
        return found[0] if found else None

    def read_bind(self, node: Node) -> None:
        """Read one bind; a second bind on the same node adds what the first lacks."""
        source = node.get("nodeset")
        if not source:
            self.complaints.refuse("A bind has no nodeset.", 'Add nodeset="/...".', line=node.line)
            return
        if "*" in source or source.lstrip().startswith("instance("):
            self.complaints.refuse(
                f"A bind is for {source.strip()}, not for one node of the interview.",
                "Write a bind for each node, with its path.", line=node.line,
            )  # fmt: skip
            return
        shape = self.find_shape(source, None, node.line)
        if (bind_id := node.get("id")) is not None:
            if bind_id in self.ids:
                self.complaints.refuse(f"Two binds have the id “{bind_id}”.", "Rename one.", line=node.line)
            self.ids[bind_id] = source
        if shape is None:
            self.complaints.warn(
                f"A bind is for {source.strip()}, which isn't in the form; it is left out.",
                "Correct its nodeset, or remove it.", line=node.line,
            )  # fmt: skip
            return
        if shape.bind is None:
            shape.bind = Bind(len(self.binds), shape.ref, line=node.line)
            self.binds.append(shape.bind)
        self._fill(shape.bind, shape, node)

    def _fill(self, bind: Bind, shape: Shape, node: Node) -> None:
        for attribute in node.attributes:
            name, text = attribute.name, attribute.text
            if name == "type":
                bind.type = self._type(text, bind)
            elif name in CONDITIONS and not attribute.ns:
                if not text.strip():
                    self.complaints.refuse(
                        f"The {name} is empty.", "Write an expression, or remove it.",
                        ref=shape.ref, aspect=name, line=node.line,
                    )  # fmt: skip
                else:
                    setattr(bind, name, self.expressions.read(text, shape.ref, name, node.line))
            elif name in ("constraintMsg", "requiredMsg"):
                aspect = "constraint_message" if name == "constraintMsg" else "required_message"
                setattr(bind, aspect, self.texts.read_message(text, shape.ref, aspect, node.line))
            elif name == "preload":
                bind.preload = text
                self._check_preload(text, node)
            elif name == "preloadParams":
                bind.preload_params = text
            elif name == "saveto":
                bind.save_to = text
            elif attribute.ns and name in PARAMETERS:
                bind.parameters[name] = text

    def _check_preload(self, kind: str, node: Node) -> None:
        params = next((a.text for a in node.attributes if a.name == "preloadParams"), "")
        if kind == "date" and params != "today" and not params.startswith("prevperiod-"):
            self.complaints.refuse(
                f"The preload “date” knows no “{params}”.", 'Write jr:preloadParams="today".', line=node.line
            )

    def _type(self, text: str, bind: Bind) -> str:
        plain = text.strip().rpartition(":")[2]
        if plain not in TYPES:
            self.complaints.warn(
                f"The type “{text}” is unknown; the answer is kept as text.", "Use a type of XLSForm.",
                ref=bind.ref, aspect="type", line=bind.line,
            )  # fmt: skip
        return TYPES.get(plain, "string")

    def read_action(self, node: Node, source: Shape | None) -> Action | None:
        """A setvalue, setgeopoint or recordaudio; one Action for all its events."""
        target, event = node.get("ref") or node.get("bind"), node.get("event")
        events = (event or "").split()
        unknown = [name for name in events if name not in EVENTS]
        if not events or unknown:
            self.complaints.refuse(
                f"A <{node.name}> waits for the event “{event or ''}”, which doesn't exist.",
                "Known events: " + ", ".join(EVENTS) + ".", line=node.line,
            )  # fmt: skip
            return None
        if "odk-new-repeat" in events and (source is None or not source.repeats()):
            self.complaints.refuse(
                f"A <{node.name}> waits for new instances of a repeat but stands outside of it.",
                "Move it into the <repeat>.", line=node.line,
            )  # fmt: skip
            return None
        shape = self.find_shape(self.ids.get(target or "", target or ""), source, node.line) if target else None
        if shape is None:
            self.complaints.refuse(
                f"A <{node.name}> fills {target or 'nothing'}, which isn't in the form.",
                "Correct its ref.", line=node.line,
            )  # fmt: skip
            return None
        value = node.get("value")
        tree = None
        if value is not None and value.strip():
            tree = self.expressions.read(value, shape.ref, "default", node.line)
            if tree is not None:
                self.expressions.dependencies(tree, shape, "default", node.line)
        elif node.name == "setvalue":
            tree = ["str", node.value()]
        names = dict.fromkeys(EVENTS[name] for name in events)
        action = Action(node.name, " ".join(names), shape.ref, tree, source.ref if source else "", node.line)
        place = self.expressions.read(self.ids.get(target or "", target or ""), shape.ref, "ref", node.line)
        if place is not None and any(len(step) > 2 for step in place[2:]):
            action.target = place
        action.quality = next((each.text for each in node.attributes if each.ns and each.name == "quality"), "")
        return action
