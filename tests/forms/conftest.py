"""The forms that come with the product, read and compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.form import Form
from survey_server.xlsform.registry import Registry, question_types
from survey_server.xlsform.registry_sheets import read_registry
from survey_server.xlsform.sheets import SheetRow
from survey_server.xlsform.workbook import Workbook, read_markdown, read_workbook

FORMS = Path(__file__).parents[2] / "forms"
NAMES = sorted(path.stem for path in FORMS.glob("ssr_*.md"))


@dataclass(frozen=True)
class Shipped:
    """One form of ours: its sheets as text, its workbook, the compiled form and its registry."""

    name: str

    @cached_property
    def source(self) -> bytes:
        return (FORMS / f"{self.name}.md").read_bytes()

    @cached_property
    def sheets(self) -> dict[str, list[SheetRow]]:
        return read_markdown(self.source)

    @cached_property
    def workbook(self) -> Workbook:
        return read_workbook(self.source, f"{self.name}.md")

    @cached_property
    def form(self) -> Form:
        data = {path.name: path.read_bytes() for path in FORMS.glob("*.csv")}
        return compile_form(self.workbook.xform, data)

    @cached_property
    def registry(self) -> Registry:
        return read_registry(self.workbook.extra, question_types(self.form.to_phone()))

    def question(self, name: str) -> dict[str, str]:
        """The row of the survey sheet for a question."""
        return next(dict(row.cells) for row in self.sheets["survey"] if row.cells.get("name") == name)

    @property
    def questions(self) -> list[dict[str, str]]:
        """The rows of the survey sheet that ask or show something."""
        hidden = ("calculate", "start", "end", "today", "username", "audit")
        rows = [dict(row.cells) for row in self.sheets["survey"]]
        return [row for row in rows if row["type"] not in hidden and not row["type"].startswith("end_")]

    def choices(self, list_name: str) -> list[str]:
        """The codes of a choice list."""
        return [row.cells["name"] for row in self.sheets["choices"] if row.cells["list_name"] == list_name]


SHIPPED = {name: Shipped(name) for name in NAMES}


@pytest.fixture(params=NAMES)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    """Each of our forms in turn."""
    return SHIPPED[request.param]


@pytest.fixture
def everything() -> list[Shipped]:
    """All of our forms."""
    return list(SHIPPED.values())


@pytest.fixture
def perception() -> Shipped:
    """The perception survey."""
    return SHIPPED["ssr_perception"]


@pytest.fixture
def observer() -> Shipped:
    """The observer's checklist."""
    return SHIPPED["ssr_observer"]
