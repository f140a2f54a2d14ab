"""Exports from the office: for whom, of what, and with a trace."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from survey_server.db.jobs import claim_job
from survey_server.db.models import AuditRow, Job, now
from survey_server.work import KINDS, Worker
from tests.office.world import Browser, World

PURPOSE = "comparación de la línea base"


def work(world: World) -> None:
    """Do the jobs that are due, as the server's worker does."""
    Worker(world.database, world.app.config["SURVEY"], {"export": KINDS["export"]}).run_due()


def ask(browser: Browser, world: World, kind: str, purpose: str = PURPOSE, wave: int | None = None) -> str:
    """Ask for an export; the address of its page."""
    values = {"wave": str(wave or world.locked.id), "kind": kind, "purpose": purpose}
    answer = browser.post("/office/p/norte/exports", values)
    assert answer.status_code == 303, answer.text
    work(world)
    return answer.location


def test_it_exports_a_locked_wave_and_shows_the_checksum_of_the_file(world: World) -> None:
    browser = world.browser("analyst")
    place = ask(browser, world, "csv")
    page = browser.get(place)
    file = browser.get(f"{place}/mini-W1-csv.zip")
    content = file.data
    file.close()
    assert hashlib.sha256(content).hexdigest() in page.text
    assert "mini.csv" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_it_writes_the_purpose_and_each_download_into_the_audit_chain(world: World) -> None:
    browser = world.browser("analyst")
    place = ask(browser, world, "codebook")
    browser.get(f"{place}/mini-W1-codebook.zip").close()
    with world.database.reading() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.in_(("export", "download-export")))).all()
    assert [(row.action, row.detail.get("purpose")) for row in rows] == [("export", PURPOSE), ("download-export", None)]


@pytest.mark.parametrize("kind", ["csv", "xml", "geojson"])
def test_it_gives_a_coordinator_only_what_is_anonymous(world: World, kind: str) -> None:
    browser = world.browser("coordinator")
    values = {"wave": str(world.locked.id), "kind": kind, "purpose": PURPOSE}
    assert browser.post("/office/p/norte/exports", values).status_code == 422
    assert browser.get(ask(browser, world, "research")).status_code == 200
    others = ask(world.browser("analyst"), world, kind)
    assert browser.get(others).status_code == 403


def test_it_exports_nothing_of_a_wave_that_is_not_locked_and_nothing_without_a_purpose(world: World) -> None:
    browser = world.browser("analyst")
    for values in ({"wave": str(world.open.id), "purpose": PURPOSE}, {"wave": str(world.locked.id), "purpose": "x"}):
        assert browser.post("/office/p/norte/exports", {"kind": "csv", **values}).status_code == 422


def test_it_has_no_file_by_another_name(world: World) -> None:
    browser = world.browser("analyst")
    place = ask(browser, world, "csv")
    assert browser.get(f"{place}/status.json").status_code == 403


def test_it_goes_on_with_an_export_whose_server_died(world: World) -> None:
    browser = world.browser("analyst")
    values = {"wave": str(world.locked.id), "kind": "csv", "purpose": PURPOSE}
    place = browser.post("/office/p/norte/exports", values).location
    assert claim_job(world.database, ["export"]) is not None  # by a process that is never heard of again
    work(world)
    assert "data-wait" in browser.get(place).text
    with world.database.transaction() as session:
        session.scalars(select(Job)).one().lease_until = now() - timedelta(seconds=1)
    work(world)
    answer = browser.get(f"{place}/mini-W1-csv.zip")
    assert answer.status_code == 200
    answer.close()
