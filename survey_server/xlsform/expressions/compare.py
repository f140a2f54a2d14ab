"""Comparison and arithmetic, with XPath 1.0's rules for lists of nodes, and short ways for what forms write most."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from survey_server.xlsform.expressions.expression import Tree
from survey_server.xlsform.expressions.values import (
    NAN,
    Value,
    parse_number,
    text_of,
    to_boolean,
    to_number,
    to_string,
    truth,
)

if TYPE_CHECKING:
    from survey_server.xlsform.expressions.evaluate import Closure, Compiled, Compiler, Context

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def equal(a: Value, b: Value, zone: tzinfo) -> bool:
    """XPath's =: between lists of nodes, true if any pair is equal."""
    if isinstance(a, list):
        return _equal_nodes(a, b, zone)
    if isinstance(b, list):
        return _equal_nodes(b, a, zone)
    if isinstance(a, bool) or isinstance(b, bool):
        return to_boolean(a) == to_boolean(b)
    if isinstance(a, float) or isinstance(b, float):
        return to_number(a, zone) == to_number(b, zone)
    return a == b


def _equal_nodes(nodes: list[Any], other: Value, zone: tzinfo) -> bool:
    if isinstance(other, list):
        texts = {text_of(node) for node in other}
        return any(text_of(node) in texts for node in nodes)
    if isinstance(other, bool):
        return (len(nodes) > 0) == other
    if isinstance(other, float):
        return any(parse_number(text_of(node), zone) == other for node in nodes)
    return any(text_of(node) == other for node in nodes)


def unequal(a: Value, b: Value, zone: tzinfo) -> bool:
    """XPath's !=: between lists of nodes, true if any pair differs (which isn't the opposite of =)."""
    if not isinstance(a, list) and not isinstance(b, list):
        return not equal(a, b, zone)
    if not isinstance(a, list):
        a, b = b, a
    assert isinstance(a, list)
    if isinstance(b, list):
        ours, theirs = {text_of(node) for node in a}, {text_of(node) for node in b}
        return bool(ours and theirs) and (len(ours) > 1 or len(theirs) > 1 or ours != theirs)
    if isinstance(b, bool):
        return (len(a) > 0) != b
    if isinstance(b, float):
        return any(parse_number(text_of(node), zone) != b for node in a)
    return any(text_of(node) != b for node in a)


def related(compare: Callable[[Any, Any], bool], a: Value, b: Value, zone: tzinfo, in_form: bool = False) -> bool:
    """XPath's < <= > >=: numbers, any pair of nodes; in a form a question beside a boolean counts by its answer."""
    if isinstance(a, list) and isinstance(b, bool):
        a = to_string(a) if in_form else len(a) > 0
    if isinstance(b, list) and isinstance(a, bool):
        b = to_string(b) if in_form else len(b) > 0
    ours = [parse_number(text_of(n), zone) for n in a] if isinstance(a, list) else [to_number(a, zone)]
    theirs = [parse_number(text_of(n), zone) for n in b] if isinstance(b, list) else [to_number(b, zone)]
    return any(compare(x, y) for x in ours for y in theirs)


def equality(compiler: Compiler, sign: str, left: Tree, right: Tree) -> Compiled:
    """The closure of = or !=."""
    a, b = compiler.compile(left), compiler.compile(right)
    make = type(a)
    if compiler.scope.in_form:
        return make(_in_form(sign, a, b, left, right), "boolean")
    for side, literal in ((a, right), (b, left)):
        if side.type == "nodes" and literal[0] in ("num", "str"):
            return make(_against_literal(side.run, sign, literal), "boolean")
    run_a, run_b = a.run, b.run
    if "any" not in (a.type, b.type) and "nodes" not in (a.type, b.type):
        return make(_plain_equality(sign, a, b), "boolean")
    test = equal if sign == "=" else unequal
    return make(lambda c: test(run_a(c), run_b(c), c.env.zone), "boolean")


