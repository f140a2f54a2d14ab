"""The order in which calculations and conditions are evaluated, what a change triggers, which cycles are refused."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.references import Dependencies, Expressions
from survey_server.xlsform.model import Bind
from survey_server.xlsform.shapes import Shape

EVALUATED = ("calculate", "relevant")
ORDERED = ("calculate", "relevant", "required", "readonly")
Step = tuple[int, str]


@dataclass
class Order:
    """Steps (bind, aspect) in an order in which nothing is read before it is computed; triggers by ref."""

    steps: list[Step] = field(default_factory=list)
    triggers: dict[str, list[int]] = field(default_factory=dict)
    wide: list[int] = field(default_factory=list)


def build_order(shapes: Shape, expressions: Expressions, complaints: Complaints) -> Order:
    """The evaluation order of a form; complains about cycles with their path."""
    needs: dict[Step, Dependencies] = {}
    by_index: dict[int, Shape] = {}
    for shape in shapes.walk():
        if shape.bind is None:
            continue
        by_index[shape.bind.index] = shape
        for aspect in (*ORDERED, "constraint"):
            tree = shape.bind.tree(aspect)
            if tree is None:
                continue
            found = expressions.dependencies(tree, shape, aspect, shape.bind.line)
            if aspect != "constraint":
                needs[(shape.bind.index, aspect)] = found
    _refuse_cycles(needs, by_index, complaints)
    if complaints.faults:
        return Order()
    return _sorted_steps(needs, by_index)


def _refuse_cycles(needs: dict[Step, Dependencies], by_index: dict[int, Shape], complaints: Complaints) -> None:
    """Nodes that depend on themselves, whatever the aspects; a condition of a group holds for all that is in it."""
    edges: dict[Shape, set[Shape]] = defaultdict(set)
    for (index, aspect), found in needs.items():
        targets = [by_index[index]]
        if aspect in ("relevant", "readonly"):
            targets = [shape for shape in by_index[index].walk() if not shape.attribute or shape is targets[0]]
        for target in targets:
            edges[target] |= found.near | found.wide
            for group in found.near | found.wide:
                if not group.is_leaf and not group.is_repeat:
                    edges[target].update(group.walk())  # the text of a group is that of everything in it
    state: dict[Shape, int] = {}
    for start in list(edges):
        if state.get(start):
            continue
        loop = _find_loop(start, edges, state)
        if loop:
            path = " → ".join(shape.name for shape in loop)
            complaints.refuse(
                f"The question depends on itself: {path}.",
                "Break the circle: take one of these references out of its calculation or condition.",
                ref=loop[0].ref, aspect=_aspect_of(loop[0], needs), line=loop[0].bind.line if loop[0].bind else 0,
            )  # fmt: skip
            return


def _aspect_of(shape: Shape, needs: dict[Step, Dependencies]) -> str:
    if shape.bind is not None:
        for aspect in ORDERED:
            if (shape.bind.index, aspect) in needs:
                return aspect
    return ""


def _find_loop(start: Shape, edges: dict[Shape, set[Shape]], state: dict[Shape, int]) -> list[Shape]:
    """Depth first without recursion; 1 is on the way, 2 is done."""
    trail: list[Shape] = [start]
    pending = [iter(sorted(edges.get(start, ()), key=lambda s: s.ref))]
    state[start] = 1
    while trail:
        following = next(pending[-1], None)
        if following is None:
            state[trail.pop()] = 2
            pending.pop()
        elif state.get(following) == 1:
            return [*trail[trail.index(following) :], following]
        elif not state.get(following):
            state[following] = 1
            trail.append(following)
            pending.append(iter(sorted(edges.get(following, ()), key=lambda s: s.ref)))
    return []


def _sorted_steps(needs: dict[Step, Dependencies], by_index: dict[int, Shape]) -> Order:
    binds = {shape: shape.bind for shape in by_index.values()}
    before: dict[Step, set[Step]] = {}
    for step, found in needs.items():
        if step[1] in EVALUATED:
            before[step] = {
                other for source in found.near | found.wide for other in _producers(source, binds) if other in needs
            } - {step}
    order = Order()
    placed: dict[Step, int] = {}
    for first in sorted(before):
        stack = [first]
        waiting: set[Step] = set()
        while stack:
            step = stack[-1]
            open_ones = sorted(s for s in before[step] if s not in placed and s not in waiting and s in before)
            waiting.add(step)
            if open_ones and step not in placed:
                stack.extend(reversed(open_ones))
                continue
            stack.pop()
            if step not in placed:
                placed[step] = len(order.steps)
                order.steps.append(step)
    _add_triggers(order, needs, placed)
    return order


def _producers(shape: Shape, binds: dict[Shape, Bind | None]) -> list[Step]:
    """The steps that decide what an expression reads at a shape: its calculation and every relevance around it."""
    found: list[Step] = []
    bind = binds.get(shape)
    if bind is not None:
        found += [(bind.index, "calculate"), (bind.index, "relevant")]
    for above in shape.ancestors():
        if (bind := binds.get(above)) is not None:
            found.append((bind.index, "relevant"))
    if not shape.is_leaf and not shape.is_repeat:
        found += [(b.index, "calculate") for below in shape.walk() if (b := binds.get(below)) is not None]
    return found


def _add_triggers(order: Order, needs: dict[Step, Dependencies], placed: dict[Step, int]) -> None:
    triggers: dict[str, set[int]] = defaultdict(set)
    wide: set[int] = set()
    for step, place in placed.items():
        for shape in needs[step].near | needs[step].wide:
            triggers[shape.ref].add(place)
        if needs[step].wide:
            wide.add(place)
    order.triggers = {ref: sorted(places) for ref, places in sorted(triggers.items())}
    order.wide = sorted(wide)
