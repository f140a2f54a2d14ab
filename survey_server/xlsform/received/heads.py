"""What an instance says of itself before any form is asked: form, version, ids, encrypted or not, what it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from survey_server.xlsform.filling.instance import UnreadableInstance

_ORX = "{http://openrosa.org/xforms}"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)


@dataclass(frozen=True)
class Head:
    """The words on the outside of an instance; blank where it doesn't say."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str
    encrypted: bool
    root: etree._Element

    def values(self) -> frozenset[str]:
        """Every text of a leaf: a file belongs to the instance if its name is among them."""
        return frozenset(str(text).strip() for text in self.root.itertext() if text and not text.isspace())


def read_head(xml: bytes) -> Head:
    """The head of an instance; raises UnreadableInstance when it isn't XML or declares a DTD."""
    try:
        root = etree.fromstring(xml, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableInstance("This isn't an XML document that can be read.") from error
    document: Any = root.getroottree()
    if document.docinfo.doctype:
        raise UnreadableInstance("Document type declarations and entities aren't accepted.")
    meta = _meta(root)
    return Head(
        form_id=root.get("id", ""),
        version=root.get("version") or root.get(f"{_ORX}version") or "",
        instance_id=meta.get("instanceID") or root.get("instanceID") or "",
        deprecated_id=meta.get("deprecatedID", ""),
        encrypted=root.get("encrypted") == "yes",
        root=root,
    )


def _meta(root: etree._Element) -> dict[str, str]:
    for child in root:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "meta":
            return {
                each.tag.rpartition("}")[2]: (each.text or "").strip() for each in child if isinstance(each.tag, str)
            }
    return {}
