"""XML text to nodes and back: read by expat, bounded, without DTD."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from survey_server.problems import Problem
from survey_server.xlsform.expressions.nodes import (
    ATTRIBUTE,
    COMMENT,
    ELEMENT,
    INSTRUCTION,
    ROOT,
    TEXT,
    XML_NS,
    Node,
)


class UnreadableXml(Problem):
    """The text isn't well-formed XML, has a DTD, or is larger than any form needs. Write it again from its source."""

    status = 422
    title = "This isn't XML that can be read"


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
