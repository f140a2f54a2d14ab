"""Whatever bytes come, the compiler and the instance reader answer with a Problem or a result, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from survey_server.problems import Problem
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.expressions.cases import evaluate_case
from survey_server.xlsform.expressions.expression import ExpressionProblem, parse_expression
from survey_server.xlsform.expressions.pattern import PatternProblem, compile_pattern, full_match
from survey_server.xlsform.filling.instance import check_instance
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.rehearsal import rehearse
from survey_server.xlsform.workbook import read_workbook
from tests.xlsform.xforms import B, Q, compile_md, md, xform

SOURCE = md("""
    | survey |
    | | type | name | label | relevant | constraint | calculation | repeat_count |
    | | integer | n | How many | | . < 5 | | |
    | | begin_repeat | kid | Kid | ${n} > 0 | | | ${n} |
    | | text | name | Name ${n} | | regex(., '^[A-Z].*$') | | |
    | | end_repeat | | | | | | |
    | | calculate | all | | | | join(',', ${name}) | |
""")
FORM = compile_md(SOURCE)
XFORM = xform(
    "<n/><r><a/></r><s/>",
    B("/data/n", type="int", constraint=". < 5") + B("/data/s", calculate="sum(/data/r/a)"),
    Q("/data/n") + f'<group ref="/data/r"><repeat nodeset="/data/r">{Q("/data/r/a")}</repeat></group>',
).encode()
INSTANCE = Interview(FORM).finish("uuid:1")
careful = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
MOST_SECONDS = 2.0


@contextmanager
def quick() -> Iterator[None]:
    """What is done inside takes little time of the processor, however busy the machine is."""
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST_SECONDS


@st.composite
def damaged(draw: st.DrawFn, source: bytes) -> bytes:
    """The source with pieces cut out, doubled, swapped or overwritten."""
    data = source
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 60)))
        piece = draw(st.sampled_from([b"", data[start:end] * 2, b"<", b"\x00", b"]]>", b"&x;", b"|", b"'", b"(", b"1"]))
        data = data[:start] + piece + data[end:]
    return data


@careful
@given(damaged(XFORM))
def test_it_compiles_or_refuses_a_damaged_xform(data: bytes) -> None:
    with quick():
        try:
            form = compile_form(data)
            rehearse(form)
            form.to_phone()
        except Problem as problem:
            assert problem.detail


@careful
@given(damaged(SOURCE.encode()))
def test_it_reads_or_refuses_a_damaged_workbook(data: bytes) -> None:
    with quick():
        try:
            workbook = read_workbook(data, "damaged.md")
            compile_form(workbook.xform, {}, workbook.places)
        except Problem as problem:
            assert problem.detail


@careful
@given(damaged(INSTANCE))
def test_it_checks_or_refuses_a_damaged_instance(data: bytes) -> None:
    with quick():
        try:
            check_instance(FORM, data)
        except Problem as problem:
            assert problem.status == 422


TOKENS = ["1", "'a'", "/data/a", "..", ".", "*", "//", "[", "]", "(", ")", ",", "and", "or", "div", "-", "=", "<", "|"]
TOKENS += ["concat(", "if(", "selected(", "@", "::", "child::", "$", "position()", " ", "\n", "ñ", "“", "1e3", "regex("]


@careful
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join))
@example("(" * 3000)
@example("-" * 3000 + "1")
@example("1" + "+1" * 3000)
@example("a" + "/a" * 3000)
@example("a" + "[a" * 3000)
def test_it_parses_or_refuses_any_expression(text: str) -> None:
    with quick():
        try:
            parse_expression(text)
        except ExpressionProblem as problem:
            assert problem.cure


@careful
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_it_evaluates_what_it_parses(text: str) -> None:
    with quick():
        result = evaluate_case({"id": 1, "expr": text, "xml": "<data><a>1</a><a>b</a></data>"})
    assert "error" in result or "value" in result


PIECES = [
    "a",
    "b",
    "(",
    ")",
    "[",
    "]",
    "*",
    "+",
    "?",
    "{2}",
    "{1,3}",
    "|",
    ".",
    "\\d",
    "^",
    "$",
    "-",
    "\\",
    "(?=",
    "&&",
]


@careful
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text("ab1", max_size=30))
@example("(a+)+$", "a" * 2000 + "b")
@example("(a|aa)+", "a" * 2000 + "b")
@example("(.*)*x", "a" * 2000)
@example("a{1000}{1000}", "a")
def test_it_matches_or_refuses_any_pattern_in_bounded_time(pattern: str, text: str) -> None:
    with quick(), suppress(PatternProblem):
        compile_pattern(pattern)
        full_match(text, pattern)
