"""The second factor: codes of RFC 6238, used once; who needs one; recovery; reset. Codes are computed here anew."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.access.people import add_link, add_person, get_person, set_password
from survey_server.db.access.second_factor import (
    check_second_factor,
    code_at,
    make_secret,
    open_secret,
    reset_second_factor,
    seal_secret,
    set_second_factor,
    step_of,
)
from survey_server.db.models import Person, RecoveryCode, now
from survey_server.db.session import Database
from survey_server.problems import FormExpired, KeyUnusable
from tests.office.world import PASSWORD, Browser, World

KEY = "k" * 40


def code_of(secret: str, at: datetime, digits: int = 6) -> str:
    """RFC 6238 and RFC 4226, written down once more and independently of the server's own."""
    counter = struct.pack(">Q", int(at.timestamp() // 30))
    mac = hmac.digest(base64.b32decode(secret.replace(" ", "")), counter, hashlib.sha1)
    offset = mac[19] & 0xF
    binary = (mac[offset] & 0x7F) << 24 | mac[offset + 1] << 16 | mac[offset + 2] << 8 | mac[offset + 3]
    return f"{binary % 10**digits:0{digits}d}"


@pytest.fixture
def strict(world: World) -> Iterator[World]:
    """The same world where a second factor is required."""
    config: Config = world.app.config["SURVEY"]
    yield replace(world, app=create_app(replace(config, second_factor_required=True)))


def set_up(browser: Browser, at: datetime | None = None) -> tuple[str, list[str]]:
    """Set the second factor up as a person does: the secret that the page shows, and the recovery codes."""
    text = browser.get("/office/second-factor").text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', text)
    pending = re.search(r'name="pending" value="([^"]+)"', text)
    assert secret and pending
    values = {"pending": pending[1], "code": code_of(secret[1], at or datetime.now(UTC))}
    answer = browser.post("/office/second-factor", values)
    assert answer.status_code == 200
    return secret[1], re.findall(r"<code>([A-Z2-7-]{19})</code>", answer.text)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_it_gives_the_codes_of_the_rfc(seconds: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_at(secret, step_of(at), 8) == code == code_of(secret, at, 8)


def test_it_keeps_the_secret_under_the_servers_key_and_for_one_person_only() -> None:
    secret = make_secret()
    sealed = seal_secret(secret, KEY, "second factor of 1")
    assert secret not in sealed
    assert open_secret(sealed, KEY, "second factor of 1") == secret
    for key, about, text in (("other" * 8, "second factor of 1", sealed), (KEY, "second factor of 2", sealed)):
        with pytest.raises(KeyUnusable):
            open_secret(text, key, about)
    with pytest.raises(KeyUnusable):
        open_secret("not base64!", KEY, "second factor of 1")


def test_it_takes_each_code_once_and_none_that_is_older_than_a_minute(database: Database) -> None:
    at, secret = now(), make_secret()
    with database.transaction() as session:
        person = add_person(session, "ana", "Ana")
        assert set_second_factor(session, person, secret, "000000", KEY, at - timedelta(days=3650)) is None
        codes = set_second_factor(session, person, secret, code_of(secret, at), KEY, at)
        assert codes is not None and len(set(codes)) == 10

    def try_code(code: str, moment: datetime) -> str | None:
        with database.transaction() as session:
            return check_second_factor(session, get_person(session, person.id), code, KEY, moment)

    later = at + timedelta(seconds=30)
    assert try_code(code_of(secret, at), at) is None  # used when it was set up
    assert try_code(code_of(secret, later), later) == "code"
    assert try_code(code_of(secret, later), later) is None
    assert try_code(code_of(secret, at), later) is None  # older than the last one used
    assert try_code(code_of(secret, later), later + timedelta(minutes=2)) is None
    assert try_code("", later) is None
    assert try_code(codes[0].lower(), later) == "recovery"
    assert try_code(codes[0], later) is None
    with database.reading() as session:
        kept = session.scalars(select(RecoveryCode.code_sha256)).all()
        stored = session.scalars(select(Person.totp_secret)).one()
    assert not set(kept) & {code.replace("-", "") for code in codes}
    assert secret not in str(stored)


@pytest.mark.parametrize(
    ("login", "needs"),
    [
        ("administrator", True),
        ("coordinator", True),
        ("analyst", True),
        ("supervisor", True),
        ("integrity-officer", True),
        ("observer", False),
        ("unit-clerk", False),
        ("enumerator", False),
    ],
)
def test_it_lets_who_reads_what_others_filled_in_do_nothing_without_a_second_factor(
    strict: World, login: str, needs: bool
) -> None:
    browser = strict.browser(login)
    answer = browser.get("/office/")
    assert (answer.status_code, answer.location) == ((303, "/office/second-factor") if needs else (200, None))
    if needs:
        assert browser.post("/office/account", {}).location == "/office/second-factor"
        _, codes = set_up(browser)
        assert len(codes) == 10
        assert browser.get("/office/").status_code == 200


def test_it_needs_one_from_everybody_where_the_programme_says_so(strict: World) -> None:
    with strict.database.transaction() as session:
        session.get_one(type(strict.here), strict.here.id).policies = {"second_factor": "everybody"}
    assert strict.browser("observer").get("/office/").location == "/office/second-factor"


def test_it_asks_for_the_code_at_the_next_login_and_opens_nothing_before(world: World) -> None:
    secret, recovery = set_up(world.browser("supervisor"))
    browser = world.browser("supervisor")
    page = f"/office/p/norte/submissions/{world.submissions[1]}"
    answer = browser.get(page)
    assert answer.status_code == 303 and answer.location.startswith("/office/code?next=")
    half = browser.client.get_cookie("office", path="/office")
    assert browser.post("/office/second-factor", {"pending": "x"}).location.startswith("/office/code")
    assert browser.post("/office/code", {"code": "000000"}).status_code == 403
    fresh = code_of(secret, datetime.now(UTC) + timedelta(seconds=30))
    answer = browser.post("/office/code", {"code": fresh, "next": page})
    assert (answer.status_code, answer.location) == (303, page)
    assert browser.get(page).status_code == 200
    whole = browser.client.get_cookie("office", path="/office")
    assert half and whole and half.value != whole.value
    other = world.browser("supervisor")
    assert other.post("/office/code", {"code": fresh}).status_code == 403  # seen over a shoulder: used already
    assert other.post("/office/code", {"code": recovery[0], "next": "https://evil.example/"}).location == "/office/"


def test_it_makes_who_guesses_codes_wait_but_not_the_browser_of_the_owner(world: World) -> None:
    owner = world.browser("supervisor")
    secret, _ = set_up(owner)
    owner.post("/office/logout")
    thief = world.browser("supervisor")  # knows the password
    answers = [thief.post("/office/code", {"code": "123456"}).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    owner.sign_in("supervisor")
    fresh = code_of(secret, datetime.now(UTC) + timedelta(seconds=30))
    assert owner.post("/office/code", {"code": fresh}).status_code == 303


def test_it_takes_a_new_second_factor_from_an_open_session_only_with_the_password(world: World) -> None:
    browser = world.browser("analyst")
    set_up(browser)
    text = browser.get("/office/second-factor").text
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', text), re.search(r'name="pending" value="([^"]+)"', text)
    assert found[0] and found[1]
    values = {"pending": found[1][1], "code": code_of(found[0][1], datetime.now(UTC))}
    assert browser.post("/office/second-factor", values).status_code == 403
    assert browser.post("/office/second-factor", {**values, "password": PASSWORD}).status_code == 200
    stranger = world.browser("coordinator")  # a secret that was made for another person fits nobody else
    for pending in (values["pending"], "{{7*7}}", "ñ", ""):
        assert stranger.post("/office/second-factor", {**values, "pending": pending}).status_code == FormExpired.status


def test_it_resets_a_lost_one_by_a_link_that_needs_the_password_too(strict: World) -> None:
    lost, administrator = strict.browser("analyst"), strict.browser("administrator")
    set_up(lost)
    set_up(administrator)
    path = f"/office/people/{strict.people['analyst']}/second-factor"
    shown = administrator.post(path).text
    link = re.search(r"/office/link/([\w-]+)", shown)
    assert link
    assert lost.get("/office/").status_code == 303  # every session ended
    thief = strict.browser("analyst")  # knows the password, has no link: may set nothing up
    assert thief.get("/office/").location == "/office/second-factor"
    assert "Pida el enlace" in thief.get("/office/second-factor").text
    assert thief.post("/office/second-factor", {"pending": "x", "code": "1"}).status_code == 403
    browser = strict.browser()
    assert "Analyst" in browser.get(f"/office/link/{link[1]}").text
    take = f"/office/link/{link[1]}/second-factor"
    assert browser.post(take, {"password": "wrong"}).status_code == 403
    assert browser.post(f"/office/link/{link[1]}", {"password": "otra frase bien larga"}).status_code == 410
    assert browser.post(take, {"password": PASSWORD}).location == "/office/second-factor"
    set_up(browser)
    assert browser.get("/office/").status_code == 200
    assert strict.browser().post(take, {"password": PASSWORD}).status_code == 410
    own = f"/office/people/{strict.people['administrator']}/second-factor"
    assert administrator.post(own).status_code == 403


def test_it_leads_from_an_invitation_to_the_second_factor(strict: World) -> None:
    with strict.database.transaction() as session:
        person = add_person(session, "nueva", "Nueva", administrator=True)
        code = add_link(session, person)
    browser = strict.browser()
    values = {"password": "otra frase bien larga", "again": "otra frase bien larga"}
    assert browser.post(f"/office/link/{code}", values).status_code == 303
    assert browser.get("/office/people").location == "/office/second-factor"
    set_up(browser)
    assert browser.get("/office/people").status_code == 200


def test_it_resets_from_the_command_line_too(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        person = add_person(session, "ana", "Ana")
        set_password(session, person, PASSWORD)
        secret = make_secret()
        set_second_factor(session, person, secret, code_of(secret, now()), KEY)
        reset_second_factor(session, person)
        session.flush()
        assert check_second_factor(session, person, code_of(secret, now() + timedelta(seconds=30)), KEY) is None
        assert session.scalars(select(RecoveryCode)).all() == []
