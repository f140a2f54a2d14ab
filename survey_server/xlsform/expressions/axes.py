"""The axes of XPath 1.0 over the light tree, and document order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from survey_server.xlsform.expressions.nodes import ATTRIBUTE, ELEMENT, NAMESPACE, Node

NodeList = list[Node]


def ancestors_of(node: Node) -> NodeList:
    """The nodes above, the nearest first."""
    found = []
    above = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


def _descendants(node: Node) -> NodeList:
    found: NodeList = []
    stack = list(reversed(node.child_nodes()))
    while stack:
        below = stack.pop()
        found.append(below)
        stack.extend(reversed(below.child_nodes()))
    return found


def _siblings(node: Node, after: bool) -> NodeList:
    if node.parent is None or node.kind in (ATTRIBUTE, NAMESPACE):
        return []
    siblings = node.parent.child_nodes()
    place = next(i for i, sibling in enumerate(siblings) if sibling is node)
    return siblings[place + 1 :] if after else siblings[:place][::-1]


def _following(node: Node) -> NodeList:
    found: NodeList = []
    if node.kind in (ATTRIBUTE, NAMESPACE) and node.parent is not None:
        found.extend(_descendants(node.parent))
        node = node.parent
    for start in [node, *ancestors_of(node)]:
        for sibling in _siblings(start, after=True):
            found.append(sibling)
            found.extend(_descendants(sibling))
    return found


def _preceding(node: Node) -> NodeList:
    found: NodeList = []
    if node.kind in (ATTRIBUTE, NAMESPACE) and node.parent is not None:
        node = node.parent
    for start in [node, *ancestors_of(node)]:
        for sibling in _siblings(start, after=False):
            found.extend(reversed(_descendants(sibling)))
            found.append(sibling)
    return found


def _namespaces(node: Node) -> NodeList:
    if node.kind != ELEMENT:
        return []
    found = []
    for prefix, uri in sorted(node.in_scope().items()):
        found.append(Node(NAMESPACE, prefix, uri, node))
    return found


AXES: dict[str, Callable[[Node], NodeList]] = {
    "child": Node.child_nodes,
    "parent": lambda n: [n.parent] if n.parent is not None else [],
    "self": lambda n: [n],
    "attribute": lambda n: n.attributes,
    "descendant": _descendants,
    "descendant-or-self": lambda n: [n, *_descendants(n)],
    "ancestor": ancestors_of,
    "ancestor-or-self": lambda n: [n, *ancestors_of(n)],
    "following-sibling": lambda n: _siblings(n, after=True),
    "preceding-sibling": lambda n: _siblings(n, after=False),
    "following": _following,
    "preceding": _preceding,
    "namespace": _namespaces,
}
REVERSE = frozenset(("ancestor", "ancestor-or-self", "preceding", "preceding-sibling"))


def document_order(nodes: NodeList) -> NodeList:
    """The nodes once each, in document order."""
    unique = list({id(node): node for node in nodes}.values())
    if len(unique) < 2:
        return unique
    rank: dict[int, int] = {}
    for node in unique:
        root = node.root()
        if id(root) not in rank:
            for each in _everything(root):
                rank[id(each)] = len(rank)
    last = len(rank)
    return sorted(unique, key=lambda n: rank.get(id(n), rank.get(id(n.parent), last)))


def _everything(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        yield from node.attributes
        stack.extend(reversed(node.child_nodes()))
