"""Entities (ODK 2022.1 to 2025.1): what a form says it creates and updates, and what an interview did of that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lxml import etree

NAMESPACE = "http://www.opendatakit.org/xforms/entities"
_XFORMS = "{http://www.w3.org/2002/xforms}"
_UUID = re.compile(r"(?:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\Z", re.IGNORECASE)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
_LONGEST_LABEL = 500

Path = tuple[str, ...]


@dataclass(frozen=True)
class Declaration:
    """A form creates or updates an entity of `dataset` for each node at `container`: the form itself, or a repeat."""

    dataset: str
    container: Path
    save_to: Mapping[Path, str]
    """Question, by its path from the container -> property of the entity."""


@dataclass(frozen=True)
class EntityChange:
    """What one interview does to one entity; `fault` when it can't be done whatever is stored."""

    dataset: str
    uuid: str
    create: bool
    update: bool
    label: str
    data: Mapping[str, str] = field(default_factory=dict)
    base_version: int | None = None
    trunk_version: int | None = None
    branch_id: str = ""
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """To be kept until it can be applied."""
        return asdict(self)


def read_declarations(xform: bytes) -> tuple[Declaration, ...]:
    """What a published form declares; nothing for most."""
    if NAMESPACE.encode() not in xform:
        return ()
    root = etree.fromstring(xform, _PARSER)
    model = root.find(f".//{_XFORMS}model")
    instance = model.find(f"{_XFORMS}instance") if model is not None else None
    if model is None or instance is None or len(instance) == 0:
        return ()
    found: dict[Path, str] = {}
    _find_declared(instance[0], (_local(instance[0]),), found)
    saved = {
        tuple(str(bind.get("nodeset", "")).strip("/").split("/")): str(bind.get(f"{{{NAMESPACE}}}saveto"))
        for bind in model.iter(f"{_XFORMS}bind")
        if bind.get(f"{{{NAMESPACE}}}saveto")
    }
    return tuple(_declare(dataset, container, found, saved) for container, dataset in found.items())


def _find_declared(node: etree._Element, path: Path, found: dict[Path, str]) -> None:
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name = _local(child)
        if name == "meta":
            for entity in child:
                if isinstance(entity.tag, str) and _local(entity) == "entity" and entity.get("dataset"):
                    found[path] = str(entity.get("dataset"))
        else:
            _find_declared(child, (*path, name), found)


def _declare(dataset: str, container: Path, found: Mapping[Path, str], saved: Mapping[Path, str]) -> Declaration:
    """A question belongs to the nearest container above it that has an entity."""
    own = {
        path[len(container) :]: name
        for path, name in saved.items()
        if max((each for each in found if path[: len(each)] == each), key=len, default=()) == container
    }
    return Declaration(dataset, container, own)


def read_changes(declarations: Sequence[Declaration], xml: bytes) -> list[EntityChange]:
    """What an interview says about entities, in the order of the document. The XML has been read before."""
    if not declarations:
        return []
    root = etree.fromstring(xml, _PARSER)
    changes = []
    for declaration in declarations:
        if _local(root) == declaration.container[0]:
            for node in _walk(root, declaration.container[1:]):
                entity = next(_walk(node, ("meta", "entity")), None)
                if entity is not None and (change := _change(declaration, node, entity)):
                    changes.append(change)
    return changes


def _change(declaration: Declaration, node: etree._Element, entity: etree._Element) -> EntityChange | None:
    create, update = _is_true(entity.get("create")), _is_true(entity.get("update"))
    if not create and not update:
        return None
    told = _UUID.match((entity.get("id") or "").strip())
    named = next(_walk(entity, ("label",)), None)
    label = " ".join((named.text or "").split()) if named is not None else ""
    data = {}
    for path, name in declaration.save_to.items():
        answered = next(_walk(node, path), None)
        if answered is not None:
            data[name] = (answered.text or "").strip()
    fault = "" if told else "entity-without-uuid"
    if not fault and create and not update and not label:
        fault = "entity-without-label"
    return EntityChange(
        dataset=declaration.dataset,
        uuid=told[1].lower() if told else "",
        create=create,
        update=update,
        label=label[:_LONGEST_LABEL],
        data=data,
        base_version=_number(entity.get("baseVersion")),
        trunk_version=_number(entity.get("trunkVersion")),
        branch_id=(entity.get("branchId") or "").strip()[:64],
        fault=fault,
    )


def _walk(node: etree._Element, path: Path) -> Iterator[etree._Element]:
    """Every element at that path below the node, in the order of the document."""
    if not path:
        yield node
        return
    for child in node:
        if isinstance(child.tag, str) and _local(child) == path[0]:
            yield from _walk(child, path[1:])


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")


def _number(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _local(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2]
