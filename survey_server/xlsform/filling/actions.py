"""Events of an interview: what is filled in when it starts, when a value changes, when an instance is added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from survey_server.xlsform.expressions.evaluate import Context, EvaluationProblem
from survey_server.xlsform.expressions.functions_text import new_uuid
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.values import format_moment
from survey_server.xlsform.filling.answers import store
from survey_server.xlsform.filling.tree import nodes_below
from survey_server.xlsform.model import Action

if TYPE_CHECKING:
    from survey_server.xlsform.filling.interview import Interview

PROPERTIES = {
    "deviceid": "deviceid", "username": "username", "email": "email", "phonenumber": "phonenumber",
    "phone number": "phonenumber", "subscriberid": "subscriberid", "simserial": "simserial", "simid": "simserial",
}  # fmt: skip


class Events:
    """Fires the actions of one interview and stamps its metadata."""

    def __init__(self, interview: Interview, properties: Mapping[str, str]) -> None:
        self.interview = interview
        self.properties = properties
        self.waiting: list[tuple[Action, Node]] = []
        self.by_source: dict[str, list[Action]] = {}
        for number in interview.program.actions.get("xforms-value-changed", ()):
            action = interview.form.actions[number]
            self.by_source.setdefault(action.source, []).append(action)

    def preload(self) -> None:
        """Fill in what is known when an interview starts."""
        now = self.interview.env.now()
        for bind in self.interview.form.binds:
            if not bind.preload:
                continue
            for node in self.interview.tree.by_ref.get(bind.ref, ()):
                text = self._preloaded(bind.preload, bind.preload_params, now.date().isoformat(), format_moment(now))
                if text:
                    node.text = text
        self._set_instance_id("uuid:" + new_uuid(self.interview.env.dice))

    def _preloaded(self, kind: str, params: str, today: str, moment: str) -> str:
        if kind == "timestamp" and params == "start":
            return moment
        if kind == "date" and params == "today":
            return today
        if kind == "property":
            return self.properties.get(PROPERTIES.get(params, params), "")
        return ""

    def _set_instance_id(self, text: str, replace: bool = False) -> None:
        meta = self.interview.tree.root.find("meta")
        node = meta.find("instanceID") if meta is not None else None
        if node is not None and (replace or not node.text):
            node.text = text
            if replace:
                self.interview.recalculation.changed(node)

    def stamp_end(self, moment: str, instance_id: str | None) -> None:
        """Fill in what is known when an interview is finished."""
        interview = self.interview
        for bind in interview.form.binds:
            if bind.preload == "timestamp" and bind.preload_params == "end":
                for node in interview.tree.by_ref.get(bind.ref, ()):
                    interview.store(node, moment)
        meta = interview.tree.root.find("meta")
        ended = meta.find("timeEnd") if meta is not None else None
        if ended is not None:
            interview.store(ended, moment)
        if instance_id:
            self._set_instance_id(instance_id, replace=True)

    def fire(self, event: str, at: Node | None = None, source: str = "") -> None:
        """Run the actions of an event; of a new instance, only those inside its repeat."""
        for number in self.interview.program.actions.get(event, ()):
            action = self.interview.form.actions[number]
            if at is None:
                self._run(action, None)
            elif action.source == source or (not action.source and action.ref.startswith(source + "/")):
                self._run(action, at)

    def changed(self, node: Node) -> None:
        """Remember the actions that wait for this value to change."""
        for action in self.by_source.get(node.ref, ()):
            if not any(each[0] is action and each[1] is node for each in self.waiting):
                self.waiting.append((action, node))

    def run_pending(self) -> bool:
        """Run what waits; whether there was anything."""
        waiting, self.waiting = self.waiting, []
        for action, node in waiting:
            self._run(action, node)
        return bool(waiting)

    def _run(self, action: Action, at: Node | None) -> None:
        for node in self._targets(action, at):
            self._set(action, node)

    def _targets(self, action: Action, at: Node | None) -> list[Node]:
        """The nodes that an action fills: those in the repeat instance of its source, else all."""
        interview = self.interview
        if action.target is not None:
            context = Context(interview.env, at if at is not None else interview.tree.root)
            found: list[Node] = interview.program.closure(action.target)(context)
            return found
        nodes = interview.tree.by_ref.get(action.ref, [])
        if at is None or len(nodes) < 2:
            return nodes
        target = interview.form.shapes[action.ref]
        here: Node | None = at
        around = {repeat.ref for repeat in target.repeats()}
        while here is not None and here.parent is not None:
            if here.ref in around:
                return nodes_below(here, action.ref)
            here = here.parent
        return nodes

    def _set(self, action: Action, node: Node) -> None:
        interview = self.interview
        if action.kind == "setgeopoint":
            if place := self.properties.get("location", ""):
                interview.store(node, place)
            return
        if action.kind != "setvalue" or node.children:
            return
        bind = interview.form.shapes[action.ref].bind
        kind = bind.type if bind is not None else "string"
        try:
            context = Context(interview.env, node)
            value = "" if action.value is None else interview.program.closure(action.value)(context)
        except EvaluationProblem:
            value = ""
        interview.store(node, store(value, kind, interview.env.zone))
