"""What machines carry is too long to be guessed, so nobody is made to wait for it: a whole team shares one address."""

from __future__ import annotations

import re

from survey_server.db.openrosa.collect import password_of
from tests.attacks.camps import SECRET, Camp, Fortress

LEAST_BITS = 80
TRIES = 100
"""More than a login has in a day, of any address."""


def bits_of(secret: str) -> float:
    """What a guesser has to try, of what comes after the programme's number or the mark of a token."""
    end = re.sub(r"\A(\d+[.-]|svr_)", "", secret)
    return len(end) * (5 if re.fullmatch(r"[a-z2-7]+", end) else 6)


def test_it_gives_machines_secrets_that_nobody_guesses(fortress: Fortress) -> None:
    camp = fortress.camps["sur"]
    password = password_of(SECRET, camp.programme.id, 1, "0" * 64)
    for name in ("token", "key", "api_token", "enrolment", "link"):
        assert bits_of(str(getattr(camp, name))) >= 120, name
    assert bits_of(password) >= LEAST_BITS


def statuses(fortress: Fortress, camp: Camp, word: str) -> set[int]:
    """What every door of machines answers to this word in the place of the right one."""
    client = fortress.app.test_client()
    bearer, openrosa = {"Authorization": f"Bearer {word}"}, {"X-OpenRosa-Version": "1.0"}
    return {
        client.get("/api/v1/phone", headers=bearer).status_code,
        client.post("/api/v1/enrol", json={"code": word}).status_code,
        client.get(f"/api/v1/programmes/{camp.programme.code}/forms", headers=bearer).status_code,
        client.get(f"/v1/key/{word}/projects/{camp.programme.code}/formList", headers=openrosa).status_code,
        client.get(f"/v1/projects/{camp.programme.code}/formList", headers=openrosa, auth=("EN002", word)).status_code,
    }


def test_it_keeps_no_device_out_for_the_wrong_words_of_its_neighbour(fortress: Fortress) -> None:
    camp = fortress.camps["sur"]
    for number in range(TRIES):
        assert statuses(fortress, camp, f"{camp.programme.id}.wrong-{number}") <= {400, 401, 403, 410, 422}
    client = fortress.app.test_client()
    assert client.get("/api/v1/phone", headers={"Authorization": f"Bearer {camp.token}"}).status_code == 200
    listed = client.get(f"/v1/key/{camp.key}/projects/sur/formList", headers={"X-OpenRosa-Version": "1.0"})
    assert listed.status_code == 200
