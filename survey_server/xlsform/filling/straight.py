"""The quick way to read an instance: where its elements stand as in the form, tree and index grow in a single walk.

Nearly every interview is so. What isn't, and what has anything odd in its XML, is left to the careful reader of
`tree.adopt`; both make the same of what both can read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary
from xml.etree.ElementTree import Element, ParseError, fromstring

from survey_server.xlsform.expressions.nodes import ATTRIBUTE, NOTHING, Node
from survey_server.xlsform.filling.tree import Tree
from survey_server.xlsform.form import Form
from survey_server.xlsform.shapes import Shape

_LONGEST = 1 << 20


class _Astray(Exception):
    """Something doesn't stand where the form has it."""


@dataclass(eq=False, slots=True)
class _Place:
    """A shape as this reader needs it: its elements in order, the place of each by its name, its attributes."""

    shape: Shape
    below: list[_Place] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    attributes: list[Shape] = field(default_factory=list)
    repeated: bool = False


_known: WeakKeyDictionary[Form, _Place] = WeakKeyDictionary()


def grow(form: Form, xml: bytes, absent: list[Node]) -> Tree | None:
    """The interview tied to its form, with the elements that were `absent` as blanks; None if it isn't straight."""
    if not _is_plain(xml):
        return None
    try:
        element = fromstring(xml)  # noqa: S314 - without "<!" there are no DTD and no entities in it
    except (ParseError, ValueError, LookupError):
        return None
    place = _known.get(form)
    if place is None:
        place = _known[form] = _place_of(form.root)
    if element.tag not in _tags(form.root.template):
        return None
    growth = _Growth(absent)
    try:
        return Tree(form, growth.grow(element, place, None), growth.by_ref)
    except _Astray:
        return None


def _is_plain(xml: bytes) -> bool:
    """Short, in UTF-8, without DTD, comments, CDATA and instructions."""
    if len(xml) > _LONGEST or b"<!" in xml or b"\0" in xml or b"<?" in xml[2:]:
        return False
    head = xml[: xml.find(b"?>")].lower() if xml.startswith(b"<?") else b""
    return b"encoding" not in head or b'"utf-8"' in head or b"'utf-8'" in head


def _place_of(shape: Shape) -> _Place:
    place = _Place(shape, repeated=bool(shape.repeats()))
    for child in shape.children.values():
        if child.attribute:
            place.attributes.append(child)
        else:
            for tag in _tags(child.template):
                place.places.setdefault(tag, len(place.below))
            place.below.append(_place_of(child))
    return place


def _tags(node: Node) -> tuple[str, ...]:
    """How the reader names an element: in the form's namespace, or in none, as most clients write all but meta."""
    return (f"{{{node.ns}}}{node.name}", node.name) if node.ns else (node.name,)


class _Growth:
    def __init__(self, absent: list[Node]) -> None:
        self.absent = absent
        self.by_ref: dict[str, list[Node]] = {}

    def grow(self, element: Element, place: _Place, parent: Node | None) -> Node:
        node = self._node(place, parent)
        if not node.prefix and element.tag[0] != "{":
            node.ns = ""
        if element.attrib or place.attributes:
            self._attributes(node, place, element.attrib)
        if place.below:
            self._children(node, place, element)
        elif len(element):
            raise _Astray()
        else:
            node.text = element.text or ""
        return node

    def _children(self, node: Node, place: _Place, element: Element) -> None:
        below, places, children = place.below, place.places, node.children
        here = 0
        for each in element:
            found = places.get(each.tag, -1)
            if found < here:
                raise _Astray()
            if found > here:
                self._blanks(below[here:found], node)
            child = below[found]
            if child.below or child.attributes or each.attrib:
                children.append(self.grow(each, child, node))
            else:
                children.append(self._leaf(each, child, node))
            here = found if child.shape.is_repeat else found + 1
        if here < len(below):
            self._blanks(below[here:], node)

    def _leaf(self, element: Element, place: _Place, parent: Node) -> Node:
        if len(element):
            raise _Astray()
        node = self._node(place, parent)
        node.text = element.text or ""
        if element.tag[0] != "{" and not node.prefix:
            node.ns = ""
        return node

    def _blanks(self, places: list[_Place], parent: Node) -> None:
        for place in places:
            if not place.shape.is_repeat:
                parent.children.append(self._blank(place, parent))

    def _blank(self, place: _Place, parent: Node) -> Node:
        node = self._node(place, parent)
        self.absent.append(node)
        if place.attributes:
            self._attributes(node, place, {})
        self._blanks(place.below, node)
        return node

    def _node(self, place: _Place, parent: Node | None) -> Node:
        shape = place.shape
        node = Node.like(shape.template, parent, [] if place.below else NOTHING)
        node.bind, node.ref = shape.bind, shape.ref
        if place.repeated:
            self.by_ref.setdefault(shape.ref, []).append(node)
        else:
            self.by_ref[shape.ref] = [node]
        return node

    def _attributes(self, node: Node, place: _Place, told: dict[str, str]) -> None:
        """Those that are told, then what the form has besides."""
        node.attributes = []
        for name, value in told.items():
            if name.startswith("{"):  # its prefix is lost here
                raise _Astray()
            node.attributes.append(Node(ATTRIBUTE, name, value, node))
        for shape in place.attributes:
            attribute = next((each for each in node.attributes if each.qname == shape.template.qname), None)
            if attribute is None:
                attribute = shape.template.copy(node)
                attribute.text = "" if shape.bind is not None else attribute.text
                node.attributes.append(attribute)
            attribute.bind, attribute.ref = shape.bind, shape.ref
        for attribute in node.attributes:
            if attribute.ref:
                self.by_ref.setdefault(attribute.ref, []).append(attribute)
