"""The shape of the primary instance: one Shape per element or attribute that can exist, with its canonical ref."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.nodes import ATTRIBUTE, ELEMENT, Node
from survey_server.xlsform.model import Bind, Control


@dataclass(eq=False)
class Shape:
    """A kind of node in the interview: where it stands, what holds for it, and what a fresh one looks like."""

    name: str
    ref: str
    parent: Shape | None
    template: Node
    children: dict[str, Shape] = field(default_factory=dict)
    bind: Bind | None = None
    control: Control | None = None
    is_repeat: bool = False
    attribute: bool = False
    _repeats: list[Shape] | None = None

    def walk(self) -> Iterator[Shape]:
        """This shape and all below, in document order."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def ancestors(self) -> Iterator[Shape]:
        """The shapes above, nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def repeats(self) -> list[Shape]:
        """The repeats that this shape stands in or is, outermost first; final once the body is read."""
        if self._repeats is None:
            self._repeats = [shape for shape in [*reversed(list(self.ancestors())), self] if shape.is_repeat]
        return self._repeats

    def forget(self) -> None:
        """Drop what was worked out before all repeats were known."""
        self._repeats = None

    @property
    def is_leaf(self) -> bool:
        """Whether it holds a value of its own."""
        return not any(not child.attribute for child in self.children.values())


def build_shapes(root: Node) -> Shape:
    """The shapes of a primary instance; twins (a repeat's template and first instance) become one."""
    shape = Shape(root.qname, f"/{root.qname}", None, root)
    _add_children(shape, root)
    return shape


def _add_children(shape: Shape, node: Node) -> None:
    for attribute in node.attributes:
        name = f"@{attribute.qname}"
        if attribute.name != "template" and name not in shape.children:
            shape.children[name] = Shape(name, f"{shape.ref}/{name}", shape, attribute, attribute=True)
    for child in node.children:
        if child.kind != ELEMENT:
            continue
        known = shape.children.get(child.qname)
        if known is None:
            known = Shape(child.qname, f"{shape.ref}/{child.qname}", shape, child)
            shape.children[child.qname] = known
        _add_children(known, child)


def is_template(node: Node) -> bool:
    """Whether the element is a repeat's jr:template."""
    return any(a.name == "template" and a.kind == ATTRIBUTE for a in node.attributes)


class Resolver:
    """Finds which shapes a path can reach from a place in the form; used for dependencies and to check references."""

    def __init__(self, root: Shape, primary_ids: Iterable[str] = ()) -> None:
        self.root = root
        self.primary_ids = frozenset(primary_ids)

    def resolve(self, steps: list[Tree], start: list[Shape] | None) -> list[Shape] | None:
        """The shapes that steps lead to; None when they leave the primary instance. An empty start is the document."""
        here: list[Shape | None] = [None] if start is None else list(start)
        for step in steps:
            here = list(dict.fromkeys(found for shape in here for found in self._step(shape, step[0], step[1])))
        return [shape for shape in here if shape is not None]

    def _step(self, shape: Shape | None, axis: str, test: str) -> list[Shape | None]:
        if axis == "child":
            if shape is not None and test in shape.children:
                return [shape.children[test]]
            below = [self.root] if shape is None else list(shape.children.values())
            return [child for child in below if not child.attribute and matches(child, test)]
        if axis == "attribute":
            return [c for c in (shape.children.values() if shape else ()) if c.attribute and matches(c, "@" + test)]
        if axis == "self":
            return [shape] if shape is None or matches(shape, test) else []
        if axis == "parent":
            return [] if shape is None else [shape.parent]
        if axis.startswith("descendant"):
            top = self.root if shape is None else shape
            found: list[Shape | None] = [s for s in top.walk() if not s.attribute and matches(s, test)]
            if axis == "descendant" and shape is not None and shape in found:
                found.remove(shape)
            return [None, *found] if shape is None and test == "node()" else found
        if axis.startswith("ancestor"):
            above = [*shape.ancestors()] if shape is not None else []
            if axis == "ancestor-or-self" and shape is not None:
                above.insert(0, shape)
            return [s for s in above if matches(s, test)]
        return [s for s in self.root.walk() if not s.attribute and matches(s, test)]


def matches(shape: Shape, test: str) -> bool:
    """Whether a node test lets the shape through; a name without prefix matches whatever the prefix."""
    if test in ("*", "node()", "@*", "@node()"):
        return True
    if "(" in test:
        return False
    return shape.name == test or (":" not in test and shape.name.lstrip("@").rpartition(":")[2] == test.lstrip("@"))
