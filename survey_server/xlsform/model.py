"""What a compiled form consists of: binds, controls, actions, texts, data sets. Plain values; trees, not closures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.nodes import Node

Json = dict[str, Any]
ASPECTS = ("calculate", "relevant", "required", "readonly", "constraint")
_BIND_KEYS = (
    "relevant", "required", "readonly", "constraint", "calculate", "constraint_message", "required_message", "preload",
    "preload_params", "save_to", "parameters",
)  # fmt: skip
Parts = list[Any]  # literal text or {"value": tree}
Forms = dict[str, Any]  # "" plain text as Parts, "short", "guidance", "image", "big-image", "audio", "video"


@dataclass(eq=False)
class Bind:
    """What holds for a node: its type, conditions and calculation."""

    index: int
    ref: str
    type: str = "string"
    line: int = 0
    relevant: Tree | None = None
    required: Tree | None = None
    readonly: Tree | None = None
    constraint: Tree | None = None
    calculate: Tree | None = None
    constraint_message: str = ""
    required_message: str = ""
    preload: str = ""
    preload_params: str = ""
    save_to: str = ""
    parameters: dict[str, str] = field(default_factory=dict)

    def tree(self, aspect: str) -> Tree | None:
        """The tree of an aspect."""
        found: Tree | None = getattr(self, aspect)
        return found

    def to_json(self) -> Json:
        """As the phone reads it: blanks left out."""
        return {"ref": self.ref, "type": self.type} | {name: v for name in _BIND_KEYS if (v := getattr(self, name))}


@dataclass(eq=False)
class Action:
    """Something that happens at an event: a value is set, a location or a sound is taken."""

    kind: str
    event: str
    ref: str
    value: Tree | None = None
    source: str = ""
    line: int = 0
    target: Tree | None = None  # where predicates choose among the nodes of ref
    quality: str = ""  # of a recording

    def to_json(self) -> Json:
        """As the phone reads it."""
        found: Json = {"event": self.event, "kind": self.kind, "ref": self.ref}
        if self.target is not None:
            found["target"] = self.target
        if self.source:
            found["source"] = self.source
        if self.value is not None:
            found["value"] = self.value
        if self.quality:
            found["quality"] = self.quality
        return found


@dataclass(eq=False)
class Choices:
    """Where a select takes its choices from: written items, or the nodes of an expression."""

    items: list[tuple[str, str]] = field(default_factory=list)  # value, text key
    nodeset: Tree | None = None
    value: str | Tree = "name"
    label: str | Tree | Json = "label"
    instance: str = ""
    fixed: bool = False  # the whole list of a data set, in its order, labels without outputs

    def to_json(self) -> Json:
        """As the phone reads it."""
        if self.nodeset is None:
            return {"items": [{"value": value, "label": label} for value, label in self.items]}
        found: Json = {"nodeset": self.nodeset, "value": self.value, "label": self.label}
        return found


@dataclass(eq=False)
class Control:
    """A question, group or repeat as it is shown."""

    kind: str
    ref: str
    line: int = 0
    appearance: list[str] = field(default_factory=list)
    label: str = ""
    hint: str = ""
    mediatype: str = ""
    children: list[Control] = field(default_factory=list)
    count: Tree | None = None
    no_add_remove: bool = False
    range: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    choices: Choices | None = None

    def to_json(self) -> Json:
        """As the phone reads it: blanks left out."""
        found: Json = {"kind": self.kind, "ref": self.ref, "appearance": self.appearance}
        for name in ("label", "hint", "mediatype", "count", "no_add_remove", "range", "parameters"):
            if value := getattr(self, name):
                found[name] = value
        if self.choices is not None:
            found["choices"] = self.choices.to_json()
        if self.kind in ("group", "repeat"):
            found["children"] = [child.to_json() for child in self.children]
        return found


@dataclass(eq=False)
class Secondary:
    """A secondary instance: rows inside the form, an attached file, or the last saved interview."""

    name: str
    src: str = ""
    format: str = ""
    document: Node | None = None  # the inline content, or the attachment's once it is known
    line: int = 0

    @property
    def filename(self) -> str:
        """The attachment's name."""
        return self.src.rpartition("/")[2]
