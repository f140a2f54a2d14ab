"""What a question looks like at a moment: value, conditions, label, choices; each worked out when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from survey_server.xlsform.expressions.evaluate import EvaluationProblem
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.filling.tree import position
from survey_server.xlsform.filling.wording import Choice
from survey_server.xlsform.model import Bind, Control

if TYPE_CHECKING:
    from survey_server.xlsform.filling.interview import Interview


class GroupPlace:
    """A group or repeat instance that a question stands in."""

    def __init__(self, interview: Interview, node: Node, control: Control) -> None:
        self._interview = interview
        self._node = node
        self.control = control
        self.kind = control.kind
        self.appearance = control.appearance

    @property
    def ref(self) -> str:
        """The concrete ref."""
        return self._interview.tree.concrete_ref(self._node)

    @property
    def label(self) -> str:
        """The label in the language of the interview."""
        return self._interview.wording.text(self.control.label, self._node)

    @property
    def position(self) -> int | None:
        """The number of a repeat instance."""
        return position(self._node) if self.kind == "repeat" else None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it stands in the form: its concrete ref, control, bind, and the groups around it."""

    ref: str
    control: Control
    bind: Bind | None
    relevant: bool
    groups: list[GroupPlace]


@dataclass(frozen=True, slots=True)
class FormIssue:
    """A question that keeps the interview from being finished: kind is required, constraint or type."""

    ref: str
    kind: str
    message: str


class State:
    """The state of one node; what costs something is computed on first access."""

    def __init__(self, interview: Interview, node: Node, ref: str, control: Control | None) -> None:
        self._interview = interview
        self._node = node
        self.ref = ref
        self.control = control
        self.relevant = node.relevant

    @property
    def _bind(self) -> Bind | None:
        return self._node.bind if isinstance(self._node.bind, Bind) else None

    @cached_property
    def value(self) -> str:
        """The stored text; blank while the question isn't relevant."""
        return self._node.text if self.relevant and not self._node.children else ""

    @cached_property
    def required(self) -> bool:
        """Whether an answer is wanted."""
        return self._interview.condition(self._node, "required", False)

    @cached_property
    def readonly(self) -> bool:
        """Whether the answer can't be changed, by its own condition or that of a group around it."""
        node: Node | None = self._node
        while node is not None:
            if self._interview.condition(node, "readonly", False):
                return True
            node = node.parent
        return False

    @cached_property
    def valid(self) -> bool:
        """Whether the answer is of its type and keeps to the constraint; a blank does."""
        return not self.value or self._interview.fault_of(self._node) is None

    @cached_property
    def missing(self) -> bool:
        """Whether an answer is wanted and none is given."""
        return self.relevant and not self.value and self.required

    @cached_property
    def label(self) -> str:
        """The label in the language of the interview."""
        return self._interview.wording.text(self.control.label, self._node) if self.control else ""

    @cached_property
    def hint(self) -> str:
        """The hint in the language of the interview."""
        return self._interview.wording.text(self.control.hint, self._node) if self.control else ""

    @cached_property
    def constraint_message(self) -> str:
        """What is said when the constraint doesn't hold."""
        return self._interview.wording.text(self._bind.constraint_message, self._node) if self._bind else ""

    @cached_property
    def required_message(self) -> str:
        """What is said when an answer is missing."""
        return self._interview.wording.text(self._bind.required_message, self._node) if self._bind else ""

    @cached_property
    def choices(self) -> list[Choice] | None:
        """The choices that are offered now; None for a question without choices."""
        if self.control is None or self.control.choices is None:
            return None
        try:
            return self._interview.wording.choices(self._node, self.control)
        except EvaluationProblem:
            return []  # the data set isn't on this phone yet

    @cached_property
    def count(self) -> int:
        """How many instances the repeat has."""
        return self._interview.count(self.ref)
