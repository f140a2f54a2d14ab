"""How long data are kept, and who takes an interview back, on the page of whoever answers for data protection."""

from __future__ import annotations

from sqlalchemy import func, select

from survey_server.db.keeping.retention import get_retention
from survey_server.db.models import AuditRow, Programme, Submission
from tests.office.world import World

PAGE = "/office/p/norte/retention"
RULES = ("positions", "contact-log", "timings", "sealed-copies", "check-ins", "restricted", "cases", "access-log")


def days(**changed: str) -> dict[str, str]:
    return {f"days_{rule}": changed.get(rule.replace("-", "_"), "") for rule in RULES}


def submissions(world: World) -> int:
    with world.database.reading() as session:
        mine = select(func.count()).select_from(Submission).where(Submission.programme_id == world.here.id)
        return session.scalar(mine) or 0


def test_it_sets_rules_shows_what_is_due_and_takes_it_only_when_told(world: World) -> None:
    browser = world.browser("data-protection")
    assert "Conservación" in browser.get(PAGE).text
    saved = browser.post(PAGE, {**days(cases="0"), "ends": "2020-01-01", "seen": browser.seen(PAGE)})
    assert saved.status_code == 303
    with world.database.reading() as session:
        chosen = get_retention(session.get_one(Programme, world.here.id))
    assert not chosen.on
    assert chosen.days is not None
    assert (chosen.days["cases"], chosen.days["positions"]) == (0, None)
    assert submissions(world) == 2
    assert "Toca borrar 2 elementos" in browser.get(PAGE).text
    assert browser.post(f"{PAGE}/apply").status_code == 303
    assert submissions(world) == 0
    with world.database.reading() as session:
        there = select(func.count()).select_from(Submission).where(Submission.programme_id == world.elsewhere.id)
        assert session.scalar(there) == 1, "another programme's interviews stay"


def test_it_says_what_is_wrong_and_changes_nothing(world: World) -> None:
    browser = world.browser("data-protection")
    answer = browser.post(PAGE, days(cases="-3"))
    assert answer.status_code == 422
    with world.database.reading() as session:
        assert get_retention(session.get_one(Programme, world.here.id)).days == {}


def test_it_says_that_nobody_has_a_code_and_keeps_the_code_nowhere(world: World) -> None:
    browser = world.browser("data-protection")
    answer = browser.post(f"{PAGE}/withdraw", {"code": "FFFF0000"})
    assert (answer.status_code, "Ninguna entrevista tiene ese código" in answer.text) == (404, True)
    with world.database.reading() as session:
        told = " ".join(f"{row.subject} {row.detail}" for row in session.scalars(select(AuditRow)))
    assert "FFFF0000" not in told
