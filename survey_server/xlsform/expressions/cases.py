"""Expression cases and whole-form scenarios from JSON, as the commands `xpath` and `scenario` run them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from survey_server.problems import Problem
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.expressions import paths  # noqa: F401  teaches the compiler its paths
from survey_server.xlsform.expressions.documents import parse_xml
from survey_server.xlsform.expressions.evaluate import Compiler, Context, Environment, EvaluationProblem, Scope
from survey_server.xlsform.expressions.expression import ExpressionProblem, Tree, parse_expression
from survey_server.xlsform.expressions.functions import LIBRARY
from survey_server.xlsform.expressions.values import Value, to_boolean, to_number, to_string
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.form import Form
from survey_server.xlsform.workbook import read_workbook

Case = dict[str, Any]


def parse_moment_of(case: Mapping[str, Any]) -> datetime | None:
    """The case's clock, if it has one."""
    now = case.get("now")
    if not now:
        return None
    moment = datetime.fromisoformat(now)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(case.get("tz") or "UTC"))


def describe(problem: Problem) -> str:
    """A problem in one line, with its cure."""
    cure = getattr(problem, "cure", "")
    return f"{problem.detail} {cure}".strip()


def parse_case(case: Case) -> Case:
    """The case with its expression and context as trees, or with the error that the parser found."""
    try:
        parsed = {**case, "tree": parse_expression(case["expr"])}
        if case.get("context"):
            parsed["contextTree"] = parse_expression(case["context"])
    except ExpressionProblem as problem:
        return {"id": case["id"], "error": describe(problem)}
    return parsed


def evaluate_case(case: Case) -> Case:
    """The result of one expression case."""
    parsed = parse_case(case)
    if "error" in parsed:
        return parsed
    try:
        return {"id": case["id"], **_value_of(parsed)}
    except Problem as problem:
        return {"id": case["id"], "error": describe(problem)}


def _value_of(case: Case) -> Case:
    env = Environment(ZoneInfo(case.get("tz") or "UTC"), parse_moment_of(case), case.get("lang") or "")
    document = parse_xml((case.get("xml") or "<data/>").encode(), keep_space=True)
    compiler = Compiler(LIBRARY, Scope(case.get("ns") or {}))
    start = document
    if "contextTree" in case:
        found = compiler.nodes(case["contextTree"], "The context")(Context(env, document))
        if not found:
            raise EvaluationProblem(f"{case['context']} finds no node.")
        start = found[0]
    tree: Tree = case["tree"]
    value: Value = compiler.compile(tree).run(Context(env, start))
    wanted = case.get("as")
    if wanted == "boolean":
        value = to_boolean(value)
    elif wanted == "number":
        value = to_number(value, env.zone)
    elif wanted == "string":
        value = to_string(value)
    elif wanted == "nodes" and not isinstance(value, list):
        raise EvaluationProblem("The value is not a list of nodes.")
    return as_json(value)


def as_json(value: Value) -> Case:
    """Type and value; what JSON has no number for, and -0, as text."""
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, float):
        return {"type": "number", "value": json_number(value)}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    return {"type": "nodes", "value": [{"path": node.path(), "text": node.value()} for node in value]}


def json_number(x: float) -> float | int | str:
    """A number as JSON can carry it."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    if x == 0 and math.copysign(1, x) < 0:
        return "-0"
    return int(x) if x == int(x) and abs(x) < 2**53 else x


def scenario_form(case: Case) -> Form:
    """The compiled form of a scenario: XForm XML, or pyxform Markdown; raises FormProblem."""
    files = {name: text.encode() for name, text in (case.get("files") or {}).items()}
    workbook = read_workbook(case["xform"].encode(), "scenario.md")
    return compile_form(workbook.xform, {**workbook.attachments, **files}, workbook.places)


def run_scenario(case: Case) -> Case:
    """The steps of a scenario that fail, with what was found."""
    try:
        return {"id": case["id"], "failures": _Scenario(case, scenario_form(case)).run()}
    except Problem as problem:
        return {"id": case["id"], "error": describe(problem)}


class _Scenario:
    def __init__(self, case: Case, form: Form) -> None:
        self.form = form
        self.steps: list[Case] = case["steps"]
        self.options: dict[str, Any] = {
            "tz": case.get("tz") or "UTC",
            "now": parse_moment_of(case),
            "properties": case.get("properties"),
            "last_saved": case.get("last_saved"),
        }
        self.interview = Interview(form, language=case.get("lang"), **self.options)

    def run(self) -> list[Case]:
        failures: list[Case] = []
        for number, step in enumerate(self.steps):
            try:
                found = self._take(step)
            except Problem as problem:
                found = [{"error": describe(problem)}]
            ref = step.get("expect") or next((v for v in step.values() if isinstance(v, str)), "")
            failures += [{"step": number, "ref": ref, **failure} for failure in found]
        return failures

    def _take(self, step: Case) -> list[Case]:
        if "answer" in step:
            self.interview.answer(step["answer"], _as_text(step.get("value", "")))
        elif "add_repeat" in step:
            self.interview.add_repeat(step["add_repeat"])
        elif "remove_repeat" in step:
            self.interview.remove_repeat(step["remove_repeat"])
        elif "language" in step:
            self.interview.set_language(step["language"])
        elif step.get("restore"):
            language = self.interview.env.language
            draft = self.interview.serialize()
            self.interview = Interview(self.form, instance=draft, language=language, **self.options)
        elif "expect" in step:
            return self._compare(step)
        return []

    def _compare(self, step: Case) -> list[Case]:
        ref: str = step["expect"]
        failures = []
        if "count" in step:
            failures += self._check("count", step, self.interview.count(ref.rstrip("]0123456789").rstrip("[")))
        wanted = [what for what in READ if what in step]
        if wanted:
            state = self.interview.state(ref)
            for what in wanted:
                failures += self._check(what, step, READ[what](state))
        return failures

    def _check(self, what: str, step: Case, found: object) -> list[Case]:
        expected = step[what]
        if what == "value":
            expected = _as_text(expected)
        if what == "choices" and isinstance(found, list) and isinstance(expected, list):
            return [] if _same_choices(expected, found) else [_failure(what, expected, [c["value"] for c in found])]
        return [] if found == expected else [_failure(what, expected, found)]


def _failure(what: str, expected: object, found: object) -> Case:
    return {"what": what, "expected": expected, "found": found}


def _same_choices(expected: list[Any], found: list[Any]) -> bool:
    """Expected choices are values, or labels, or objects with value or label."""
    if len(expected) != len(found):
        return False
    return any(
        all(
            {**choice, **(wanted if isinstance(wanted, dict) else {plain: _as_text(wanted)})} == choice
            for wanted, choice in zip(expected, found, strict=True)
        )
        for plain in ("value", "label")
    )


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(_as_text, value))
    if isinstance(value, (int, float)):
        return to_string(float(value))
    return str(value)


READ: dict[str, Any] = {
    "value": lambda state: state.value,
    "relevant": lambda state: state.relevant,
    "required": lambda state: state.required,
    "readonly": lambda state: state.readonly,
    "valid": lambda state: state.valid,
    "label": lambda state: state.label,
    "hint": lambda state: state.hint,
    "choices": lambda state: [{"value": c.value, "label": c.label} for c in state.choices or []],
}
