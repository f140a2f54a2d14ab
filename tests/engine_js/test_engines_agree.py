"""Whatever expression and instance hypothesis thinks of, the phone and the server find the same value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey_server.xlsform.expressions.cases import evaluate_case, parse_case

NOW = "2026-11-21T18:30:00+00:00"
Tree = list[Any]
Case = dict[str, Any]

WORDS = ["", "a", "b", "a b", "ab", "Ñandú", "😀x", "1", "01", "-2.5", "1e3", " 7 ", ".", "true", "false", "0"]
DATES = ["2026-11-21", "2024-02-29", "2023-02-29", "2026-11-21T10:15:30.123-06:00", "2026-03-08T02:30:00"]
TIMES = ["10:15", "23:59:59.5Z"]
PLACES = ["14.6 -90.5 0 0", "14.6 -90.5 0 0;14.7 -90.5 0 0;14.7 -90.4 0 0;14.6 -90.5 0 0", "91 0", "14.65 -90.45"]
PATTERNS = ["[a-z]+", "^[A-Z0-9]{2,4}$", "(a|b)*", "\\d+", ".*", "a b?", "[^a]", "(?i)AB", "\\p{L}+", "x{2}", "(a+)+"]
PATTERNS += ["(?=a).*", "[[:a]b]", "a**", "(", "\\bab\\b", "[a-", "\\Q.\\E+", "(?!b).*"]
FORMATS = ["%Y-%m-%d", "%e %b %y", "%a %H:%M:%S.%3", "%n/%d %h", "%q"]
DIGESTS = ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "CRC"]


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


def literally(*choices: str) -> Any:
    """One of these texts, as a literal."""
    return st.sampled_from(choices).map(lambda text: ["str", text])


texts = st.sampled_from(WORDS + DATES + TIMES + PLACES) | st.text(alphabet="ab 12.-ñ😀", max_size=6)
EXACT = [0.0, 1.0, -1.0, 2.0, 0.5, -1.5, 3.7, 1e-7, 123456789.0, 20000.25]
numbers = st.sampled_from(EXACT) | st.floats(-1e6, 1e6).map(lambda x: round(x, 4))
literals = texts.map(lambda s: ["str", s]) | numbers.map(lambda x: ["neg", ["num", -x]] if x < 0 else ["num", x])
AXES = (
    "child child child child child child parent self descendant descendant-or-self ancestor ancestor-or-self following"
    " preceding following-sibling preceding-sibling attribute"
)
axes = st.sampled_from(words(AXES))
tests = st.sampled_from(["*", "a", "b", "item", "x", "y", "node()", "text()"])


def call(name: str, *arguments: Any) -> Any:
    """Calls of a function with arguments from strategies."""
    return st.tuples(*arguments).map(lambda args: ["call", name, *args])


def path_of(inner: Any) -> Any:
    """Location paths, some of whose steps have a predicate."""
    step = st.tuples(axes, tests, st.lists(inner, max_size=1)).map(lambda s: [s[0], s[1], *s[2]])
    start = st.sampled_from(["/", "."])
    return st.tuples(start, st.lists(step, max_size=3)).map(lambda p: ["path", p[0], *p[1]])


def extend(inner: Any) -> Any:
    """Every operator and function over what there is already."""
    nodes = path_of(inner)
    binary = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "or", "and"])
    one = words(
        "string number boolean not string-length normalize-space floor ceiling round int abs sqrt"
        " count-selected boolean-from-string date decimal-date-time decimal-time date-time area distance intersects"
        " base64-decode once"
    )
    two = words(
        "concat contains starts-with ends-with substring-before substring-after selected selected-at coalesce round"
        " substring substr min max join geofence distance"
    )
    return st.one_of(
        st.tuples(binary, inner, inner).map(list),
        inner.map(lambda tree: ["neg", tree]),
        nodes,
        st.tuples(nodes, nodes).map(lambda pair: ["|", *pair]),
        st.tuples(nodes, inner).map(lambda pair: ["filter", *pair]),
        *[call(name, inner) for name in one],
        *[call(name, inner, inner) for name in two],
        *[
            call(name, nodes)
            for name in ("count", "sum", "count-non-empty", "min", "max", "name", "local-name", "position")
        ],
        *[
            call(name, inner, inner, inner)
            for name in ("if", "translate", "substring", "substr", "concat", "checklist")
        ],
        call("regex", inner, literally(*PATTERNS)),
        *[call(name, inner, literally(*FORMATS)) for name in ("format-date", "format-date-time")],
        call("randomize", nodes, inner),
        call("digest", inner, literally(*DIGESTS)),
        call("weighted-checklist", inner, inner, inner, inner),
    )


BARE = [["call", name] for name in words("true false position last today now pi string number current")]
trees = st.recursive(literals | path_of(literals) | st.sampled_from(BARE), extend, max_leaves=8)


@st.composite
def documents(draw: Any) -> str:
    """Small documents with nested and repeated elements."""

    def element(depth: int) -> str:
        name = draw(st.sampled_from(["a", "b", "item", "x", "y"]))
        attributes = draw(st.sampled_from(["", ' x="1"', ' y="a b"']))
        if depth == 0 or draw(st.booleans()):
            return f"<{name}{attributes}>{escape(draw(texts))}</{name}>"
        return f"<{name}{attributes}>{''.join(element(depth - 1) for _ in range(draw(st.integers(1, 3))))}</{name}>"

    return f"<data>{element(2)}{element(1)}{element(1)}</data>"


def same(a: Any, b: Any) -> bool:
    """Equal, but for the last digits that two mathematical libraries may see differently."""
    if isinstance(a, dict) and isinstance(b, dict):
        if "error" in a or "error" in b:
            return ("error" in a) == ("error" in b)
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def written(tree: Tree) -> str:
    """The tree as an expression, with more brackets than anybody needs."""
    head, *rest = tree
    if head == "num":
        return f"{rest[0]:f}"
    if head == "str":
        return f"'{rest[0]}'"
    if head == "neg":
        return f"(- {written(rest[0])})"
    if head == "call":
        return f"{rest[0]}({', '.join(map(written, rest[1:]))})"
    if head == "filter":
        return f"({written(rest[0])}){predicates(rest[1:])}"
    if head == "path":
        steps = "/".join(f"{axis}::{test}{predicates(tests)}" for axis, test, *tests in rest[1:])
        return f"/{steps}" if rest[0] == "/" else steps or "."
    return f"({f' {head} '.join(map(written, rest))})"


def predicates(tests: list[Tree]) -> str:
    """Predicates in their square brackets."""
    return "".join(f"[{written(test)}]" for test in tests)


@given(trees, documents(), st.sampled_from(["UTC", "America/Guatemala", "America/New_York", "Asia/Kathmandu"]))
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_it_finds_the_same_value_on_both_sides(
    phone_xpath: Callable[[list[Case]], list[Case]], tree: Tree, xml: str, zone: str
) -> None:
    case = {"id": "", "expr": written(tree), "xml": xml, "tz": zone, "now": NOW, "context": "/data/*[1]"}
    ours, theirs = phone_xpath([parse_case(case)])[0], evaluate_case(case)
    assert same(ours, theirs), json.dumps({"phone": ours, "server": theirs, **case}, ensure_ascii=False)


@pytest.mark.parametrize(
    "xml",
    [
        "<a><b></a>",
        "<a>&nbsp;</a>",
        "<a/><b/>",
        "text",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        "<a/><!DOCTYPE a>",
        "<a b=1/>",
        "",
    ],
)
def test_it_refuses_what_is_not_xml(phone_xpath: Callable[[list[Case]], list[Case]], xml: str) -> None:
    assert "error" in phone_xpath([{"id": "", "tree": ["num", 1], "xml": xml}])[0]
