"""Versions of a form are compared item by item, and the report follows what was decided of a changed question."""

from __future__ import annotations

import re

import pytest

from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme, Wave
from survey_server.db.publishing import publish_form
from survey_server.db.session import Session
from survey_server.db.waves import set_wave_state
from survey_server.reports.comparability import broken_questions, check_comparability
from survey_server.reports.from_database import read_waves
from survey_server.reports.measure import Pair
from survey_server.reports.sample import Sample
from survey_server.xlsform.registry import Indicator
from tests.office.world import World
from tests.web.field import FORM, interview

PAGE = "/office/p/norte/forms/mini/compare"
NEWER = (
    FORM.replace("| Mini       | mini    | 1 ", "| Mini       | mini    | 2 ")
    .replace("¿Se siente seguro?  | Do you feel safe?  ", "¿Se siente segura?  | Do you feel safe?  ")
    .replace("| | text          | remark   | Comentario          | Remark              |", "")
    .replace(
        "| | integer       | age      | Edad ",
        "| | text | note | Comentario | Remark | | | |\n| | integer | age | Edad ",
    )
    .replace("| | yn        | 0    | No                  | No                  |", "| | yn | 2 | No | No |")
)

SAFE = Indicator("S1", {"es": "Seguras"}, "result", "share", "up", "headline", formula_text="${safe} = 1")


def send(world: World, version: str, name: str, *, today: str, safe: str, remark: str) -> None:
    xml = interview(f"uuid:{name}", today=today, remark=remark).replace('version="1"', f'version="{version}"')
    xml = re.sub("<safe>.*?</safe>", f"<safe>{safe}</safe>", xml)
    if version == "2":
        xml = re.sub("<remark>(.*?)</remark>", r"<note>\1</note>", xml)
    source = Source(world.here.id, "phone", "device:1")
    take_in(world.database, source, [Arrival(f"uuid:{name}", "mini", version, xml.encode(), device_id=world.device_id)])


@pytest.fixture
def two(world: World) -> World:
    """Two waves of a form that was reworded, had a question renamed and a choice given another code in between."""
    publish_form(world.database, world.here.id, "mini.md", NEWER.encode())
    for number in range(3):
        send(world, "1", f"a{number}", today="2026-03-06", safe=str(number % 2), remark="ruido")
        send(world, "2", f"b{number}", today="2026-09-06", safe="1" if number % 2 else "2", remark="luz")
    with world.database.transaction() as session:
        set_wave_state(session, session.get_one(Wave, (world.here.id, world.open.id)), "locked", actor="command")
    return world


def pair_of(session: Session, programme: Programme) -> Pair:
    before, after = (Sample(read_waves(session, programme, name)[0]) for name in ("W1", "W2"))
    return Pair(before, after)


def decide(world: World, item: str, verdict: str, seen: int = 0, **more: str) -> int:
    values = {"before": "1", "after": "2", "item": item, "verdict": verdict, "reason": "Se lee igual", **more}
    return world.browser("analyst").post(PAGE, {**values, "seen": seen}).status_code


def test_it_shows_what_changed_in_each_question_and_what_the_report_will_do(two: World) -> None:
    text = two.browser("coordinator").get(PAGE).text
    articles = {found[1]: found[0] for found in re.finditer(r'<article[^>]*id="item-(\w+)".*?</article>', text, re.S)}
    assert set(articles) == {"safe", "note", "remark", "age"} or set(articles) == {"safe", "note", "remark"}
    assert "redacción" in articles["safe"] and "opciones" in articles["safe"] and "no comparable" in articles["safe"]
    assert "¿Se siente seguro?" in articles["safe"] and "¿Se siente segura?" in articles["safe"]
    assert ">nueva<" in articles["note"] and ">ya no está<" in articles["remark"]
    assert '<form class="stack"' not in text  # a coordinator sees, and decides nothing
    assert "se lee igual que «remark»" in two.browser("analyst").get(PAGE).text


def test_it_lets_the_report_compare_what_was_mapped_and_break_what_was_broken(two: World) -> None:
    with two.database.reading() as session:
        pair = pair_of(session, two.here)
        assert broken_questions(pair, ("safe", "age")) == ("safe",)
        assert "note" not in pair.samples[0].everyone.columns
    assert decide(two, "safe", "caution", **{"code:0": "2"}) == 303
    assert decide(two, "note", "same", source="remark") == 303
    with two.database.reading() as session:
        pair = pair_of(session, two.here)
        assert broken_questions(pair, ("safe", "age", "note")) == ()
        before = pair.samples[0].everyone
        assert set(before["safe"].dropna().astype(str)) == {"1", "2"}
        assert set(before["note"].dropna().astype(str)) == {"ruido"} and "remark" not in before
        notes = check_comparability(pair, SAFE, 1.0).cautions
    assert [note.words for note in notes if note.rule == "caution.decided"] == [
        {"question": "safe", "reason": "Se lee igual"}
    ]
    text = two.browser("analyst").get(PAGE).text
    seen = int(re.findall(r'name="item" value="safe"><input type="hidden" name="seen" value="(\d+)"', text)[0])
    assert decide(two, "safe", "break", seen) == 303
    with two.database.reading() as session:
        assert broken_questions(pair_of(session, two.here), ("safe", "note")) == ("safe",)


def test_it_tells_the_second_of_two_who_decide_at_once_and_asks_for_a_reason(two: World) -> None:
    assert decide(two, "safe", "same") == 303
    assert decide(two, "safe", "break") == 409
    assert decide(two, "safe", "break", reason=" ") == 422
    assert decide(two, "nonsense", "break") == 422
    assert two.browser("supervisor").get(PAGE).status_code == 403
    assert two.browser("analyst").get("/office/p/norte/forms/other/compare").status_code == 404
