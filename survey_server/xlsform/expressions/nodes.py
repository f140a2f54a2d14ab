"""The light XML tree that expressions walk: elements, attributes, text, comments (documents.py reads and writes it).

An element whose only content is text keeps it in `text` and has no children; its text node is made when an expression
asks for it. Every interview is such a tree, so a value is one attribute away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

XML_NS = "http://www.w3.org/XML/1998/namespace"
ELEMENT, TEXT, COMMENT, INSTRUCTION, ATTRIBUTE, ROOT, NAMESPACE = range(7)


class Node:
    """One node. `relevant` is the effective state in an interview, `own` what its own condition says."""

    __slots__ = (
        "attributes",
        "bind",
        "children",
        "declared",
        "kind",
        "line",
        "name",
        "ns",
        "own",
        "parent",
        "prefix",
        "qname",
        "ref",
        "relevant",
        "text",
        "text_node",
    )

    def __init__(
        self, kind: int, name: str = "", text: str = "", parent: Node | None = None, prefix: str = "", ns: str = ""
    ) -> None:
        self.kind = kind
        self.name = name
        self.text = text
        self.parent = parent
        self.prefix = prefix
        self.qname = f"{prefix}:{name}" if prefix else name  # the name as written
        self.ns = ns
        self.ref = ""  # the canonical ref, where the node is part of an interview
        self.children: list[Node] = []
        self.attributes: list[Node] = []
        self.declared: dict[str, str] | None = None
        self.text_node: Node | None = None
        self.relevant = True
        self.own = True
        self.bind: object = None
        self.line = 0

    @classmethod
    def like(cls, template: Node, parent: Node | None, below: list[Node]) -> Node:
        """A blank node of the template's name with these lists below it: made for every element of every interview."""
        node = cls.__new__(cls)
        node.kind, node.name, node.prefix, node.qname = template.kind, template.name, template.prefix, template.qname
        node.ns, node.text, node.parent = template.ns, "", parent
        node.children, node.attributes = below, NOTHING
        node.declared = node.text_node = node.bind = None
        node.ref, node.line = "", 0
        node.relevant = node.own = True
        return node

    def __repr__(self) -> str:
        return f"<{self.path()} {self.value()!r}>"

    def value(self) -> str:
        """The XPath string value, whatever the relevance."""
        if not self.children:
            return self.text
        return "".join(node.text for node in self.walk() if node.kind in (ELEMENT, TEXT))

    def walk(self) -> Iterator[Node]:
        """This node and everything under it, in document order, without attributes."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def elements(self) -> list[Node]:
        """The child elements."""
        return [child for child in self.children if child.kind == ELEMENT]

    def find(self, name: str) -> Node | None:
        """The first child element of that local name."""
        return next((child for child in self.children if child.name == name and child.kind == ELEMENT), None)

    def child_nodes(self) -> list[Node]:
        """All children as XPath sees them: the text of a leaf becomes a text node."""
        if self.children or not self.text or self.kind not in (ELEMENT, ROOT):
            return self.children
        if self.text_node is None or self.text_node.text != self.text:
            self.text_node = Node(TEXT, text=self.text, parent=self)
        return [self.text_node]

    def get(self, name: str, ns: str = "") -> str | None:
        """An attribute's value, or None."""
        for attribute in self.attributes:
            if attribute.name == name and attribute.ns == ns:
                return attribute.text
        return None

    def set(self, name: str, value: str, ns: str = "", prefix: str = "") -> None:
        """Write an attribute."""
        for attribute in self.attributes:
            if attribute.name == name and attribute.ns == ns:
                attribute.text = value
                return
        self.attributes.append(Node(ATTRIBUTE, name, value, self, prefix, ns))

    def append(self, child: Node) -> Node:
        """Add a child at the end."""
        child.parent = self
        self.children.append(child)
        return child

    def root(self) -> Node:
        """The top of this node's tree."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def copy(self, parent: Node | None = None) -> Node:
        """A deep copy."""
        twin = Node(self.kind, self.name, self.text, parent, self.prefix, self.ns)
        twin.bind, twin.ref, twin.relevant = self.bind, self.ref, self.relevant
        if self.attributes:
            twin.attributes = [attribute.copy(twin) for attribute in self.attributes]
        if self.children:
            twin.children = [child.copy(twin) for child in self.children]
        return twin

    def path(self) -> str:
        """Where the node is, in positions only: /*[1]/*[2]."""
        if self.parent is None:
            return "/" if self.kind == ROOT else f"/{self.qname}"
        above = "" if self.parent.kind == ROOT else self.parent.path()
        if self.kind == ATTRIBUTE:
            return f"{above}/@{self.qname}"
        if self.kind == NAMESPACE:
            return f"{above}/namespace::{self.name}"
        place = 1 + sum(1 for _ in _before(self))
        test = {TEXT: "text()", COMMENT: "comment()", INSTRUCTION: "processing-instruction()"}.get(self.kind, "*")
        return f"{above}/{test}[{place}]"

    def in_scope(self) -> dict[str, str]:
        """The namespace prefixes in scope here."""
        found: dict[str, str] = {"xml": XML_NS}
        chain: list[Node] = []
        node: Node | None = self
        while node is not None:
            chain.append(node)
            node = node.parent
        for above in reversed(chain):
            found.update(above.declared or {})
        return {prefix: uri for prefix, uri in found.items() if uri}


def _before(node: Node) -> Iterator[Node]:
    assert node.parent is not None
    for sibling in node.parent.child_nodes():
        if sibling is node:
            return
        if sibling.kind == node.kind:
            yield sibling


NOTHING = cast("list[Node]", ())
"""What is below a node to which nothing will be added."""
