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

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.filling.interview import Interview
from survey_server.xlsform.filling.state import Question
from survey_server.xlsform.form import Form
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

    def __init__(self, form: Form, chance: random.Random) -> None:
        self.chance = chance
        self.form = form
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
                if "@" in ref or ref.endswith(("instanceID", "/deviceid")):
                    continue
                state = self.interview.state(self.interview.tree.concrete_ref(node))
                step: Case = {"expect": state.ref, "relevant": state.relevant, "valid": state.valid}
                step |= {"required": state.required, "value": state.value, "label": state.label, "hint": state.hint}
                if state.choices is not None:
                    step["choices"] = [{"value": c.value, "label": c.label} for c in state.choices]
                self.steps.append(step)


NAMES = [*vector_forms(), *(path.stem for path in sorted((ROOT / "forms").glob("ssr_*.md")))]


def check_walks(
    phone_scenario: Callable[[list[Case]], list[Case]], form: Form, files: dict[str, str], walks: list[list[Case]]
) -> None:
    """The phone goes the same ways and finds the same."""
    case = {"form": form.to_phone(), "files": files, "now": NOW, "tz": ZONE, "random": 0.37}
    case |= {"properties": {"username": "OB001"}}
    for steps in walks:
        [result] = phone_scenario([case | {"id": form.id, "steps": steps}])
        assert "error" not in result, result
        first = result["failures"][:1]
        assert not first, (first, steps[first[0]["step"]], [s for s in steps[: first[0]["step"]] if "expect" not in s])


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_the_states_that_the_server_found(
    phone_scenario: Callable[[list[Case]], list[Case]], name: str
) -> None:
    form, files = form_of(name)
    length = 25 if name in vector_forms() else 12
    walks = [Walk(form, random.Random(f"{name} {seed}")).go(length) for seed in range(2)]
    check_walks(phone_scenario, form, files, walks)


# Forms that nobody wrote: a group, a repeat in a repeat, and expressions over all of them.

NODES = {
    "/data/a": "int", "/data/b": "string", "/data/g/c": "int", "/data/g/d": "string",
    "/data/r/x": "int", "/data/r/y": "string", "/data/r/s/u": "int", "/data/r/s/v": "date",
}  # fmt: skip
COMPUTED = ["/data/k", "/data/g/l", "/data/r/m", "/data/r/s/n"]
PATHS = [*NODES, "/data/r[1]/x", "/data/r[position() = 2]/x", "//x", "/data/r[x > 1]/y", "."]
RELATIVE = ["../x", "../../x", "../../a", "../../../a", "../u", "current()/../x", "../../r/x", "../s/u"]
LOOKUPS = ["instance('list')/root/item[name = /data/b]/label", "instance('list')/root/item[size > /data/a]/name"]
LITERALS = ["'a'", "''", "'2026-11-21'", "0", "1", "2.5", "-1", "true()", "position(..)", "position(../..)", "today()"]
MAKERS = [
    "({0} + {1})", "({0} - {1})", "({0} = {1})", "({0} != {1})", "({0} < {1})", "({0} and {1})", "({0} or {1})",
    "not({0})", "boolean({0})", "number({0})", "string({2})", "{2}", "date({0})", "string-length({0})",
    "count({2})", "sum({2})", "max({2})", "count-non-empty({2})", "join(' ', {2})", "concat({0}, '-', {1})",
    "if({0}, {1}, {0})", "coalesce({0}, {1})", "selected({0}, {1})", "round({0} * {1}, 1)",
    "indexed-repeat(/data/r/x, /data/r, {0})", "count(/data/r)", "count(../../r)", "count(/data/r/s)",
]  # fmt: skip


def expression(chance: random.Random, depth: int = 2) -> str:
    """An expression that makes sense to no one but an engine."""
    path = chance.choice([*PATHS, *RELATIVE, *LOOKUPS])
    if depth == 0 or chance.random() < 0.2:
        return chance.choice([path, chance.choice(LITERALS)])
    return chance.choice(MAKERS).format(expression(chance, depth - 1), expression(chance, depth - 1), path)


def invented_form(chance: random.Random) -> Form | None:
    """A form with random calculations and conditions; None if it has a circle or is refused otherwise."""
    binds = []
    for ref, kind in NODES.items():
        rules = "".join(
            f' {rule}="{escape(expression(chance, 1))}"'
            for rule, often in (("relevant", 0.25), ("constraint", 0.3), ("required", 0.2))
            if chance.random() < often
        )
        binds.append(f'<bind nodeset="{ref}" type="{kind}"{rules}/>')
    for ref in COMPUTED:
        kind = chance.choice(["int", "string", "string", "decimal", "date"])
        binds.append(f'<bind nodeset="{ref}" type="{kind}" calculate="{escape(expression(chance))}"/>')
    for ref in ("/data/g", "/data/r"):
        if chance.random() < 0.4:
            binds.append(f'<bind nodeset="{ref}" relevant="{escape(expression(chance, 1))}"/>')
    source = FRAME.format(binds="".join(binds), count=chance.choice(["", ' jr:count="/data/a mod 4"']))
    try:
        return compile_form(source.encode(), {})
    except FormProblem:
        return None


def escape(text: str) -> str:
    """Text for an attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


FRAME = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>t</h:title><model><instance><data id="t" version="1"><a/><b/>
<g><c/><d/><l/></g><r jr:template=""><x/><y/><m/><s jr:template=""><u/><v/><n/></s></r><k/>
<meta><instanceID/></meta></data></instance><instance id="list"><root>
<item><name>a</name><label>A</label><size>1</size></item><item><name>AB12</name><label>B</label><size>3</size></item>
</root></instance>{binds}</model></h:head><h:body><input ref="/data/a"><label>a</label></input>
<input ref="/data/b"><label>b</label></input><group ref="/data/g"><label>g</label><input ref="/data/g/c">
<label>c</label></input><input ref="/data/g/d"><label>d</label></input></group><group ref="/data/r"><label>r</label>
<repeat nodeset="/data/r"{count}><input ref="/data/r/x"><label>x</label></input><input ref="/data/r/y"><label>y</label>
</input><group ref="/data/r/s"><label>s</label><repeat nodeset="/data/r/s"><input ref="/data/r/s/u">
<label>u <output value="../../x"/></label></input><input ref="/data/r/s/v"><label>v</label></input></repeat></group>
</repeat></group></h:body></h:html>"""


@pytest.mark.parametrize("seed", range(60))
def test_it_agrees_on_forms_that_nobody_wrote(phone_scenario: Callable[[list[Case]], list[Case]], seed: int) -> None:
    chance = random.Random(seed)
    form = next(form for _ in range(200) if (form := invented_form(chance)) is not None)
    check_walks(phone_scenario, form, {}, [Walk(form, chance).go(20)])
