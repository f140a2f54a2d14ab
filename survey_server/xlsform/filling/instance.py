"""Checks an interview that arrives, whoever filled it: reads it, recalculates, compares; issues and typed answers.

Accept, then flag: only what isn't XML or isn't this form is refused; everything else is an issue for the office.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from survey_server.problems import Problem
from survey_server.xlsform.expressions.documents import UnreadableXml
from survey_server.xlsform.expressions.evaluate import Closure, Context, EvaluationProblem
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.program import Step
from survey_server.xlsform.expressions.values import parse_moment
from survey_server.xlsform.filling.answers import fits, store, typed
from survey_server.xlsform.filling.interview import ZONE
from survey_server.xlsform.filling.plan import plan_of
from survey_server.xlsform.filling.straight import grow
from survey_server.xlsform.filling.surroundings import Surroundings
from survey_server.xlsform.filling.tree import Tree, adopt, parse_instance
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import Bind
from survey_server.xlsform.shapes import Shape

MAX_ISSUES = 200


class UnreadableInstance(Problem):
    """What arrived isn't XML, or isn't an interview of this form. It goes to quarantine with its bytes kept."""

    status = 422
    title = "This interview can't be read"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something about an interview that a person should look at: what kind, at which question, the detail."""

    kind: str
    path: str
    detail: str


@dataclass
class CheckedInstance:
    """An interview as it was read: who it is, what is odd about it, its typed answers."""

    instance_id: str
    form_id: str
    version: str
    deprecated_id: str = ""
    name: str = ""
    issues: list[Issue] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    started: datetime | None = None
    ended: datetime | None = None
    today: str | None = None


def check_instance(form: Form, xml: bytes, *, tz: str = ZONE) -> CheckedInstance:
    """Read and check an interview; raises UnreadableInstance only if it isn't XML or isn't this form."""
    read = _read(form, xml)
    form_id = read.tree.root.get("id") or form.id
    if form_id != form.id:
        raise UnreadableInstance(f"It is an interview of “{form_id}”, not of “{form.id}”.")
    try:
        return _Check(form, read, tz).run()
    finally:
        read.tree.let_go()


@dataclass(slots=True)
class _Read:
    """An interview tied to its form: what its meta block says, what the form doesn't know, what it left out."""

    tree: Tree
    meta: dict[str, str]
    unknown: list[Node]
    absent: list[Node]


def _read(form: Form, xml: bytes) -> _Read:
    absent: list[Node] = []
    tree = grow(form, xml, absent)
    if tree is not None:
        return _Read(tree, _meta_of(tree.root), [], absent)
    try:
        root = parse_instance(xml)
    except UnreadableXml as problem:
        raise UnreadableInstance(problem.detail) from None
    if root.name != form.root.template.name:
        raise UnreadableInstance(f"Its root is <{root.qname}>; this form's is <{form.root.name}>.")
    meta = _meta_of(root)  # before what the form doesn't know is taken out
    unknown: list[Node] = []
    return _Read(adopt(form, root, unknown, absent), meta, unknown, absent)


def _meta_of(root: Node) -> dict[str, str]:
    meta = root.find("meta")
    return {child.name: child.value().strip() for child in meta.children} if meta is not None else {}


