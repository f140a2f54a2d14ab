"""A form's expressions as closures, compiled once and shared by every interview and check of the form."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from survey_server.xlsform.expressions import paths  # noqa: F401  teaches the compiler its paths
from survey_server.xlsform.expressions.evaluate import BOOLEAN, Closure, Compiler
from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.functions import LIBRARY
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import Bind, Control
from survey_server.xlsform.shapes import Shape


@dataclass(eq=False, slots=True)
class Step:
    """One evaluation in the form's order: a calculation or a relevance condition of one bind."""

    place: int
    bind: Bind
    shape: Shape
    aspect: str
    run: Closure
    wide: bool
    repeats: list[str]  # refs of the repeats around it, outermost first


class Closures:
    """The closures of a form's trees, each compiled once."""

    def __init__(self, form: Form) -> None:
        self.compiler = Compiler(LIBRARY, form.scope)
        self._closures: dict[tuple[int, bool], tuple[Tree, Closure]] = {}

    def closure(self, tree: Tree, aspect: str = "") -> Closure:
        """The closure of a tree of this form; of a condition, returning a boolean."""
        condition = aspect in ("relevant", "required", "readonly", "constraint")
        key = (id(tree), condition)  # trees of the same text are one object
        known = self._closures.get(key)
        if known is None:
            run = self.compiler.boolean(tree) if condition else self.compiler.compile(tree).run
            known = self._closures[key] = (tree, run)
        return known[1]


class Program:
    """The closures of a form, made when first needed."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.expressions = Closures(form)
        self.closure = self.expressions.closure
        wide = set(form.order.wide)
        self.steps = [
            self._step(place, index, aspect, place in wide) for place, (index, aspect) in enumerate(form.order.steps)
        ]
        self.watchers = self._watchers()
        self.actions: dict[str, list[int]] = defaultdict(list)
        for number, action in enumerate(form.actions):
            for event in action.event.split():
                self.actions[event].append(number)
        self.selects = self._selects()

    def _step(self, place: int, index: int, aspect: str, wide: bool) -> Step:
        bind = self.form.binds[index]
        shape = self.form.shapes[bind.ref]
        tree = bind.tree(aspect)
        assert tree is not None
        repeats = [repeat.ref for repeat in shape.repeats()]
        return Step(place, bind, shape, aspect, self.closure(tree, aspect), wide, repeats)

    def _watchers(self) -> dict[str, list[int]]:
        """By ref: the steps that a change of a node's value concerns, through its own ref or that of a group around."""
        triggers = self.form.order.triggers
        found: dict[str, list[int]] = {}
        for ref, shape in self.form.shapes.items():
            places = set(triggers.get(ref, ()))
            for above in shape.ancestors():
                if not above.is_repeat:
                    places.update(triggers.get(above.ref, ()))
            found[ref] = sorted(places)
        return found

    def _selects(self) -> dict[str, list[Control]]:
        """By ref: the selects whose filtered choices read it."""
        found: dict[str, list[Control]] = defaultdict(list)
        for ref, controls in self.form.choice_triggers.items():
            found[ref] = [self.form.shapes[each].control for each in controls if self.form.shapes[each].control]  # type: ignore[misc]
        return found


_programs: WeakKeyDictionary[Form, Program] = WeakKeyDictionary()


def program_of(form: Form) -> Program:
    """The form's program, compiled at first use."""
    program = _programs.get(form)
    if program is None:
        program = _programs[form] = Program(form)
    return program


__all__ = ["BOOLEAN", "Program", "Step", "program_of"]