def _against_literal(run: Closure, sign: str, literal: Tree) -> Closure:
    """A question against a written value: no types to find out, usually one node."""
    same = sign == "="
    wanted = literal[1]
    if literal[0] == "str":

        def by_text(c: Context) -> bool:
            for node in run(c):
                text = "" if not node.relevant else node.value() if node.children else node.text
                if (text == wanted) is same:
                    return True
            return False

        return by_text
    plain = to_string(float(wanted))

    def by_number(c: Context) -> bool:
        for node in run(c):
            text = "" if not node.relevant else node.value() if node.children else node.text
            if (text == plain or parse_number(text, c.env.zone) == wanted) is same:
                return True
        return False

    return by_number


def _in_form(sign: str, a: Compiled, b: Compiled, left: Tree, right: Tree) -> Closure:
    """In a form no node at all reads as a blank, and a question against a boolean counts by its answer."""
    for side, literal in ((a, right), (b, left)):
        if side.type == "nodes" and literal[0] in ("num", "str"):
            run, blank = side.run, (literal[1] == "") is (sign == "=")
            test = _against_literal(run, sign, literal)
            if not blank:
                return test
            return lambda c: test(c) or not run(c)
    if not {a.type, b.type} & {"nodes", "any"}:
        return _plain_equality(sign, a, b)
    x, y = a.run, b.run
    compare = equal if sign == "=" else unequal

    def run_both(c: Context) -> bool:
        ours, theirs = x(c), y(c)
        if isinstance(ours, bool) or isinstance(theirs, bool):
            return (truth(ours) == truth(theirs)) is (sign == "=")
        return compare(ours if ours != [] else "", theirs if theirs != [] else "", c.env.zone)

    return run_both


def _plain_equality(sign: str, a: Compiled, b: Compiled) -> Closure:
    x, y = a.run, b.run
    same = sign == "="
    if a.type == b.type:
        return (lambda c: x(c) == y(c)) if same else (lambda c: x(c) != y(c))
    return lambda c: equal(x(c), y(c), c.env.zone) is same


def relation(compiler: Compiler, sign: str, left: Tree, right: Tree) -> Compiled:
    """The closure of < <= > >=."""
    a, b = compiler.compile(left), compiler.compile(right)
    compare = RELATIONS[sign]
    make = type(a)
    x, y = a.run, b.run
    if a.type == "nodes" and b.type == "number":

        def nodes_first(c: Context) -> bool:
            other = y(c)
            for node in x(c):
                text = "" if not node.relevant else node.value() if node.children else node.text
                if compare(parse_number(text, c.env.zone), other):
                    return True
            return False

        return make(nodes_first, "boolean")
    if "nodes" in (a.type, b.type) or "any" in (a.type, b.type):
        in_form = compiler.scope.in_form
        return make(lambda c: related(compare, x(c), y(c), c.env.zone, in_form), "boolean")
    x, y = compiler.number(left), compiler.number(right)
    return make(lambda c: compare(x(c), y(c)), "boolean")


def divide(a: float, b: float) -> float:
    """IEEE division: by zero gives Infinity or NaN."""
    try:
        return a / b
    except ZeroDivisionError:
        if a == 0 or a != a:
            return NAN
        return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: float, b: float) -> float:
    """The remainder of a truncating division, with the sign of the first number."""
    if b == 0 or math.isinf(a):
        return NAN
    return math.fmod(a, b)


def arithmetic(sign: str, a: Callable[[Context], float], b: Callable[[Context], float]) -> Closure:
    """The closure of + - * div mod."""
    if sign == "+":
        return lambda c: a(c) + b(c)
    if sign == "-":
        return lambda c: a(c) - b(c)
    if sign == "*":
        return lambda c: a(c) * b(c)
    if sign == "div":
        return lambda c: divide(a(c), b(c))
    return lambda c: remainder(a(c), b(c))
