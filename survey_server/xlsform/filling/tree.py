"""The nodes of one interview: made from the form's template or from XML, always tied to the form's shapes."""

from __future__ import annotations

import re
from collections import defaultdict

from survey_server.xlsform.expressions.documents import parse_xml
from survey_server.xlsform.expressions.nodes import ELEMENT, ROOT, Node
from survey_server.xlsform.form import Form
from survey_server.xlsform.shapes import Shape, is_template

MAX_INSTANCES = 10_000
_STEP = re.compile(r"(@?[^\[\]]+)(?:\[(\d+)\])?")


def fresh(shape: Shape, parent: Node | None = None) -> Node:
    """A new element of that shape, with the defaults of its template; repeats inside that are counted start empty.

    A repeat without template has none: its new instances start blank, without instances of the repeats inside.
    """
    return _copy(shape.template, shape, parent, blank=shape.is_repeat and not is_template(shape.template))


def _copy(source: Node, shape: Shape, parent: Node | None, blank: bool = False) -> Node:
    twin = Node(source.kind, source.name, "" if blank else source.text, parent, source.prefix, source.ns)
    twin.bind, twin.ref = shape.bind, shape.ref
    for attribute in source.attributes:
        if attribute.name == "template":
            continue
        copied = attribute.copy(twin)
        known = shape.children.get(f"@{attribute.qname}")
        if known is not None:
            copied.bind, copied.ref = known.bind, known.ref
        twin.attributes.append(copied)
    for child in source.children:
        if child.kind != ELEMENT:
            continue
        below = shape.children[child.qname]
        if is_template(child) or (below.is_repeat and (blank or counted(below))):
            continue
        twin.children.append(_copy(child, below, twin, blank))
    return twin


def counted(shape: Shape) -> bool:
    """Whether the number of instances is computed."""
    return shape.control is not None and shape.control.count is not None


class Tree:
    """The document of one interview, with every node found by its ref."""

    def __init__(self, form: Form, root: Node, by_ref: dict[str, list[Node]] | None = None) -> None:
        self.form = form
        self.document = Node(ROOT)
        self.root = self.document.append(root)
        self.by_ref = by_ref or {}
        if by_ref is None:
            self.index()

    def index(self) -> None:
        """Find all nodes anew, after instances have come or gone."""
        found: dict[str, list[Node]] = defaultdict(list)
        stack = [self.root]
        while stack:
            node = stack.pop()
            found[node.ref].append(node)
            for attribute in node.attributes:
                if attribute.ref:
                    found[attribute.ref].append(attribute)
            if node.children:
                stack.extend(reversed(node.children))
        self.by_ref = dict(found)

    def let_go(self) -> None:
        """Untie the nodes from those above them: memory is given back at once, not when the collector comes by."""
        for nodes in self.by_ref.values():
            for node in nodes:
                node.parent = None

    def find(self, ref: str) -> Node | None:
        """The node at a concrete ref, such as /data/roster[2]/age."""
        known = self.by_ref.get(ref)
        if known is not None and len(known) == 1:
            return known[0]
        here: Node | None = self.document
        for part in ref.strip("/").split("/"):
            found = _STEP.fullmatch(part)
            if found is None or here is None:
                return None
            name, place = found[1], int(found[2] or 1)
            if name.startswith("@"):
                here = next((a for a in here.attributes if a.qname == name[1:]), None)
            else:
                here = _nth(here, name, place)
        return here

    def concrete_ref(self, node: Node) -> str:
        """The ref of a node, with the positions of its repeats."""
        repeats = self.form.shapes[node.ref].repeats()
        if not repeats:
            return node.ref
        parts: list[str] = []
        names = {repeat.ref for repeat in repeats}
        here: Node | None = node
        while here is not None and here.kind != ROOT:
            name = here.qname if here.kind == ELEMENT else f"@{here.qname}"
            parts.append(f"{name}[{position(here)}]" if here.ref in names else name)
            here = here.parent
        return "/" + "/".join(reversed(parts))

    def instances(self, parent: Node, shape: Shape) -> list[Node]:
        """The instances of a repeat under a parent."""
        return [child for child in parent.children if child.qname == shape.name and child.kind == ELEMENT]

    def add_instances(self, parent: Node, shape: Shape, number: int) -> list[Node]:
        """Add fresh instances after the last one, or where the form has their place."""
        names = list(shape.parent.children) if shape.parent else []
        allowed = set(names[: names.index(shape.name) + 1]) if shape.name in names else set()
        place = 0
        for i, child in enumerate(parent.children):
            if child.qname in allowed:
                place = i + 1
        added = [fresh(shape, parent) for _ in range(number)]
        parent.children[place:place] = added
        return added


