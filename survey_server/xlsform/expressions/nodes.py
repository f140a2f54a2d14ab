"""The light XML tree that expressions walk: elements, attributes, text, comments; read by expat, bounded, without DTD.

An element whose only content is text keeps it in `text` and has no children; its text node is made when an expression
asks for it. Every interview is such a tree, so a value is one attribute away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast
from xml.parsers import expat

from survey_server.problems import Problem

XML_NS = "http://www.w3.org/XML/1998/namespace"
ELEMENT, TEXT, COMMENT, INSTRUCTION, ATTRIBUTE, ROOT, NAMESPACE = range(7)


class UnreadableXml(Problem):
    """The text isn't well-formed XML, has a DTD, or is larger than any form needs. Write it again from its source."""

    status = 422
    title = "This isn't XML that can be read"


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


class _Builder:
    def __init__(self, max_depth: int, max_nodes: int, keep_space: bool, keep_lines: bool) -> None:
        self.document = Node(ROOT)
        self.here = self.document
        self.depth = 0
        self.left = max_nodes
        self.max_depth = max_depth
        self.keep_space = keep_space
        self.keep_lines = keep_lines
        self.text: list[str] = []
        self.declared: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text.append
        self.parser.CommentHandler = self.comment
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.StartNamespaceDeclHandler = self.declare
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype

    def refuse_doctype(self, _name: str, system: str | None, _public: str | None, declares: int) -> None:
        """A name alone means nothing; one that declares entities, or leads a later reader to a DTD, is refused."""
        if declares or system:
            raise UnreadableXml("Document type declarations and entities aren't accepted. Remove the <!DOCTYPE> line.")

    def declare(self, prefix: str | None, uri: str | None) -> None:
        self.declared[prefix or ""] = uri or ""

    def add(self, node: Node) -> Node:
        self.left -= 1
        if self.left < 0:
            raise UnreadableXml("The document has more nodes than any form can have.")
        if self.keep_lines:
            node.line = self.parser.CurrentLineNumber
        node.parent = here = self.here
        here.children.append(node)
        return node

    def flush(self) -> None:
        """Turn collected text into a text node between other children."""
        text = "".join(self.text)
        self.text.clear()
        if text and self.here.kind != ROOT and (self.keep_space or text.strip()):
            self.add(Node(TEXT, text=text))

    def start(self, tag: str, attributes: list[str]) -> None:
        if self.text:
            self.flush()
        self.depth += 1
        if self.depth > self.max_depth:
            raise UnreadableXml(f"The document is nested deeper than {self.max_depth} levels.")
        node = self.add(_named(ELEMENT, tag) if " " in tag else Node(ELEMENT, tag))
        if self.declared:
            node.declared, self.declared = self.declared, {}
        for i in range(0, len(attributes), 2):
            attribute = _named(ATTRIBUTE, attributes[i])
            attribute.text, attribute.parent = attributes[i + 1], node
            node.attributes.append(attribute)
        self.here = node

    def end(self, _: str) -> None:
        here = self.here
        if self.text and here.children:
            self.flush()
        elif self.text:  # a leaf's own
            here.text = "".join(self.text)
            self.text.clear()
        self.depth -= 1
        assert here.parent is not None
        self.here = here.parent

    def comment(self, text: str) -> None:
        if self.keep_space:
            self.flush()
            self.add(Node(COMMENT, text=text))

    def instruction(self, target: str, text: str) -> None:
        if self.keep_space:
            self.flush()
            self.add(Node(INSTRUCTION, target, text))


def _named(kind: int, tag: str) -> Node:
    parts = tag.split(" ")
    if len(parts) == 1:
        return Node(kind, tag)
    prefix = parts[2] if len(parts) > 2 else "xml" if parts[0] == XML_NS else ""
    return Node(kind, parts[1], prefix=prefix, ns=parts[0])


def parse_xml(
    data: bytes,
    *,
    max_depth: int = 100,
    max_nodes: int = 200_000,
    keep_space: bool = False,
    keep_lines: bool = False,
) -> Node:
    """The document as a ROOT node. `keep_space` also keeps comments, instructions and white space between elements;
    `keep_lines` says of each node on which line it begins.
    """
    builder = _Builder(max_depth, max_nodes, keep_space, keep_lines)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableXml(
            f"Line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}.", line=error.lineno
        ) from None
    except (ValueError, LookupError) as error:
        raise UnreadableXml(f"The text can't be decoded: {error}.") from None
    return builder.document


def escape(text: str, quote: bool = False) -> str:
    """Text as it stands in XML; characters that XML can't carry are dropped."""
    if not text.isprintable():
        text = "".join(c for c in text if c >= " " or c in "\t\n\r").replace("\ufffe", "").replace("\uffff", "")
        text = text.replace("\r", "&#13;") if "&" not in text else text.replace("\r", "\n")
    if "&" in text:
        text = text.replace("&", "&amp;").replace("&amp;#13;", "&#13;")
    if "<" in text or ">" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    if quote:
        text = text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return text


def serialize(node: Node, namespaces: Mapping[str, str] | None = None) -> str:
    """The element as XML text; `namespaces` (prefix to uri) are declared on it."""
    parts: list[str] = []
    declared = "".join(
        f' xmlns{":" + prefix if prefix else ""}="{escape(uri, quote=True)}"'
        for prefix, uri in sorted((namespaces or {}).items())
    )
    _write(node, parts, declared)
    return "".join(parts)


def _write(node: Node, parts: list[str], declared: str = "") -> None:
    if node.kind == TEXT:
        parts.append(escape(node.text))
        return
    if node.kind != ELEMENT:
        return
    name = node.qname
    attributes = "".join(f' {a.qname}="{escape(a.text, quote=True)}"' for a in node.attributes)
    if not node.children and not node.text:
        parts.append(f"<{name}{declared}{attributes}/>")
        return
    parts.append(f"<{name}{declared}{attributes}>")
    if node.children:
        for child in node.children:
            _write(child, parts)
    else:
        parts.append(escape(node.text))
    parts.append(f"</{name}>")
