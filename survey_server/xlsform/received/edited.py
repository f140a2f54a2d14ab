"""An edited instance: the same document under another id, saying which one it replaces."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from survey_server.xlsform.filling.instance import UnreadableInstance

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_blank_text=False)


def as_edit(xml: bytes, instance_id: str, deprecated_id: str) -> bytes:
    """`xml` as an edit of `deprecated_id` under `instance_id`; everything else stays. Raises UnreadableInstance."""
    try:
        root = etree.fromstring(xml, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableInstance("It isn't XML.") from None
    meta = next((child for child in root if _local(child) == "meta"), None)
    if meta is None:
        meta = etree.SubElement(root, "meta")
    own = next((child for child in meta if _local(child) == "instanceID"), None)
    if own is None:
        own = etree.SubElement(meta, _named_like(meta, "instanceID"))
    own.text = instance_id
    replaced = next((child for child in meta if _local(child) == "deprecatedID"), None)
    if replaced is None:
        replaced = etree.Element(_named_like(own, "deprecatedID"))
        own.addnext(replaced)
    replaced.text = deprecated_id
    if root.get("instanceID") is not None:
        root.set("instanceID", instance_id)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def with_head(xml: bytes, form_id: str, version: str, answers: Mapping[str, str]) -> bytes:
    """`xml` as an instance of this form and version, with these answers in the questions of that name.

    What is blank is left as it is; what isn't XML comes back as it went.
    """
    try:
        root = etree.fromstring(xml, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return xml
    for name, value in (("id", form_id), ("version", version)):
        if value:
            root.set(name, value)
    for node in root.iter():
        if isinstance(node.tag, str) and len(node) == 0 and answers.get(_local(node)):
            node.text = answers[_local(node)]
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def without_places(xml: bytes, refs: frozenset[str]) -> bytes:
    """`xml` with the questions at these paths blank, for eyes that may not see them; as it came if it has none."""
    root = etree.fromstring(xml, _PARSER)
    answered = [node for _, node in _leaves(root, refs) if node.text]
    if not answered:
        return xml
    for node in answered:
        node.text = None
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def with_places_of(xml: bytes, before: bytes, refs: frozenset[str]) -> bytes:
    """`xml` with the blank ones of these questions as they were in `before`, where as many of them are still there."""
    try:
        root, old = (etree.fromstring(each, _PARSER) for each in (xml, before))
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableInstance("It isn't XML.") from None
    for ref in refs:
        now, then = (_leaves(each, frozenset((ref,))) for each in (root, old))
        if len(now) == len(then):
            for (_, node), (_, was) in zip(now, then, strict=True):
                node.text = node.text or was.text
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _leaves(root: etree._Element, refs: frozenset[str]) -> list[tuple[str, etree._Element]]:
    """The nodes at these paths, in order."""
    found: list[tuple[str, etree._Element]] = []

    def walk(node: etree._Element, above: str) -> None:
        path = f"{above}/{_local(node)}"
        if path in refs:
            found.append((path, node))
        for child in node:
            if isinstance(child.tag, str):
                walk(child, path)

    walk(root, "")
    return found


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _named_like(node: etree._Element, name: str) -> str:
    """`name` in the namespace of `node`."""
    namespace = etree.QName(node).namespace
    return f"{{{namespace}}}{name}" if namespace else name
