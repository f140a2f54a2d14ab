"""Clients that have a user name and a password instead of a key: HTTP Digest reckoned here by hand, and Basic."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from pathlib import Path

import pytest
from werkzeug.datastructures import Authorization

from survey_server.db.field.devices import set_device_revoked
from survey_server.db.openrosa.collect import get_app_user, password_of, user_name
from survey_server.web.openrosa.digest import NONCE_SECONDS, challenges, make_nonce
from tests.openrosa.field import BOUNDARY, OPENROSA, Answer, Collect, interview, new_id, upload
from tests.openrosa.stored import submissions

SECRET = "k" * 40


def account(collect: Collect) -> tuple[str, str]:
    """The name and password that the office shows for this device."""
    secret = (Path(collect.server.environment["SURVEY_DATA_DIR"]) / "secret.key").read_text().strip()
    with collect.database.reading() as session:
        device = get_app_user(session, collect.programme_id, collect.device_id)
    return user_name(device.id), password_of(secret, device.programme_id, device.id, device.token_sha256)


def challenge(collect: Collect, algorithm: str) -> dict[str, str]:
    answer = collect.ask("GET", f"/v1/projects/{collect.code}/formList", headers=OPENROSA)
    assert answer.status == 401
    for told in answer.headers.get_all("WWW-Authenticate", []):
        if f"algorithm={algorithm}," in told:
            return {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', told)}
    raise AssertionError(algorithm)


def digest_header(told: dict[str, str], method: str, uri: str, user: str, password: str, algorithm: str) -> str:
    """RFC 7616, section 3.4.1."""
    hashed = hashlib.md5 if algorithm == "MD5" else hashlib.sha256

    def h(text: str) -> str:
        return hashed(text.encode()).hexdigest()

    first, second = h(f"{user}:{told['realm']}:{password}"), h(f"{method}:{uri}")
    response = h(f"{first}:{told['nonce']}:00000001:0a4f113b:auth:{second}")
    return (
        f'Digest username="{user}", realm="{told["realm"]}", nonce="{told["nonce"]}", uri="{uri}", '
        f'algorithm={algorithm}, response="{response}", qop=auth, nc=00000001, cnonce="0a4f113b"'
    )


def ask(collect: Collect, header: str, method: str = "GET", path: str = "/formList") -> Answer:
    body = upload(interview(new_id())) if method == "POST" else None
    told = OPENROSA | {"Authorization": header, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return collect.ask(method, f"/v1/projects/{collect.code}{path}", body, told)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_it_lets_in_who_answers_its_challenge(collect: Collect, algorithm: str) -> None:
    user, password = account(collect)
    told = challenge(collect, algorithm)
    base = f"/v1/projects/{collect.code}"
    listed = ask(collect, digest_header(told, "GET", f"{base}/formList", user, password, algorithm))
    assert listed.status == 200 and f"{base}/forms/".encode() in listed.body and b"/key/" not in listed.body
    header = digest_header(told, "POST", f"{base}/submission", user, password, algorithm)
    assert ask(collect, header, "POST", "/submission").status == 201
    [stored] = submissions(collect)
    assert stored.device_id == collect.device_id


def test_it_lets_in_by_basic_and_nobody_with_a_wrong_word(collect: Collect) -> None:
    user, password = account(collect)

    def basic(name: str, word: str) -> int:
        told = base64.b64encode(f"{name}:{word}".encode()).decode()
        return ask(collect, f"Basic {told}").status

    assert basic(user, password) == 200
    assert basic(user.upper(), password) == 200
    for name, word in (
        (user, ""),
        (user, password + "x"),
        ("", ""),
        ("zzzz", password),
        ("ñ", "ñ"),
        (user, collect.key),
    ):
        assert basic(name, word) == 401
    assert ask(collect, "Basic !!!").status == 401
    assert ask(collect, f"Bearer {collect.key}").status == 401


def test_it_believes_no_answer_to_another_challenge_address_or_time(collect: Collect) -> None:
    user, password = account(collect)
    told = challenge(collect, "MD5")
    base = f"/v1/projects/{collect.code}"
    right = digest_header(told, "GET", f"{base}/formList", user, password, "MD5")
    assert ask(collect, right).status == 200
    moment, _, rest = told["nonce"].partition(".")
    for nonce in ("", "x", "1.2.3", f"{int(moment) - 601}.{rest}", told["nonce"][:-1]):
        forged = digest_header(told | {"nonce": nonce}, "GET", f"{base}/formList", user, password, "MD5")
        assert ask(collect, forged).status == 401
    assert ask(collect, digest_header(told, "GET", f"{base}/submission", user, password, "MD5")).status == 401
    assert ask(collect, right, "HEAD").status == 401
    assert (
        ask(collect, digest_header(told | {"realm": "x"}, "GET", f"{base}/formList", user, password, "MD5")).status
        == 401
    )


def test_it_tells_a_client_whose_challenge_is_old_so_that_it_asks_nobody_for_a_password() -> None:
    def stale(nonce: str) -> bool:
        given = Authorization("digest", {"nonce": nonce})
        return "stale=true" in challenges(SECRET, given)[0]

    fresh, made = make_nonce(SECRET), time.time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: made - NONCE_SECONDS - 5)
        old, foreign = make_nonce(SECRET), make_nonce("another")
    assert [stale(nonce) for nonce in (old, fresh, foreign, "", "x")] == [True, False, False, False, False]
    assert all("stale" not in told for told in challenges(SECRET))


def test_it_answers_a_mistyped_address_in_words_of_openrosa(collect: Collect) -> None:
    """Collect shows the message of an answer in OpenRosa's envelope, and a bare status otherwise."""
    address = f"/v1/key/{collect.key}/projects/{collect.code}"
    for method, path, status in (("POST", f"{address}/submission/", 404), ("GET", "/v1/x", 404), ("PUT", address, 404)):
        answer = collect.ask(method, path, b"", OPENROSA)
        assert (answer.status, "Revise la dirección" in answer.message) == (status, True), path
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert collect.ask("PUT", f"{address}/submission", b"", OPENROSA).status == 405


