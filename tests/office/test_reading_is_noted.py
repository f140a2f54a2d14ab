"""Whoever reads single submissions leaves a row in the audit chain, on every page there is for it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from survey_server.db.access.people import get_person, set_roles
from survey_server.db.models import AuditRow
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.web.office.frame import GUARDS, Guard
from survey_server.web.office.roles import Right
from tests.office.test_office_roles import address_of, name_of
from tests.office.world import World

CASE_LEVEL = {Right.CASES, Right.QUARANTINE, Right.RAW, Right.REPAIR, Right.RESTRICTED, Right.AUDIT}
NOT_CASES = {"quality_page"}
"""Pages under these rights that tell no single submission."""


def reading_guards() -> list[Guard]:
    return [g for g in GUARDS if g.method == "GET" and g.right in CASE_LEVEL and name_of(g) not in NOT_CASES]


def count(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(AuditRow)) or 0


@pytest.fixture
def everybody(world: World) -> World:
    """The administrator holds every role, so that each page opens."""
    with world.database.transaction() as session:
        set_roles(session, get_person(session, world.people["administrator"]), world.here, GIVEN_ROLES, actor="command")
    return world


def test_it_notes_every_page_of_single_submissions(everybody: World) -> None:
    browser = everybody.browser("administrator")
    silent = []
    for guard in reading_guards():
        before = count(everybody)
        answer = browser.get(address_of(guard, everybody))
        if answer.status_code == 200 and count(everybody) == before:
            silent.append(name_of(guard))
    assert silent == []
    assert len(reading_guards()) > 8
