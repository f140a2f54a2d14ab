"""The door: passwords, sessions, cookies, proofs, links."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.app import create_app
from survey_server.db.access.attempts import begin_attempt, forgive_attempt, keys_of
from survey_server.db.access.people import (
    add_link,
    add_person,
    begin_session,
    find_login,
    get_link_person,
    get_person,
    set_password,
    use_link,
)
from survey_server.db.models import AuditRow, LoginAttempt, OfficeSession, Person, PersonLink, now
from survey_server.db.session import Database
from survey_server.problems import LinkExpired, LoginTaken, TooManyAttempts, WeakPassword
from survey_server.web.office.proof import is_proof, make_proof
from tests.office.world import PASSWORD, World, make_config


def test_it_signs_in_with_the_right_password_and_writes_it_down(world: World) -> None:
    browser = world.browser()
    answer = browser.sign_in("supervisor")
    assert (answer.status_code, answer.location) == (303, "/office/")
    assert browser.get("/office/").status_code == 200
    with world.database.reading() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "login")).one()
    assert row.actor == f"person:{world.people['supervisor']}"


@pytest.mark.parametrize(("login", "password"), [("supervisor", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_it_refuses_a_wrong_login_or_password_in_the_same_words(world: World, login: str, password: str) -> None:
    answer = world.browser().sign_in(login, password)
    assert answer.status_code == 403
    assert "El usuario o la contraseña no coinciden" in answer.text
    assert "office=" not in str(answer.headers.getlist("Set-Cookie"))


def test_it_keeps_neither_passwords_nor_cookies(world: World) -> None:
    browser = world.browser("supervisor")
    cookie = browser.client.get_cookie("office", path="/office")
    assert cookie is not None
    with world.database.reading() as session:
        person = get_person(session, world.people["supervisor"])
        assert person.password_hash is not None
        assert person.password_hash.startswith("$argon2id$")
        tokens = session.scalars(select(OfficeSession.token_sha256)).all()
    assert cookie.value not in tokens
    assert PASSWORD not in person.password_hash


def test_it_gives_a_cookie_that_scripts_and_other_sites_cannot_use(world: World) -> None:
    cookie = str(world.browser().sign_in("observer").headers.getlist("Set-Cookie"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/office" in cookie
    assert "Secure" not in cookie


def test_it_sends_cookies_only_encrypted_where_the_server_is_https(sqlite_url: str, tmp_path: Path) -> None:
    app = create_app(make_config(sqlite_url, tmp_path / "data", "https://encuestas.example"))
    assert "Secure" in app.test_client().get("/office/login").headers["Set-Cookie"]


def test_it_makes_passwords_slow_to_guess() -> None:
    untouched = "from survey_server.db.access.people import _hasher; print(_hasher.hash('x'))"  # sped up here
    made = subprocess.run([sys.executable, "-c", untouched], capture_output=True, text=True, check=True).stdout
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_it_begins_a_new_cookie_at_every_login(world: World) -> None:
    browser = world.browser("observer")
    first = browser.client.get_cookie("office", path="/office")
    browser.sign_in("observer")
    second = browser.client.get_cookie("office", path="/office")
    assert first and second and first.value != second.value


def test_it_ends_the_session_on_the_server_at_logout(world: World) -> None:
    browser = world.browser("observer")
    cookie = browser.client.get_cookie("office", path="/office")
    assert cookie
    assert browser.post("/office/logout").status_code == 303
    browser.client.set_cookie("office", cookie.value, path="/office")
    assert browser.get("/office/").status_code == 303


def test_it_forgets_who_was_away_for_half_an_hour(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        token = begin_session(session, add_person(session, "ana", "Ana"), at)
        assert find_login(session, token, at + timedelta(minutes=29)) is not None
        assert find_login(session, token, at + timedelta(minutes=30)) is None
        assert find_login(session, "x" + token[1:], at) is None


def test_it_ends_every_session_of_who_changes_the_password(world: World) -> None:
    here, there = world.browser("analyst"), world.browser("analyst")
    values = {"old": PASSWORD, "password": "otra frase bien larga", "again": "otra frase bien larga"}
    assert here.post("/office/account", values).status_code == 303
    assert here.get("/office/").status_code == 200
    assert there.get("/office/").status_code == 303
    assert world.browser().sign_in("analyst").status_code == 403
    assert world.browser().sign_in("analyst", "otra frase bien larga").status_code == 303


@pytest.mark.parametrize(
    "values",
    [
        {"old": "wrong", "password": "otra frase bien larga", "again": "otra frase bien larga"},
        {"old": PASSWORD, "password": "corta", "again": "corta"},
        {"old": PASSWORD, "password": "otra frase bien larga", "again": "otra frase bien corta"},
        {"old": PASSWORD, "password": "analyst-2026", "again": "analyst-2026"},
    ],
)
def test_it_keeps_the_password_when_the_change_does_not_fit(world: World, values: dict[str, str]) -> None:
    browser = world.browser("analyst")
    assert browser.post("/office/account", values).status_code == 422
    assert world.browser().sign_in("analyst").status_code == 303


def test_it_lets_nobody_work_with_a_password_that_must_change(world: World) -> None:
    with world.database.transaction() as session:
        set_password(session, add_person(session, "nueva", "Nueva"), PASSWORD, must_change=True)
    browser = world.browser("nueva")
    assert browser.get("/office/").location == "/office/account"
    values = {"old": PASSWORD, "password": "otra frase bien larga", "again": "otra frase bien larga"}
    browser.post("/office/account", values)
    assert browser.get("/office/").status_code == 200


def test_it_refuses_forms_without_proof_with_a_forged_one_or_from_another_site(world: World) -> None:
    browser, stranger = world.browser("coordinator"), world.browser("supervisor")
    path, values = "/office/p/norte/devices", {"label": "T-9", "interviewer": "EN9"}
    assert browser.post(path, values, proof="").status_code == 403
    assert browser.post(path, values, proof=stranger.proof()).status_code == 403
    data = {"proof": browser.proof(), **values}
    assert browser.client.post(path, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.client.post(path, data=data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_it_makes_a_different_proof_for_each_page_and_none_for_no_cookie() -> None:
    first, second = make_proof("secret", "cookie"), make_proof("secret", "cookie")
    assert first != second
    assert is_proof("secret", "cookie", first)
    assert is_proof("secret", "cookie", second)
    assert not is_proof("secret", "other", first)
    assert not is_proof("other", "cookie", first)
    assert not is_proof("secret", "", make_proof("secret", ""))


def test_it_refuses_a_forged_cookie(world: World) -> None:
    browser = world.browser()
    browser.client.set_cookie("office", "forged", path="/office")
    assert browser.get("/office/").status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/office//evil.example", "javascript:x"],
)
def test_it_sends_nobody_elsewhere_after_the_login(world: World, elsewhere: str) -> None:
    browser = world.browser()
    answer = browser.post("/office/login", {"login": "observer", "password": PASSWORD, "next": elsewhere})
    assert answer.location == "/office/"


def test_it_goes_on_where_the_reader_wanted_to_go(world: World) -> None:
    browser = world.browser()
    answer = browser.get("/office/p/norte/?x=1")
    wanted = re.search(r'name="next" value="([^"]*)"', browser.get(answer.location).text)
    assert wanted
    answer = browser.post("/office/login", {"login": "observer", "password": PASSWORD, "next": wanted[1]})
    assert answer.location == "/office/p/norte/?x=1"


def test_it_makes_who_guesses_wait_longer_and_longer_but_only_them(database: Database) -> None:
    start = now()
    here = keys_of("1.2.3.4", "ana")
    waits = []
    for _ in range(5):
        with database.transaction() as session:
            begin_attempt(session, here, start)
    at = start
    for _ in range(12):
        with pytest.raises(TooManyAttempts) as raised, database.transaction() as session:
            begin_attempt(session, here, at)
        waits.append(raised.value.extras["retry_after"])
        at += timedelta(seconds=waits[-1])
        with database.transaction() as session:
            begin_attempt(session, here, at)
            begin_attempt(session, keys_of("5.6.7.8", "ana"), at)
            forgive_attempt(session, keys_of("5.6.7.8", "ana"))
            begin_attempt(session, keys_of("1.2.3.4", "luis"), at)
            forgive_attempt(session, keys_of("1.2.3.4", "luis"))
    assert waits == sorted(waits)
    assert 600 < waits[-1] <= 901
    with database.transaction() as session:
        forgive_attempt(session, here)
        begin_attempt(session, here, at)


def test_it_stops_an_address_that_walks_through_many_logins(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        for number in range(50):
            begin_attempt(session, keys_of("1.2.3.4", f"person{number}"), at)
        with pytest.raises(TooManyAttempts):
            begin_attempt(session, keys_of("1.2.3.4", "person51"), at)
        begin_attempt(session, keys_of("5.6.7.8", "person51"), at)


def test_it_counts_tries_across_processes_keeps_no_address_and_forgets_after_a_day(database: Database) -> None:
    at, keys = now(), keys_of("1.2.3.4", "ana")
    other = Database(database.engine)  # as another process has it: nothing but the database in common
    for one in (database, other, database, other, database):
        with one.transaction() as session:
            begin_attempt(session, keys, at)
    with pytest.raises(TooManyAttempts), other.transaction() as session:
        begin_attempt(session, keys, at)
    with database.transaction() as session:
        assert all("1.2.3.4" not in key for key in session.scalars(select(LoginAttempt.key_sha256)))
        begin_attempt(session, keys_of("9.9.9.9", "x"), at + timedelta(days=1, seconds=1))
        assert len(session.scalars(select(LoginAttempt)).all()) == 2


def test_it_counts_a_try_before_it_is_judged_so_that_many_at_once_count_too(database: Database) -> None:
    at, keys = now(), keys_of("1.2.3.4", "ana")

    def attempt(_: int) -> bool:
        try:
            with database.transaction() as session:
                begin_attempt(session, keys, at)
        except TooManyAttempts:
            return False
        return True

    attempt(0)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 4


def test_it_answers_429_with_the_wait(world: World) -> None:
    browser = world.browser()
    for _ in range(5):
        browser.sign_in("observer", "wrong")
    answer = browser.sign_in("observer")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_it_lets_nobody_lock_another_out_even_from_the_same_address(world: World) -> None:
    usual = world.browser("observer")
    usual.post("/office/logout")
    stranger = world.browser()
    for _ in range(6):
        stranger.sign_in("observer", "wrong")
    assert stranger.sign_in("observer").status_code == 429
    assert usual.sign_in("observer").status_code == 303
    usual.client.set_cookie("office-known", "forged.cookie", path="/office")
    assert usual.sign_in("observer").status_code == 429


def test_it_takes_a_link_once(world: World) -> None:
    with world.database.transaction() as session:
        code = add_link(session, add_person(session, "invitada", "Invitada"))
    browser = world.browser()
    assert "Invitada" in browser.get(f"/office/link/{code}").text
    values = {"password": "otra frase bien larga", "again": "otra frase bien larga"}
    assert browser.post(f"/office/link/{code}", {"password": "corta", "again": "corta"}).status_code == 422
    assert browser.post(f"/office/link/{code}", values).status_code == 303
    assert browser.get("/office/").status_code == 200
    assert world.browser().post(f"/office/link/{code}", values).status_code == 410
    assert world.browser().get("/office/link/forged").status_code == 410


def test_it_lets_links_expire_and_the_newest_replace_the_older(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        person = add_person(session, "ana", "Ana")
        old, new = add_link(session, person, at=at), add_link(session, person, at=at)
        for code, moment in ((old, at), (new, at + timedelta(days=3))):
            with pytest.raises(LinkExpired):
                get_link_person(session, code, moment)
        assert use_link(session, new, "otra frase bien larga", at).id == person.id
        assert new not in session.scalars(select(PersonLink.code_sha256)).all()


def test_it_takes_each_login_once_whatever_the_capitals(database: Database) -> None:
    with database.transaction() as session:
        add_person(session, "Ana", "Ana")
        with pytest.raises(LoginTaken):
            add_person(session, " ANA ", "Otra")


@pytest.mark.parametrize("password", ["", "corta", "aaaaaaaaaaaaaa", "ana-2026-segura"])
def test_it_refuses_passwords_that_are_easy_to_guess(database: Database, password: str) -> None:
    with database.transaction() as session:
        person = add_person(session, "ana", "Ana")
        with pytest.raises(WeakPassword):
            set_password(session, person, password)


def test_it_counts_wrong_passwords_since_the_last_right_one(world: World) -> None:
    def failed() -> int:
        with world.database.reading() as session:
            return session.scalars(select(Person.failed_logins).where(Person.login == "observer")).one()

    world.browser().sign_in("observer", "wrong")
    world.browser().sign_in("observer", "wrong")
    assert failed() == 2
    world.browser().sign_in("observer")
    assert failed() == 0


def test_it_stops_a_login_at_once(world: World) -> None:
    observer, administrator = world.browser("observer"), world.browser("administrator")
    path = f"/office/people/{world.people['observer']}/active"
    assert administrator.post(path, {"active": "no"}).status_code == 303
    assert observer.get("/office/").status_code == 303
    assert world.browser().sign_in("observer").status_code == 403
    administrator.post(path, {"active": "yes"})
    assert world.browser().sign_in("observer").status_code == 303


def test_it_lets_no_administrator_stop_their_own_login(world: World) -> None:
    administrator = world.browser("administrator")
    path = f"/office/people/{world.people['administrator']}/active"
    assert administrator.post(path, {"active": "no"}).status_code == 403
    assert administrator.get("/office/").status_code == 200


def test_it_takes_over_no_cookie_that_was_planted_before_the_login(world: World) -> None:
    browser = world.browser()
    browser.client.set_cookie("office", "planted-by-somebody-else", path="/office")
    proof = make_proof(world.app.config["SURVEY"].secret_key, "planted-by-somebody-else")
    answer = browser.post("/office/login", {"login": "observer", "password": PASSWORD}, proof=proof)
    assert answer.status_code == 303
    after = browser.client.get_cookie("office", path="/office")
    assert after and after.value != "planted-by-somebody-else"
    stranger = world.browser()
    stranger.client.set_cookie("office", "planted-by-somebody-else", path="/office")
    assert stranger.get("/office/").status_code == 303