def test_it_lets_no_device_into_another_programme_and_no_revoked_one_in(collect: Collect) -> None:
    user, password = account(collect)
    basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    assert collect.ask("GET", "/v1/projects/p0/formList", headers=OPENROSA | {"Authorization": basic}).status == 401
    with collect.database.transaction() as session:
        device = get_app_user(session, collect.programme_id, collect.device_id)
        set_device_revoked(session, device, "lost", actor="command")
    assert ask(collect, basic).status == 403


def test_it_opens_no_other_door_by_a_key_of_collect(collect: Collect) -> None:
    told = {"Authorization": f"Bearer {collect.key}"}
    assert collect.ask("GET", "/api/v1/phone", headers=told).status == 401
    assert collect.ask("POST", "/api/v1/sync", b"{}", told).status == 401


def test_it_checks_a_practice_interview_and_stores_nothing(collect: Collect) -> None:
    def practise(key: str, xml: bytes) -> Answer:
        told = OPENROSA | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return collect.ask("POST", f"/v1/test/{key}/projects/{collect.code}/submission", upload(xml), told)

    address = f"/v1/test/{collect.key}/projects/{collect.code}"
    assert f"{address}/forms/".encode() in collect.ask("GET", f"{address}/formList").body
    assert collect.ask("HEAD", f"{address}/submission", headers=OPENROSA).status == 204
    answer = practise(collect.key, interview(new_id(), age="17"))
    assert answer.status == 201 and "Práctica" in answer.message and "1" in answer.message
    assert practise(collect.key, b"<nothing").status == 400
    assert practise("1.nobody", interview(new_id())).status == 404
    assert submissions(collect) == []
