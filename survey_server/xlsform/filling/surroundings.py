"""What expressions of an interview may ask for: data sets, the last saved interview, labels in the chosen language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from survey_server.xlsform.expressions.evaluate import Environment
from survey_server.xlsform.expressions.nodes import ROOT, Node
from survey_server.xlsform.expressions.program import program_of
from survey_server.xlsform.filling.wording import Wording
from survey_server.xlsform.secondary import freeze

if TYPE_CHECKING:
    from survey_server.xlsform.filling.tree import Tree
    from survey_server.xlsform.form import Form

LAST_SAVED = "jr://instance/last-saved"


class Filled(Protocol):
    """An interview, live or checked: its form and its nodes."""

    form: Form
    tree: Tree


class Surroundings(Environment):
    """The environment of one interview."""

    def __init__(
        self,
        interview: Filled,
        zone: tzinfo,
        now: datetime | None,
        language: str,
        dice: Callable[[], float] | None,
    ) -> None:
        super().__init__(zone, now, language, dice)
        self.interview = interview
        self.wording = Wording(program_of(interview.form), self)
        self.own_documents: dict[str, Node] = {}
        self.last_saved = freeze(Node(ROOT))

    def attach(self, filename: str, document: Node) -> None:
        """Use rows for every data set that comes from a file of that name."""
        for name, each in self.interview.form.secondary.items():
            if each.filename == filename or name == filename:
                self.own_documents[name] = document

    def set_last_saved(self, root: Node) -> None:
        """The interview whose answers ${last-saved#...} reads."""
        self.last_saved = freeze(Node(ROOT))
        self.last_saved.append(root)

    def find_instance(self, name: str) -> Node | None:
        """The document of a data set; None if it isn't there."""
        each = self.interview.form.secondary.get(name)
        if each is None:
            return self.interview.tree.document if name in self.interview.form.primary_ids else None
        if each.src == LAST_SAVED:
            return self.last_saved
        return self.own_documents.get(name) or each.document

    def choice_label(self, value: str, ref: str, node: Node | None) -> str:
        """The label of a choice of the question at `ref`, nearest to `node` if it is repeated."""
        interview = self.interview
        shape = interview.form.shapes.get(ref)
        if shape is None or shape.control is None or shape.control.choices is None or not value:
            return ""
        at = _nearest(interview.tree.by_ref.get(ref, []), node)
        if at is None:
            return ""
        return self.wording.label_of(value, at, shape.control)

    def itext(self, text_id: str, node: Node | None) -> str:
        """A text by its id in the chosen language."""
        return self.wording.text(text_id, node or self.interview.tree.root)


def _nearest(nodes: list[Node], node: Node | None) -> Node | None:
    """The one of `nodes` that shares most ancestors with `node`."""
    if len(nodes) < 2 or node is None:
        return nodes[0] if nodes else None
    around = set()
    here: Node | None = node
    while here is not None:
        around.add(id(here))
        here = here.parent

    def shared(other: Node) -> int:
        count = 0
        above: Node | None = other
        while above is not None:
            count += id(above) in around
            above = above.parent
        return count

    return max(nodes, key=shared)
