"""Random interviews: the server's engine answers, adds, removes and translates; the phone finds the same states."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from survey_server.xlsform.form import Form, compile_form
from survey_server.xlsform.interview import Interview
from survey_server.xlsform.state import Question
from survey_server.xlsform.workbook import read_workbook

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "scenarios"
Case = dict[str, Any]
ANSWERS = {
    "int": ["0", "1", "2", "3", "18", "34", "2026", "-1", "abc", "007"],
    "decimal": ["0", "1.50", "2,5", "-3", "x"],
    "date": ["2026-11-21", "1990-02-29", "2024-02-29"],
    "time": ["08:15:00.000-06:00", "23:59:00.000-06:00", "25:00"],
    "dateTime": ["2026-11-21T10:00:00.000-06:00"],
    "geopoint": ["14.6 -90.5 0 5", "91 0 0 0"],
}
TEXTS = ["", "a", "AB12", "01", "OB123", "Ñandú & <x>", "GT01", "x y"]
NOW = "2026-11-21T18:30:00+00:00"
ZONE = "America/Guatemala"


@cache
def vector_forms() -> dict[str, Case]:
    """The forms of the scenarios, by file and sentence."""
    return {
        f"{path.stem}: {case['id']}": case
        for path in sorted(VECTORS.glob("*.toml"))
        for case in tomllib.loads(path.read_text("utf-8"))["case"]
    }


@cache
def form_of(name: str) -> tuple[Form, dict[str, str]]:
    """The compiled form and its data sets: one of forms/ or one of the scenarios'."""
    if name in vector_forms():
        case = vector_forms()[name]
        source, files = case["xform"].encode(), case.get("files", {})
    else:
        source = (ROOT / "forms" / f"{name}.md").read_bytes()
        files = {path.name: path.read_text("utf-8") for path in (ROOT / "forms").glob("*.csv")}
    workbook = read_workbook(source, "form.md")
    return compile_form(workbook.xform, {n: text.encode() for n, text in files.items()}, workbook.places), files


class Walk:
    """One random interview on the server, written down as a scenario for the phone."""

    def __init__(self, name: str, seed: int) -> None:
        self.chance = random.Random(f"{name} {seed}")
        self.form, self.files = form_of(name)
        self.options: dict[str, Any] = {
            "now": datetime.fromisoformat(NOW), "tz": ZONE, "random": lambda: 0.37, "properties": {"username": "OB001"}
        }  # fmt: skip
        self.interview = Interview(self.form, **self.options)
        self.steps: list[Case] = []
        self.repeats = sorted(self.form.repeats)

    def go(self, steps: int) -> list[Case]:
        """Take so many steps, and expect everything after each."""
        self.expect()
        for _ in range(steps):
            self.chance.choices([self.answer, self.add, self.remove, self.translate, self.restore], [20, 2, 1, 1, 1])[
                0
            ]()
            self.expect()
        return self.steps

    def answer(self) -> None:
        questions = self.interview.questions(relevant_only=self.chance.random() < 0.9)
        if not questions:
            return
        question = self.chance.choice(questions)
        value = self.value_for(question)
        self.interview.answer(question.ref, value)
        self.steps.append({"answer": question.ref, "value": value})

    def value_for(self, question: Question) -> str:
        offered = [choice.value for choice in self.interview.state(question.ref).choices or []]
        if self.chance.random() < 0.1:
            return ""
        if offered and question.control.kind != "select1":
            return " ".join(self.chance.sample(offered, self.chance.randint(1, min(3, len(offered)))))
        kind = question.bind.type if question.bind else "string"
        return self.chance.choice(offered or ANSWERS.get(kind, TEXTS))

    def parents(self) -> list[str]:
        """Every repeat under every parent that is there now."""
        return [
            f"{self.interview.tree.concrete_ref(parent)}/{repeat.rpartition('/')[2]}"
            for repeat in self.repeats
            for parent in self.interview.tree.by_ref.get(repeat.rpartition("/")[0], [])
        ]

    def add(self) -> None:
        if places := self.parents():
            place = self.chance.choice(places)
            if self.interview.count(place) < 4:
                self.interview.add_repeat(place)
                self.steps.append({"add_repeat": place})

    def remove(self) -> None:
        if places := [f"{place}[1]" for place in self.parents() if self.interview.count(place)]:
            place = self.chance.choice(places)
            self.interview.remove_repeat(place)
            self.steps.append({"remove_repeat": place})

    def translate(self) -> None:
        if self.form.languages:
            language = self.chance.choice(self.form.languages)
            self.interview.set_language(language)
            self.steps.append({"language": language})

    def restore(self) -> None:
        language = self.interview.env.language
        draft = self.interview.serialize()
        self.interview = Interview(self.form, instance=draft, language=language, **self.options)
        self.steps.append({"restore": True})

    def expect(self) -> None:
        """Write down everything that the server knows now."""
        for place in self.parents():
            self.steps.append({"expect": place, "count": self.interview.count(place)})
        for ref, nodes in self.interview.tree.by_ref.items():
            for node in nodes:
                if "@" in ref or ref.endswith(("/instanceID", "/deviceid")):
                    continue
                state = self.interview.state(self.interview.tree.concrete_ref(node))
                step: Case = {"expect": state.ref, "relevant": state.relevant, "valid": state.valid}
                step |= {"required": state.required, "value": state.value, "label": state.label, "hint": state.hint}
                if state.choices is not None:
                    step["choices"] = [{"value": c.value, "label": c.label} for c in state.choices]
                self.steps.append(step)


NAMES = [*vector_forms(), *(path.stem for path in sorted((ROOT / "forms").glob("ssr_*.md")))]


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_the_states_that_the_server_found(
    phone_scenario: Callable[[list[Case]], list[Case]], name: str
) -> None:
    form, files = form_of(name)
    case = {"form": form.to_phone(), "files": files, "now": NOW, "tz": ZONE, "random": 0.37}
    case |= {"properties": {"username": "OB001"}}
    for seed in range(2):
        steps = Walk(name, seed).go(25 if name in vector_forms() else 12)
        [result] = phone_scenario([case | {"id": name, "steps": steps}])
        first = result["failures"][:1]
        assert not first, (first, steps[first[0]["step"]], [s for s in steps[: first[0]["step"]] if "expect" not in s])
