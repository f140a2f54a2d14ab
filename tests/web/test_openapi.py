"""The document says what the server does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from survey_server.web.schemas import EnrolAnswer, PhoneAnswer, SyncAnswer
from tests.web.field import Phone, new_item


@pytest.fixture
def document(app: Flask) -> Any:
    return app.test_client().get("/api/v1/openapi.json").get_json()


def test_it_describes_every_route_of_the_api_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    routes = {
        (re.sub(r"<([^>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert described == routes


def test_it_refers_only_to_what_it_defines(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert named == set(document["components"]["schemas"])


def test_it_asks_for_a_token_wherever_the_server_does(phone: Phone, document: dict[str, Any]) -> None:
    phone.token = ""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            address = path.replace("{sha256}", "0" * 64)
            answer = phone.app.test_client().open(address, method=method.upper(), data=b"{}")
            assert (answer.status_code == 401) == bool(operation["security"]), path


def test_it_answers_as_it_says(phone: Phone) -> None:
    assert PhoneAnswer().validate(phone.get("/api/v1/phone").get_json()) == {}
    assert SyncAnswer().validate(phone.send(new_item(), {"id": 1}).get_json()) == {}
    assert EnrolAnswer().validate({"token": "x", "device": {}, "programme": {}}) != {}
