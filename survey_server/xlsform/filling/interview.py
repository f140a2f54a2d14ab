"""A live interview in Python, as the phone runs it in JavaScript: answer, add, remove, ask for states, finish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from survey_server.problems import Problem
from survey_server.xlsform.expressions.documents import serialize
from survey_server.xlsform.expressions.evaluate import Context, EvaluationProblem
from survey_server.xlsform.expressions.nodes import ELEMENT, Node
from survey_server.xlsform.expressions.program import program_of
from survey_server.xlsform.expressions.values import format_moment
from survey_server.xlsform.filling.actions import Events
from survey_server.xlsform.filling.answers import fits, normalise
from survey_server.xlsform.filling.recalculation import Recalculation
from survey_server.xlsform.filling.state import FormIssue, GroupPlace, Question, State
from survey_server.xlsform.filling.surroundings import Surroundings
from survey_server.xlsform.filling.tree import MAX_INSTANCES, adopt, new_tree, nodes_below, parse_instance
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import Bind, Control
from survey_server.xlsform.secondary import dataset_of
from survey_server.xlsform.shapes import Shape

ZONE = "America/Guatemala"


class NoSuchQuestion(Problem):
    """A ref names no question, or an instance of a repeat that isn't there. Check the path and its positions."""

    status = 422
    title = "There is no such question"


