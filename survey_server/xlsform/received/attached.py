"""Which files an instance names: what its questions for photos, sound and files hold, and its audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def list_attached(phone: Mapping[str, Any], xml: bytes) -> dict[str, str]:
    """File name -> path of the question that names it, in the order of the instance. Empty if it isn't XML."""
    refs = {bind["ref"] for bind in phone["binds"] if bind["type"] == "binary"}
    try:
        root = etree.fromstring(xml, _PARSER)
    except etree.XMLSyntaxError:
        return {}
    found: dict[str, str] = {}

    def walk(node: etree._Element, above: str) -> None:
        path = f"{above}/{etree.QName(node).localname}"
        name = (node.text or "").strip()
        if len(node) == 0 and name and path in refs:
            found.setdefault(name, path)
        for child in node:
            if isinstance(child.tag, str):
                walk(child, path)

    walk(root, "")
    return found
