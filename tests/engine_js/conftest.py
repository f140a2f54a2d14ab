"""Both engines side by side: the phone's files in static/ under Node, and the server's own."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from survey_server.problems import Problem
from survey_server.xlsform import paths  # noqa: F401 fills in the path compilers
from survey_server.xlsform.evaluate import Compiler, Context, Environment, Scope
from survey_server.xlsform.functions import LIBRARY
from survey_server.xlsform.nodes import parse_xml
from survey_server.xlsform.values import to_boolean, to_number, to_string

ENGINE = Path(__file__).parents[2] / "static" / "js" / "engine"
Case = dict[str, Any]


class NodeProcess:
    """A running Node that answers a line of JSON with a line of JSON."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            ["node", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, question: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="session")
def phone_xpath() -> Iterator[Callable[[list[Case]], list[Case]]]:
    """The phone's answers to expression cases."""
    node = NodeProcess(str(ENGINE / "cli.mjs"), "xpath", "--lines")
    yield node.ask
    node.close()


@pytest.fixture(scope="session")
def phone_scenario() -> Iterator[Callable[[list[Case]], list[Case]]]:
    """The phone's results of whole-form scenarios."""
    node = NodeProcess(str(ENGINE / "cli.mjs"), "scenario", "--lines")
    yield node.ask
    node.close()


def shown(number: float) -> float | str:
    """A number as the command prints it: what JSON can't carry as text."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return "-0" if number == 0 and math.copysign(1, number) < 0 else number


def server_xpath(case: Case) -> Case:
    """The server's answer to an expression case."""
    zone = ZoneInfo(case.get("tz", "UTC"))
    environment = Environment(
        zone, datetime.fromisoformat(case["now"]) if "now" in case else None, case.get("lang", "")
    )
    document = parse_xml(case.get("xml", "<data/>").encode(), keep_space=True)
    compiler = Compiler(LIBRARY, Scope(case.get("ns", {})))
    try:
        node = document
        if "contextTree" in case:
            node = compiler.nodes(case["contextTree"], "context")(Context(environment, document))[0]
        value = compiler.compile(case["tree"]).run(Context(environment, node))
        kind = case.get("as")
        if kind == "boolean":
            value = to_boolean(value)
        elif kind == "number":
            value = to_number(value, zone)
        elif kind == "string":
            value = to_string(value)
    except Problem as problem:
        return {"id": case["id"], "error": problem.detail}
    if isinstance(value, bool):
        return {"id": case["id"], "type": "boolean", "value": value}
    if isinstance(value, float):
        return {"id": case["id"], "type": "number", "value": shown(value)}
    if isinstance(value, str):
        return {"id": case["id"], "type": "string", "value": value}
    nodes = [{"path": node.path(), "text": node.value()} for node in value]
    return {"id": case["id"], "type": "nodes", "value": nodes}


@pytest.fixture(scope="session")
def server() -> Callable[[Case], Case]:
    """The server's answers to expression cases."""
    return server_xpath