class _Check:
    def __init__(self, form: Form, read: _Read, tz: str) -> None:
        self.form = form
        self.plan = plan_of(form)
        self.zone = ZoneInfo(tz)
        self.unknown, self.absent, self.meta = read.unknown, read.absent, read.meta
        self.tree = read.tree
        root = read.tree.root
        self.env = Surroundings(self, self.zone, None, form.default_language, None)
        self.env.cache = self.tree.by_ref
        self.context = Context(self.env, root)
        self.issues: list[Issue] = []
        self.result = CheckedInstance(
            self.meta.get("instanceID") or (root.get("instanceID") or ""),
            form.id,
            root.get("version") or root.get("version", "http://openrosa.org/xforms") or "",
            self.meta.get("deprecatedID", ""),
            self.meta.get("instanceName", ""),
            self.issues,
        )

    def flag(self, kind: str, node: Node, detail: str) -> None:
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(Issue(kind, self.tree.concrete_ref(node), detail[:500]))

    def run(self) -> CheckedInstance:
        for node in self.unknown[:MAX_ISSUES]:
            if node.parent is None or node.parent.name != "meta":
                self.issues.append(Issue("unknown-question", "/" + _names_above(node), node.value()[:200]))
        self._conditions_and_calculations()
        self._values()
        self.result.answers = self._answers(self.tree.root, self.form.root)
        self._times()
        return self.result

    def _conditions_and_calculations(self) -> None:
        absent = {id(node) for node in self.absent}
        by_ref = self.tree.by_ref
        for step, is_condition, comparable in self.plan.steps:
            for node in by_ref.get(step.bind.ref, ()):
                if is_condition:
                    own = self._evaluate(step.run, node, True)
                    if not own:
                        node.own = False
                        _hide(node)
                elif comparable and node.relevant and id(node) not in absent:
                    self._compare(step, node)

    def _compare(self, step: Step, node: Node) -> None:
        value = self._evaluate(step.run, node, None)
        if value is None:
            return
        text = store(value, step.bind.type, self.zone)
        if text != node.text and not _same_number(text, node.text):
            self.flag("calculation", node, f"{node.text} → {text}")

    def _evaluate(self, run: Closure, node: Node, otherwise: Any) -> Any:
        context = self.context
        context.node = context.current = node
        context.position = context.size = 1
        try:
            return run(context)
        except EvaluationProblem:
            return otherwise

    def _values(self) -> None:
        by_ref = self.tree.by_ref
        for bind in self.plan.typed:
            for node in by_ref.get(bind.ref, ()):
                if node.text and not node.children and not fits(node.text, bind.type):
                    self.flag("type", node, f"{node.text[:100]} is no {bind.type}")
        for ref, known in self.plan.choices:
            for node in by_ref.get(ref, ()):
                if not node.text or node.text in known or not node.relevant:
                    continue
                words = node.text.split() if ref in self.plan.several else [node.text]
                if not known.issuperset(words):
                    self.flag("unknown-choice", node, node.text)
        for bind, run in self.plan.required:
            for node in by_ref.get(bind.ref, ()):
                if node.relevant and not node.text and not node.children and self._evaluate(run, node, False):
                    self.flag("required", node, "")
        for bind, run in self.plan.constraints:
            for node in by_ref.get(bind.ref, ()):
                if node.relevant and node.text and not self._evaluate(run, node, True):
                    self.flag("constraint", node, node.text)

    def _answers(self, node: Node, shape: Shape) -> dict[str, Any]:
        """Typed answers of a node's relevant leaves, None for a blank one; repeats as lists. The rest was not asked."""
        found: dict[str, Any] = {}
        columns, several = self.plan.columns, self.plan.several
        for child in node.children:
            below = shape.children[child.qname]
            column = columns.get(below.ref)
            if below.is_repeat and not below.is_leaf:
                if child.relevant and column is not None:
                    found.setdefault(column, []).append(self._answers(child, below))
            elif child.children:
                found.update(self._answers(child, below))
            elif column is not None and not child.relevant:
                if child.text:
                    self.flag("irrelevant-answer", child, child.text)
            elif column is not None and not child.text:
                found[column] = None
            elif column is not None:
                kind = child.bind.type if isinstance(child.bind, Bind) else "string"
                found[column] = typed(child.text, kind, below.ref in several)
        return found

    def _times(self) -> None:
        self.result.started = self._moment("start", "timeStart")
        self.result.ended = self._moment("end", "timeEnd")
        ref = self.plan.preloads.get("today")
        nodes = self.tree.by_ref.get(ref, []) if ref else []
        self.result.today = nodes[0].text or None if nodes else None
        if self.result.started and self.result.ended and self.result.ended < self.result.started:
            self.issues.append(Issue("ends-before-it-starts", "", ""))

    def _moment(self, params: str, meta: str) -> datetime | None:
        ref = self.plan.preloads.get(params)
        nodes = self.tree.by_ref.get(ref, []) if ref else []
        text = nodes[0].text if nodes and nodes[0].text else self.meta.get(meta, "")
        try:
            return parse_moment(text.strip(), self.zone) if text else None
        except (ValueError, OverflowError):
            return None


def _hide(node: Node) -> None:
    node.relevant = False
    for child in node.children:
        if child.relevant:
            _hide(child)


def _names_above(node: Node) -> str:
    names = []
    here: Node | None = node
    while here is not None and here.name:
        names.append(here.qname)
        here = here.parent
    return "/".join(reversed(names))


def _same_number(a: str, b: str) -> bool:
    """Whether two texts are the same number to twelve digits: engines print the last digits differently."""
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return abs(x - y) <= 1e-12 * max(abs(x), abs(y), 1.0)
