"""Patterns and drafts that nobody should write: both engines judge them alike, and none takes for ever."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.expressions.cases import evaluate_case, parse_case

ENGINE = Path(__file__).parents[2] / "static" / "js" / "engine"

Case = dict[str, Any]
PIECES = [
    "a",
    "b",
    "1",
    "(",
    ")",
    "[ab]",
    "[^a]",
    "*",
    "+",
    "?",
    "{2}",
    "{1,3}",
    "|",
    ".",
    "\\d",
    "\\w",
    "^",
    "$",
    "(?:",
]
ENDLESS = [
    ("(a+)+", "b"),
    ("(a|aa)+", "b"),
    ("(a*)*b*", "c"),
    ("(.*)*x", ""),
    ("([a-z]+)*", "1"),
    ("(a?){50}a{50}", "b"),
]


def regex_case(number: int, text: str, pattern: str) -> Case:
    """A case of regex(); neither holds a quote."""
    return {"id": number, "expr": f"regex('{text}', '{pattern}')"}


def outcome(result: Case) -> object:
    """What a case came to; all errors are one."""
    return "error" if "error" in result else result["value"]


def test_it_judges_any_pattern_alike_on_both_sides(phone_xpath: Callable[[list[Case]], list[Case]]) -> None:
    chance = random.Random(3)
    cases = [
        regex_case(i, "".join(chance.choices("ab1-", k=chance.randint(0, 6))), "".join(chance.choices(PIECES, k=5)))
        for i in range(1500)
    ]
    found = phone_xpath([parse_case(case) for case in cases])
    expected = [evaluate_case(case) for case in cases]
    assert [outcome(one) for one in found] == [outcome(one) for one in expected]
    assert {outcome(one) for one in expected} == {True, False, "error"}


def test_it_bounds_the_time_of_endless_patterns_on_both_sides(
    phone_xpath: Callable[[list[Case]], list[Case]],
) -> None:
    for number, (pattern, end) in enumerate(ENDLESS):
        case = regex_case(number, "a" * 2000 + end, pattern)
        started = time.monotonic()
        [found] = phone_xpath([parse_case(case)])
        expected = evaluate_case(case)
        assert time.monotonic() - started < 60, "without a bound it goes on for years; a busy machine takes a while"
        assert outcome(found) == outcome(expected) or "error" in (outcome(found), outcome(expected))


FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>t</h:title>
<model><instance><data id="t"><a/><r><b/></r><meta><instanceID/></meta></data></instance></model></h:head><h:body>
<input ref="/data/a"><label>a</label></input><group ref="/data/r"><label>r</label><repeat nodeset="/data/r">
<input ref="/data/r/b"><label>b</label></input></repeat></group></h:body></h:html>"""


OPEN = """
let input = '';
for await (const chunk of process.stdin) input += chunk;
const { form, drafts } = JSON.parse(input);
const { Interview } = await import(process.argv[2] + '/interview.js');
const outcomes = [];
for (const instance of drafts) {
  const opening = Interview.open(form, { instance, tz: 'UTC' });
  outcomes.push(await opening.then((it) => it.finish({}) && 'opened', (e) => e.constructor.name));
}
console.log(JSON.stringify(outcomes));
"""


def test_it_reads_or_refuses_a_damaged_draft_on_the_phone() -> None:
    chance = random.Random(5)
    whole = "<data id='t'><a>1</a><r><b>2</b></r><r><b>3</b></r><meta><instanceID>uuid:1</instanceID></meta></data>"
    drafts = []
    for _ in range(300):
        start, length = chance.randrange(len(whole)), chance.randint(0, 20)
        piece = chance.choice(["", "<", "&", "]]>", "\x00", whole[start : start + length] * 2])
        drafts.append(whole[:start] + piece + whole[start + length :])
    drafts += ["<a>" * 5000, "<data>" + "<r/>" * 20000 + "</data>", "", "<data/>"]
    run = ["node", "--input-type=module", "-e", OPEN, "x", str(ENGINE)]
    question = json.dumps({"form": compile_form(FORM.encode()).to_phone(), "drafts": drafts})
    done = subprocess.run(run, input=question, capture_output=True, text=True, check=True, timeout=60)
    assert set(json.loads(done.stdout)) == {"opened", "UnreadableXml"}