class Interview:
    """One interview being filled in. Refs are absolute paths with positions for repeats: /data/roster[2]/age."""

    def __init__(
        self,
        form: Form,
        *,
        instance: str | bytes | None = None,
        properties: Mapping[str, str] | None = None,
        now: datetime | None = None,
        tz: str = ZONE,
        language: str | None = None,
        last_saved: str | bytes | None = None,
        random: Callable[[], float] | None = None,
        datasets: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        most_instances: int = MAX_INSTANCES,
    ) -> None:
        self.form = form
        self.program = program_of(form)
        chosen = form.default_language if language is None else language
        self.env = Surroundings(self, ZoneInfo(tz), now, chosen, random)
        self.env.version, self.env.properties = form.version, properties or {}
        self.wording = self.env.wording
        for name, rows in (datasets or {}).items():
            self.env.attach(name, dataset_of(rows))
        if last_saved:
            self.env.set_last_saved(parse_instance(_bytes(last_saved)))
        self.events = Events(self, properties or {})
        self.stale_selects: dict[str, Control] = {}
        self.stale_counts = True
        self.most_instances = most_instances  # of one repeat, whatever its count says
        if instance is None:
            self.tree = new_tree(form)
            self._start(first=True)
        else:
            self.tree = adopt(form, parse_instance(_bytes(instance)))
            self._start(first=False)

    def _start(self, first: bool) -> None:
        self.env.cache = self.tree.by_ref
        self.recalculation = Recalculation(self.program, self.tree, self.env, self._noticed)
        self.quiet = True
        if first:
            self.events.preload()
        self.recalculation.everything()
        self._settle()
        self.quiet = False
        if first:
            self.events.fire("odk-instance-first-load")
        self.events.fire("odk-instance-load")
        self._settle()

    # --- answering ---------------------------------------------------------------------------------------------

    def answer(self, ref: str, value: str) -> None:
        """Store an answer as text; a blank takes it away. Everything that depends on it follows."""
        node = self.node(ref)
        text = normalise(value, node.bind.type) if isinstance(node.bind, Bind) else value
        if node.children:
            raise NoSuchQuestion(f"{ref} is a group: it holds questions, no answer.")
        self.store(node, text)
        self._settle()

    def store(self, node: Node, text: str) -> None:
        """Put a value into a node and mark what reads it."""
        if text != node.text:
            node.text = text
            self.recalculation.changed(node)

    def _settle(self) -> None:
        """Recalculate, count repeats, clear choices that are no longer offered, run events, until all is quiet."""
        for _ in range(1000):
            self.recalculation.settle()
            if self._grow_repeats() or self._clear_choices() or self.events.run_pending():
                continue
            if not self.recalculation.pending:
                return

    def _noticed(self, node: Node, value: bool) -> None:
        if node.ref in self.form.count_refs:
            self.stale_counts = True
        if self.quiet:
            return  # the first calculation is no change
        if value:
            self.events.changed(node)
        for control in self.program.selects.get(node.ref, ()):
            self.stale_selects[control.ref] = control

    def _grow_repeats(self) -> bool:
        """Bring counted repeats to their number; a lower number takes nothing away."""
        if not self.stale_counts:
            return False
        self.stale_counts = False
        grown = False
        for shape in self.recalculation.counted:
            assert shape.parent is not None
            wants: list[tuple[Node, int]] = []
            left = self.most_instances - len(self.tree.by_ref.get(shape.ref, ()))
            for parent in self.tree.by_ref.get(shape.parent.ref, ()):
                wanted = self.recalculation.count_of(shape, parent)
                more = min((wanted or 0) - len(self.tree.instances(parent, shape)), left)
                if more > 0:
                    wants.append((parent, more))
                    left -= more
            if wants:
                self._add_instances(shape, wants)
                grown = True
        return grown

    def _clear_choices(self) -> bool:
        """Take away answers that a filter no longer offers."""
        stale, self.stale_selects = self.stale_selects, {}
        found = False
        for ref, control in stale.items():
            for node in self.tree.by_ref.get(ref, ()):
                if not node.text or not node.relevant:
                    continue
                offered = self.wording.offers(node, control)
                if offered is None:
                    continue
                words = node.text.split() if control.kind != "select1" else [node.text]
                kept = " ".join(word for word in words if word in offered)
                if kept != node.text and kept != " ".join(words):
                    self.store(node, kept)
                    found = True
        return found

    # --- repeats -----------------------------------------------------------------------------------------------

    def add_repeat(self, ref: str) -> str:
        """Add an instance at the end of a repeat (named without its own position); returns its concrete ref."""
        parent, shape = self._repeat(ref)
        node = self._add_instances(shape, [(parent, 1)])
        self._settle()
        return self.tree.concrete_ref(node)

    def remove_repeat(self, ref: str) -> None:
        """Remove one instance, named with its position."""
        node = self.node(ref)
        shape = self.form.shapes[node.ref]
        if not shape.is_repeat or node.parent is None:
            raise NoSuchQuestion(f"{ref} is no repeat.")
        node.parent.children = [child for child in node.parent.children if child is not node]
        self._restructured(shape)
        self.recalculation.everything()
        self._settle()

    def _repeat(self, ref: str) -> tuple[Node, Shape]:
        above, _, name = ref.rpartition("/")
        parent = self.node(above)
        shape = self.form.shapes.get(f"{parent.ref}/{name.partition('[')[0]}")
        if shape is None or not shape.is_repeat:
            raise NoSuchQuestion(f"{ref} is no repeat.")
        return parent, shape

    def _add_instances(self, shape: Shape, wants: list[tuple[Node, int]]) -> Node:
        added = [node for parent, number in wants for node in self.tree.add_instances(parent, shape, number)]
        self._restructured(shape)
        for node in added:
            for each in node.walk():
                each.relevant = each.own and (each.parent is None or each.parent.relevant)
                self.recalculation.changed(each, value=False)  # new, not changed
        inside = shape.ref + "/"
        for step in self.program.steps:
            if step.bind.ref == shape.ref or step.bind.ref.startswith(inside):
                self.recalculation._mark(step, None)
        self.recalculation.settle()
        for node in added:
            self.events.fire("odk-new-repeat", node, shape.ref)
        return added[-1]

    def _restructured(self, shape: Shape) -> None:
        self.stale_counts = True
        self.tree.index()
        self.env.cache = self.tree.by_ref

    # --- asking ------------------------------------------------------------------------------------------------

    def set_language(self, language: str) -> None:
        """Show texts in another language of the form; calculations with labels follow."""
        if language not in (self.form.languages or [""]):
            raise NoSuchQuestion(f"The form has no language “{language}”: {', '.join(self.form.languages)}.")
        self.env.language = language
        self.recalculation.everything()
        self._settle()

    def node(self, ref: str) -> Node:
        """The node at a concrete ref; raises NoSuchQuestion."""
        found = self.tree.find(ref)
        if found is None:
            raise NoSuchQuestion(f"There is no {ref} in this interview.")
        return found

    def state(self, ref: str) -> State:
        """The state of a question, group or repeat."""
        found = self.tree.find(ref)
        if found is None:
            return self._state_of_empty_repeat(ref)
        shape = self.form.shapes[found.ref]
        return State(self, found, ref, shape.control)

    def _state_of_empty_repeat(self, ref: str) -> State:
        parent, shape = self._repeat(ref)
        stand_in = Node(ELEMENT, shape.template.name, parent=parent, prefix=shape.template.prefix)
        stand_in.bind, stand_in.ref = shape.bind, shape.ref
        stand_in.own = self.condition(stand_in, "relevant", True)
        stand_in.relevant = parent.relevant and stand_in.own
        return State(self, stand_in, ref, shape.control)

    def count(self, ref: str) -> int:
        """The number of instances of a repeat."""
        parent, shape = self._repeat(ref)
        return len(self.tree.instances(parent, shape))

    def condition(self, node: Node, aspect: str, default: bool) -> bool:
        """Whether a condition of the node holds; `default` if it has none."""
        tree = node.bind.tree(aspect) if isinstance(node.bind, Bind) else None
        if tree is None:
            return default
        try:
            return bool(self.program.closure(tree, aspect)(Context(self.env, node)))
        except EvaluationProblem:
            return default

    def fault_of(self, node: Node) -> str | None:
        """What is wrong with the answer: "type" or "constraint"; None if nothing is, or it is blank."""
        bind = node.bind
        if not isinstance(bind, Bind) or not node.text or not node.relevant:
            return None
        if not fits(node.text, bind.type):
            return "type"
        return None if self.condition(node, "constraint", True) else "constraint"

    def questions(self, relevant_only: bool = True) -> list[Question]:
        """All questions in the order in which they are asked, one per repeat instance."""
        found = self._walk(self.form.body, self.tree.root, [], relevant_only)
        return list(found)

    def _walk(
        self, controls: list[Control], at: Node, groups: list[GroupPlace], relevant_only: bool
    ) -> Iterator[Question]:
        for control in controls:
            for node in self._nodes_under(at, control):
                if relevant_only and not node.relevant:
                    continue
                if control.kind in ("group", "repeat"):
                    place = GroupPlace(self, node, control)
                    yield from self._walk(control.children, node, [*groups, place], relevant_only)
                else:
                    bind = node.bind if isinstance(node.bind, Bind) else None
                    yield Question(self.tree.concrete_ref(node), control, bind, node.relevant, groups)

    def _nodes_under(self, at: Node, control: Control) -> list[Node]:
        """The nodes of a control, in the repeat instance that it is shown in."""
        if not control.ref or control.ref == at.ref:
            return [at]
        found = self.tree.by_ref.get(control.ref, [])
        if len(found) < 2 or not control.ref.startswith(at.ref + "/"):
            return found[:1] if found and not self._is_under(found[0], at) else found
        return nodes_below(at, control.ref)

    def _is_under(self, node: Node, at: Node) -> bool:
        here: Node | None = node
        while here is not None and here is not at:
            here = here.parent
        return here is at

    def problems(self) -> list[FormIssue]:
        """What keeps the interview from being finished."""
        found = []
        for question in self.questions():
            state = self.state(question.ref)
            fault = self.fault_of(self.node(question.ref))
            if state.missing:
                found.append(FormIssue(question.ref, "required", state.required_message))
            elif fault is not None:
                found.append(FormIssue(question.ref, fault, state.constraint_message))
        return found

    # --- leaving -----------------------------------------------------------------------------------------------

    def serialize(self) -> str:
        """The draft: every node, whether relevant or not."""
        return serialize(self.tree.root, self.form.instance_namespaces)

    def finish(self, instance_id: str | None = None, now: datetime | None = None) -> bytes:
        """The finished interview as XML bytes: end stamped, instanceID set, irrelevant nodes left out."""
        if now is not None:
            self.env.fixed_now = now
        self.events.stamp_end(format_moment(self.env.now()), instance_id)
        self._settle()
        pruned = prune(self.tree.root)
        return ("<?xml version='1.0' encoding='UTF-8'?>\n" + serialize(pruned, self.form.instance_namespaces)).encode()


def prune(node: Node) -> Node:
    """A copy without the nodes that aren't relevant."""
    twin = Node(node.kind, node.name, node.text, prefix=node.prefix, ns=node.ns)
    twin.attributes = node.attributes
    twin.children = [prune(child) for child in node.children if child.relevant]
    return twin


def _bytes(xml: str | bytes) -> bytes:
    return xml.encode() if isinstance(xml, str) else xml
