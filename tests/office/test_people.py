"""People in the office: other names and languages, and who may run the server."""

from __future__ import annotations

from sqlalchemy import func, select

from survey_server.db.access.people import add_person, get_person, set_password
from survey_server.db.access.second_factor import code_at, make_secret, set_second_factor, step_of
from survey_server.db.models import AuditRow, OfficeSession, Person, now
from tests.office.world import PASSWORD, World


def path_of(world: World, who: str, rest: str) -> str:
    return f"/office/people/{world.people[who]}/{rest}"


def is_administrator(world: World, who: str) -> bool:
    with world.database.reading() as session:
        return get_person(session, world.people[who]).administrator


def test_it_changes_a_name_and_a_language_and_writes_neither_to_the_log(world: World) -> None:
    browser = world.browser("administrator")
    seen = browser.seen(f"/office/people/{world.people['observer']}", '/details"')
    values = {"name": "Zoila Nueva", "language": "en", "seen": seen}
    assert browser.post(path_of(world, "observer", "details"), values).status_code == 303
    assert "Zoila Nueva" in browser.get("/office/people").text
    assert browser.post(path_of(world, "observer", "details"), {**values, "name": " "}).status_code == 422
    assert browser.post(path_of(world, "observer", "details"), {**values, "language": "tlh"}).status_code == 422
    with world.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "edit-person")).one()
    assert row.detail == {"changed": ["name", "language"]}


def test_it_makes_an_administrator_of_who_can_sign_in_and_ends_their_sessions(world: World) -> None:
    browser, coordinator = world.browser("administrator"), world.browser("coordinator")
    place = path_of(world, "coordinator", "administrator")
    wrong = browser.post(place, {"administrator": "yes", "password": "no es esta"})
    assert (wrong.status_code, is_administrator(world, "coordinator")) == (422, False)
    assert browser.post(place, {"administrator": "yes", "password": PASSWORD}).status_code == 303
    assert is_administrator(world, "coordinator")
    assert coordinator.get("/office/people").status_code == 303  # to the login
    assert world.browser("coordinator").get("/office/people").status_code == 200
    assert browser.post(place, {"administrator": "no", "password": PASSWORD}).status_code == 303
    assert not is_administrator(world, "coordinator")
    with world.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "set-administrator").order_by(AuditRow.number))
        told = [(row.subject, row.detail) for row in rows]
        left = select(func.count()).where(OfficeSession.person_id == world.people["coordinator"])
        assert session.scalar(left) == 0
    person = f"person:{world.people['coordinator']}"
    assert told == [(person, {"administrator": yes, "proof": "password"}) for yes in (True, False)]


def test_it_asks_for_the_code_of_who_has_a_second_factor(world: World) -> None:
    secret, key = make_secret(), world.app.config["SURVEY"].secret_key
    browser = world.browser("administrator")
    with world.database.transaction() as session:
        person = get_person(session, world.people["administrator"])
        at = now()
        assert set_second_factor(session, person, secret, code_at(secret, step_of(at) - 1), key, at)
        session.query(OfficeSession).filter_by(person_id=person.id).update({"second_factor_at": now()})
    place, values = path_of(world, "analyst", "administrator"), {"administrator": "yes", "password": PASSWORD}
    assert browser.post(place, values).status_code == 422
    assert not is_administrator(world, "analyst")
    assert browser.post(place, {**values, "code": code_at(secret, step_of(now()))}).status_code == 303
    assert is_administrator(world, "analyst")


def test_it_gives_administration_to_nobody_who_cannot_sign_in_and_takes_it_from_nobody_by_themselves(
    world: World,
) -> None:
    browser = world.browser("administrator")
    own = path_of(world, "administrator", "administrator")
    assert browser.post(own, {"administrator": "no", "password": PASSWORD}).status_code == 403
    with world.database.transaction() as session:
        invited = add_person(session, "nueva", "Nueva")
        stopped = add_person(session, "parada", "Parada")
        set_password(session, stopped, "cuatro palabras sin más")
        stopped.active = False
        ids = [invited.id, stopped.id]
    for person_id in ids:
        answer = browser.post(
            f"/office/people/{person_id}/administrator", {"administrator": "yes", "password": PASSWORD}
        )
        assert answer.status_code == 422
    with world.database.reading() as session:
        assert session.scalars(select(Person.id).where(Person.administrator)).all() == [world.people["administrator"]]
