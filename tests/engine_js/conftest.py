"""The phone's engine: the very files of static/, running under Node."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ENGINE = Path(__file__).parents[2] / "static" / "js" / "engine"
Case = dict[str, Any]


class NodeProcess:
    """A running Node that answers a line of JSON with a line of JSON."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            ["node", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, question: Any) -> Any:
        """The answer to one question."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the process, as its input ends."""
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
