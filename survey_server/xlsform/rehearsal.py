"""The rehearsal: a form is opened once, blank, so that what can't be computed is said before anybody is interviewed.

Compiling checks names; only evaluating shows that a function is given what it can't work with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from survey_server.problems import Problem
from survey_server.xlsform.complaints import Complaints
from survey_server.xlsform.expressions.evaluate import Context, EvaluationProblem, MissingInstance
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree
from survey_server.xlsform.expressions.nodes import Node
from survey_server.xlsform.expressions.program import Closures
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.form import Form
from survey_server.xlsform.model import ASPECTS, Control
from survey_server.xlsform.secondary import dataset_of

A_MORNING = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)  # rehearsals of the same form always find the same
MOST_INSTANCES = 20  # that a count may add
SAMPLES = 3  # instances of a repeat that are tried


def rehearse(form: Form, places: Mapping[str, int] | None = None) -> None:
    """Evaluate everything in a blank interview; raises FormProblem with what can't be evaluated."""
    complaints = Complaints(places)
    compile_all(form, complaints)
    _find_empty_groups(form, complaints)
    complaints.check()
    interview = Interview(form, now=A_MORNING, random=lambda: 0.5, most_instances=MOST_INSTANCES)
    for name, each in form.secondary.items():
        if each.document is None:
            interview.env.own_documents[name] = dataset_of([])
    for ref, aspect, tree in expressions_of(form):
        if aspect == "constraint":
            continue  # never asked of a blank answer
        for node in interview.tree.by_ref.get(ref, [])[:SAMPLES]:
            _try(interview, node, ref, aspect, tree, complaints)
    complaints.check()


def compile_all(form: Form, complaints: Complaints) -> None:
    """Compile every expression, so that wrong kinds of arguments come out."""
    closures = Closures(form)
    for ref, aspect, tree in expressions_of(form):
        _guard(lambda aspect=aspect, tree=tree: closures.closure(tree, aspect), ref, aspect, complaints)  # type: ignore[misc]


def expressions_of(form: Form) -> Iterator[tuple[str, str, Tree]]:
    """Every expression of a form: the ref that it stands at, its aspect, its tree."""
    for bind in form.binds:
        for aspect in ASPECTS:
            if (tree := bind.tree(aspect)) is not None:
                yield bind.ref, aspect, tree
    for action in form.actions:
        if action.value is not None:
            yield action.ref, "default", action.value
    stack: list[Control] = list(form.body)
    while stack:
        control = stack.pop()
        stack.extend(control.children)
        if control.count is not None:
            yield control.ref, "count", control.count
        if control.choices is not None and control.choices.nodeset is not None:
            yield control.ref, "itemset", control.choices.nodeset
        for key, aspect in ((control.label, "label"), (control.hint, "hint")):
            for parts in form.texts.get(key, {}).get(form.default_language, {}).values():
                for part in parts if isinstance(parts, list) else ():
                    if isinstance(part, dict):
                        yield control.ref, aspect, part["value"]


def _find_empty_groups(form: Form, complaints: Complaints) -> None:
    stack = list(form.body)
    while stack:
        control = stack.pop()
        stack.extend(control.children)
        if control.kind == "group" and not control.children:
            complaints.refuse(
                f"The group {control.ref or 'without a name'} holds no questions.", "Add a question, or remove it.",
                ref=control.ref, aspect="type", line=control.line,
            )  # fmt: skip


def _try(interview: Interview, node: Node, ref: str, aspect: str, tree: Tree, complaints: Complaints) -> None:
    run = interview.program.closure(tree, aspect)
    _guard(lambda: run(Context(interview.env, node)), ref, aspect, complaints)


def _guard(run: Callable[[], object], ref: str, aspect: str, complaints: Complaints) -> None:
    try:
        run()
    except MissingInstance:
        return  # a data set that is attached later
    except (ExpressionProblem, EvaluationProblem) as problem:
        complaints.refuse(
            f"The {aspect} of {ref} can't be computed: {problem.detail}", _cure(problem), ref=ref, aspect=aspect
        )


def _cure(problem: Problem) -> str:
    return getattr(problem, "cure", "") or "Correct the expression."
