"""What the check of an interview needs of its form, worked out once: columns, conditions, comparable calculations."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from survey_server.xlsform.expressions.evaluate import Closure
from survey_server.xlsform.expressions.expression import Tree, names_called
from survey_server.xlsform.expressions.program import Program, Step, program_of
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import Bind

VOLATILE = frozenset(("now", "today", "random", "uuid", "randomize", "jr:choice-name", "jr:itext", "once"))


class Plan:
    """What a check asks of a form again and again."""

    def __init__(self, form: Form) -> None:
        self.program: Program = program_of(form)
        self.columns = column_names(form)
        self.steps = [(step, step.aspect == "relevant", _comparable(form, step)) for step in self.program.steps]
        self.required = self._conditions(form, "required")
        self.constraints = self._conditions(form, "constraint")
        self.several = frozenset(
            ref for ref, shape in form.shapes.items() if shape.control and shape.control.kind in ("select", "rank")
        )
        self.choices = [(ref, known) for ref in form.shapes if (known := _known_choices(form, ref)) is not None]
        self.typed = [bind for bind in form.binds if bind.type not in ("string", "binary", "barcode")]
        self.preloads = {b.preload_params or b.preload: b.ref for b in form.binds if b.preload in ("timestamp", "date")}

    def _conditions(self, form: Form, aspect: str) -> list[tuple[Bind, Closure]]:
        return [
            (bind, self.program.closure(tree, aspect)) for bind in form.binds if (tree := bind.tree(aspect)) is not None
        ]


_plans: WeakKeyDictionary[Form, Plan] = WeakKeyDictionary()


def plan_of(form: Form) -> Plan:
    """The form's plan, made at first use."""
    plan = _plans.get(form)
    if plan is None:
        plan = _plans[form] = Plan(form)
    return plan


def _known_choices(form: Form, ref: str) -> frozenset[str] | None:
    """All values that the list of a select holds, whatever its filter; None if that can't be told here."""
    control = form.shapes[ref].control
    choices = control.choices if control is not None else None
    if choices is None or choices.nodeset is None:
        return None if choices is None else frozenset(value for value, _ in choices.items)
    data = form.secondary.get(choices.instance)
    if data is None or data.document is None or not isinstance(choices.value, str):
        return None
    rows = data.document.children[0].children
    return frozenset(cell.value() for row in rows if (cell := row.find(choices.value)) is not None)


def _comparable(form: Form, step: Step) -> bool:
    """Whether a calculation must give again what the interview holds: it asks neither clock, dice nor data sets."""
    if step.aspect != "calculate":
        return False
    tree = step.bind.calculate
    assert tree is not None
    names = {name for name, _ in names_called(tree)}
    return not names & VOLATILE and not _asks_absent_data(form, tree)


def _asks_absent_data(form: Form, tree: Tree) -> bool:
    if any(name in ("instance", "pulldata") for name, _ in names_called(tree)):
        return any(each.document is None for each in form.secondary.values())
    return False


def column_names(form: Form) -> dict[str, str]:
    """The answer column of every leaf: its own name where that is unique, else its path without the root."""
    leaves = [s for s in form.root.walk() if s.is_leaf and not s.attribute and s.parent is not None]
    leaves += [s for s in form.root.walk() if s.is_repeat and not s.is_leaf]
    seen: dict[str, int] = {}
    for shape in leaves:
        seen[shape.name] = seen.get(shape.name, 0) + 1
    return {
        shape.ref: shape.name if seen[shape.name] == 1 else shape.ref.split("/", 2)[2]
        for shape in leaves
        if not shape.ref.startswith((f"{form.root.ref}/meta/", f"{form.root.ref}/orx:meta/"))
    }
