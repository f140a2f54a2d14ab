"""What a formula of an indicator may not hold, each with its cure; names are checked where the sheet is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.registry import CODED, FUNCTIONS, name_of

OF_QUESTION = frozenset(("raw", "selected", "any-selected", "count-selected", "decimal-time", "decimal-date-time"))
OF_CODES = frozenset(("selected", "any-selected", "count-selected"))
COUNTED = frozenset(("mean-valid", "sum-valid"))


def check_formula(tree: Tree, types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every (what is wrong, cure) in a formula over questions of these kinds."""
    head = tree[0]
    if head == "call":
        yield from _check_call(tree, types)
    elif head == "str":
        if tree[1]:
            yield f"The text '{tree[1]}' stands where a number is wanted.", "Write texts only beside = or !=."
    elif head in ("path", "filter", "|"):
        yield from _check_path(tree, types)
    elif head in ("=", "!=") and "str" in (tree[1][0], tree[2][0]):
        yield from _check_text_comparison(tree, types)
    elif head != "num":
        for part in tree[1:]:
            yield from check_formula(part, types)


def _check_call(tree: Tree, types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name, arguments = tree[1], tree[2:]
    if name not in FUNCTIONS:
        yield f"There is no function {name}() in formulas.", f"Use one of {', '.join(FUNCTIONS)}."
        return
    least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} or more" if most == 99 else f"{least} to {most}"
        yield f"{name}() has {len(arguments)} arguments.", f"Give it {wanted}."
        return
    if name in OF_QUESTION:
        yield from _check_question_call(name, arguments, types)
        return
    if name in COUNTED and (arguments[0][0] != "num" or not 1 <= arguments[0][1] < len(arguments)):
        yield (
            f"{name}() starts with how many of its values have to be valid.",
            f"Write a number from 1 to {len(arguments) - 1} first.",
        )
    for argument in arguments:
        yield from check_formula(argument, types)


def _check_question_call(name: str, arguments: list[Tree], types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    question = _question(arguments[0]) if name != "raw" else name_of(arguments[0])
    if question is None:
        yield f"{name}() is asked of something that is no question.", "Write a question, as ${name}."
    elif name in OF_CODES and types.get(question, "select_multiple") not in CODED:
        yield f"{name}() is asked of {question}, which has no choices.", "Compare it with a number instead."
    for argument in arguments[1:]:
        if argument[0] != "str" or not argument[1].strip():
            yield f"The codes of {name}() have to be a text.", f"Write {name}(${{{question or 'name'}}}, '1')."


def _check_path(tree: Tree, types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = name_of(tree)
    if name is None:
        yield "A formula looks at one submission's answers, not at paths.", "Write a question, as ${name}."
    elif types.get(name) == "select_multiple":
        yield f"{name} has several answers, so it is no number.", f"Write any-selected(${{{name}}}, '1 2')."
    elif types.get(name) == "repeat":
        yield f"{name} is a repeat.", "Add a calculate row outside the repeat, and use that."


def _check_text_comparison(tree: Tree, types: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    other = tree[2] if tree[1][0] == "str" else tree[1]
    question = _question(other)
    if question is None:
        yield "A text can only be compared with a question.", "Write ${name} = 'text'."
    elif types.get(question) == "select_multiple":
        yield f"{question} has several answers.", f"Write selected(${{{question}}}, '1')."


def _question(tree: Tree) -> str | None:
    raw = tree[0] == "call" and tree[1] == "raw" and len(tree) == 3
    return name_of(tree[2] if raw else tree)