def nodes_below(node: Node, ref: str) -> list[Node]:
    """The nodes of a ref inside one node, which stands above them in the form."""
    nodes = [node]
    for name in ref[len(node.ref) + 1 :].split("/") if ref != node.ref else ():
        if name.startswith("@"):
            nodes = [a for n in nodes for a in n.attributes if a.qname == name[1:]]
        else:
            nodes = [child for n in nodes for child in n.children if child.qname == name]
    return nodes


def _nth(parent: Node, name: str, place: int) -> Node | None:
    for child in parent.children:
        if child.kind == ELEMENT and (child.qname == name or (":" not in name and child.name == name)):
            place -= 1
            if place == 0:
                return child
    return None


def position(node: Node) -> int:
    """The place among the siblings of the same name."""
    assert node.parent is not None
    place = 0
    for sibling in node.parent.children:
        if sibling.qname == node.qname and sibling.kind == node.kind:
            place += 1
        if sibling is node:
            break
    return place


def new_tree(form: Form) -> Tree:
    """An empty interview."""
    return Tree(form, fresh(form.root))


def parse_instance(xml: bytes) -> Node:
    """The root element of an instance; raises UnreadableXml."""
    document = parse_xml(xml)
    return document.children[0]


def adopt(form: Form, root: Node, unknown: list[Node] | None = None, absent: list[Node] | None = None) -> Tree:
    """Tie an instance's nodes to the form: what the form doesn't know is taken out, what is missing comes in blank."""
    _adopt(root, form.root, unknown, absent)
    root.parent = None
    return Tree(form, root)


def _adopt(node: Node, shape: Shape, unknown: list[Node] | None, absent: list[Node] | None) -> None:
    node.bind, node.ref = shape.bind, shape.ref
    shapes = shape.children
    if not shapes and not node.children:
        return
    known: list[Node] = []
    present: set[str] = set()
    for child in node.children:
        below = shapes.get(child.qname) or _by_name(shape, child)
        if below is None or child.kind != ELEMENT or (child.qname in present and not below.is_repeat):
            if unknown is not None and child.kind == ELEMENT:
                unknown.append(child)
            continue
        present.add(below.name)
        known.append(child)
        if below.children or child.children:
            _adopt(child, below, unknown, absent)
        else:
            child.bind, child.ref = below.bind, below.ref
    for name, below in shapes.items() if len(present) < len(shapes) else ():
        if name in present or below.is_repeat:
            continue
        if below.attribute:
            _adopt_attribute(node, below)
            continue
        known.append(_blank(below, node, absent))
    if len(known) != len(node.children) or len(present) != len(known):
        order = {name: i for i, name in enumerate(shapes)}
        known.sort(key=lambda child: order.get(child.qname, len(order)))
    node.children = known
    if known:
        node.text = ""


def _by_name(shape: Shape, child: Node) -> Shape | None:
    """The shape of a child whose prefix differs from the form's."""
    for below in shape.children.values():
        if not below.attribute and below.template.name == child.name:
            child.prefix, child.ns, child.qname = below.template.prefix, below.template.ns, below.template.qname
            return below
    return None


def _adopt_attribute(node: Node, shape: Shape) -> None:
    for attribute in node.attributes:
        if f"@{attribute.qname}" == shape.name:
            attribute.bind, attribute.ref = shape.bind, shape.ref
            return
    twin = shape.template.copy(node)
    twin.bind, twin.ref = shape.bind, shape.ref
    if shape.bind is not None:
        twin.text = ""
    node.attributes.append(twin)


def _blank(shape: Shape, parent: Node, absent: list[Node] | None) -> Node:
    node = Node(ELEMENT, shape.template.name, "", parent, shape.template.prefix, shape.template.ns)
    node.bind, node.ref = shape.bind, shape.ref
    if absent is not None:
        absent.append(node)
    for below in shape.children.values():
        if below.attribute:
            _adopt_attribute(node, below)
        elif not below.is_repeat:
            node.children.append(_blank(below, node, absent))
    return node
