"""Keeps an interview consistent: after a change, only the calculations and conditions that it concerns, in order."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from survey_server.xlsform.expressions.evaluate import Context, Environment, EvaluationProblem
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.program import Program, Step
from survey_server.xlsform.expressions.values import to_number
from survey_server.xlsform.filling.answers import store
from survey_server.xlsform.filling.tree import MAX_INSTANCES, Tree, nodes_below
from survey_server.xlsform.shapes import Shape

MAX_ROUNDS = 200
Notice = Callable[[Node, bool], None]  # the node, and whether its value is another one


class Recalculation:
    """Evaluates the steps of one interview. `noticed` hears of every node whose value or relevance changes."""

    def __init__(self, program: Program, tree: Tree, env: Environment, noticed: Notice | None = None) -> None:
        self.program = program
        self.tree = tree
        self.env = env
        self.noticed = noticed
        self.context = Context(env, tree.root)
        self.pending: list[int] = []
        self.targets: dict[int, dict[int, Node] | None] = {}  # by step: the nodes to evaluate, None for all
        self.counted = [
            shape for shape in program.form.shapes.values() if shape.control is not None and shape.control.count
        ]

    def everything(self) -> None:
        """Evaluate every step."""
        for step in self.program.steps:
            self._mark(step, None)
        self.settle()

    def changed(self, node: Node, value: bool = True) -> None:
        """Note that a node has another value, or else another relevance: whatever reads it is to be evaluated."""
        ref = node.ref
        for place in self.program.watchers.get(ref, ()):
            step = self.program.steps[place]
            self._mark(step, None if step.wide else self._near(step, node, ref))
        if self.noticed is not None:
            self.noticed(node, value)

    def _mark(self, step: Step, nodes: list[Node] | None) -> None:
        known = self.targets.get(step.place, False)
        if known is False:
            heappush(self.pending, step.place)
            self.targets[step.place] = None if nodes is None else {id(n): n for n in nodes}
        elif nodes is None:
            self.targets[step.place] = None
        elif isinstance(known, dict):
            known.update((id(n), n) for n in nodes)

    def _near(self, step: Step, node: Node, ref: str) -> list[Node] | None:
        """The nodes of a step in the repeat instance that it shares with the changed node; None for all."""
        if not step.repeats:
            return None
        shared = ""
        for repeat in step.repeats:
            if ref == repeat or ref.startswith(repeat + "/"):
                shared = repeat
        if not shared or shared == ref:
            return None
        depth = ref.count("/") - shared.count("/")
        instance = node
        for _ in range(depth):
            assert instance.parent is not None
            instance = instance.parent
        return nodes_below(instance, step.bind.ref)

    def settle(self) -> None:
        """Evaluate what is pending, in order, until nothing is; a step that never comes to rest is left alone."""
        rounds: dict[int, int] = {}
        while self.pending:
            place = heappop(self.pending)
            nodes = self.targets.pop(place)
            rounds[place] = rounds.get(place, 0) + 1
            if rounds[place] > MAX_ROUNDS:
                continue
            step = self.program.steps[place]
            for node in self.tree.by_ref.get(step.bind.ref, ()) if nodes is None else nodes.values():
                self._evaluate(step, node)

    def _evaluate(self, step: Step, node: Node) -> None:
        context = self.context
        context.node = context.current = node
        context.position = context.size = 1
        try:
            value = step.run(context)
        except EvaluationProblem:
            value = step.aspect == "relevant" or ""  # what can't be computed hides nothing and stores nothing
        if step.aspect == "relevant":
            if value != node.own:
                node.own = value
                self.spread(node)
            return
        text = store(value, step.bind.type, self.env.zone)
        if text != node.text:
            node.text = text
            self.changed(node)

    def spread(self, node: Node) -> None:
        """Carry a node's relevance to everything in it."""
        relevant = node.own and (node.parent is None or node.parent.relevant)
        if relevant == node.relevant:
            return
        node.relevant = relevant
        self.changed(node, value=False)
        for child in node.children:
            self.spread(child)
        for attribute in node.attributes:
            attribute.relevant = relevant

    def count_of(self, shape: Shape, parent: Node) -> int | None:
        """How many instances a counted repeat should have under a parent; None if that can't be told."""
        assert shape.control is not None and shape.control.count is not None
        run = self.program.closure(shape.control.count, "count")
        instances = self.tree.instances(parent, shape)
        if instances:
            context = Context(self.env, instances[0])
        else:
            first = shape.template
            stand_in = Node(first.kind, first.name, parent=parent, prefix=first.prefix, ns=first.ns)
            context = Context(self.env, stand_in)
        try:
            number = to_number(run(context), self.env.zone)
        except EvaluationProblem:
            return None
        return 0 if number != number else max(0, min(MAX_INSTANCES, int(number)))
