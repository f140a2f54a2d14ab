"""One server with two whole programmes, every text of each of them its own mark: what the attacks are tried on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from survey_server.app import create_app
from survey_server.db.access.people import add_person, set_password
from survey_server.db.models import Base
from survey_server.db.programmes import add_programme
from survey_server.db.session import Database, open_database
from tests.attacks.camps import Camp, Fortress, make_config
from tests.attacks.filled import add_answers, add_outward, add_results
from tests.attacks.furnished import add_fieldwork, add_form, add_people
from tests.office.world import PASSWORD


def build_fortress(url: str, folder: Path, marks: dict[str, str], **settings: str) -> Fortress:
    """Programmes by their codes, with these marks in every text."""
    app = create_app(make_config(url, folder, **settings))
    database = open_database(url)
    with database.transaction() as session:
        administrator = add_person(session, "administrator", "Admin", administrator=True)
        set_password(session, administrator, PASSWORD)
    camps = {code: _build_camp(app, database, code, mark) for code, mark in marks.items()}
    return Fortress(app, database, camps, administrator.id)


def _build_camp(app: Flask, database: Database, code: str, mark: str) -> Camp:
    with database.transaction() as session:
        camp = Camp(add_programme(session, code, mark, demo=True), mark)
    add_form(database, camp)
    add_people(database, camp)
    add_fieldwork(app, database, camp)
    camp.ids["part"] = [_part_of_the_form(app, camp)]
    add_answers(app, database, camp)
    add_outward(database, camp)
    add_results(app, database, camp)
    return camp


def _part_of_the_form(app: Flask, camp: Camp) -> str:
    """The digest of the form in the language of a phone."""
    told = app.test_client().get("/api/v1/phone", headers={"Authorization": f"Bearer {camp.token}"}).get_json()
    digest: str = told["forms"][0]["first"]["sha256"]
    return digest


def photograph(fortress: Fortress) -> dict[str, str]:
    """A digest of what each table has of the programme under attack, and of the files of its people."""
    here = fortress.camps["norte"].programme.id
    people = list(fortress.camps["norte"].people.values())
    found = {}
    with fortress.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            owner = table.c.get("programme_id") if table.name != "programme" else table.c.id
            mine = table.c.person_id.in_(people) if owner is None and "person_id" in table.c else owner == here
            if owner is not None or "person_id" in table.c:
                rows = sorted(repr(tuple(row)) for row in session.execute(select(table).where(mine)))
                found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12] + f" {len(rows)}"
    return found
