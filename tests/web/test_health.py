"""What machines ask of a server, and what its log says: never anything personal."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.field.devices import add_device
from survey_server.db.models import Programme
from survey_server.db.session import Database
from survey_server.logs import logging_setup
from tests.web.conftest import publish_mini
from tests.web.field import new_item

TOKEN = "figures-for-the-machine"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Flask:
    settings = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": database_url}
    return create_app(
        Config.from_environment(
            {**settings, "SURVEY_METRICS_TOKEN": TOKEN, "SURVEY_LOG": "json", "SURVEY_SECRET_KEY": "k" * 40}
        )
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server writes while a test runs."""
    written = io.StringIO()
    setup = logging_setup("json")
    setup["handlers"]["console"]["stream"] = written
    logger = logging.getLogger("survey_server")
    before = (logger.handlers[:], logger.level, logger.propagate)
    logging.config.dictConfig(setup)
    yield written
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def figure(client: FlaskClient, name: str, **labels: str) -> float:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    families = text_string_to_metric_families(answer.text)
    samples = [one for family in families for one in family.samples]
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def test_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)


def test_it_is_alive_but_not_ready_without_its_tables(tmp_path: Path) -> None:
    settings = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}
    client = create_app(Config.from_environment(settings)).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: database-not-prepared\n")


def test_it_shows_its_figures_to_nobody_without_the_token(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 404


def test_it_has_no_figures_where_no_token_is_set(database_url: str, tmp_path: Path) -> None:
    settings = {"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_DATABASE_URL": database_url}
    client = create_app(Config.from_environment(settings)).test_client()
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_it_counts_requests_and_interviews(client: FlaskClient, database: Database, programme: Programme) -> None:
    publish_mini(database, programme)
    with database.transaction() as session:
        token = add_device(session, programme.id, "Equipo", "EN001")[1]
    items = [new_item() for _ in range(3)]
    for batch in (items, items[:1]):
        body = {"protocol": 1, "device": {}, "submissions": batch}
        assert client.post("/api/v1/sync", json=body, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    client.get("/no/such/page")
    assert figure(client, "survey_receipts_total", door="phone", status="201") == 3
    assert figure(client, "survey_receipts_total", door="phone", status="200") == 1
    assert figure(client, "survey_requests_total", route="/api/v1/sync", status="200") == 2
    assert figure(client, "survey_requests_total", route="(none)", status="404") == 1
    assert figure(client, "survey_request_seconds_count", route="/api/v1/sync") == 2


def test_it_logs_routes_and_never_who_what_or_where(
    client: FlaskClient, database: Database, programme: Programme, log: io.StringIO
) -> None:
    publish_mini(database, programme)
    with database.transaction() as session:
        token = add_device(session, programme.id, "Equipo", "EN001")[1]
    item = new_item()
    body = {"protocol": 1, "device": {}, "submissions": [item]}
    client.post("/api/v1/sync", json=body, headers={"Authorization": f"Bearer {token}"})
    client.post("/api/v1/sync", json=body, headers={"Authorization": "Bearer 1.stolen-token"})
    client.post("/api/v1/enrol", json={"code": "GUESSED-CODE"})
    client.get("/office/link/secret-one-time-code?next=/office/p/frontera")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {"/api/v1/sync", "/api/v1/enrol"} <= {line.get("route") for line in lines}
    assert all({"at", "level", "event"} <= line.keys() for line in lines)
    told = log.getvalue()
    secrets = (
        token,
        item["id"],
        item["xml"],
        "stolen-token",
        "GUESSED-CODE",
        "secret-one-time-code",
        "EN001",
        "Equipo",
    )
    assert [secret for secret in secrets if secret in told] == []
