"""Two programmes with people of every role, and a browser for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.access.people import add_person, set_password, set_roles
from survey_server.db.analysis.decisions import note_report, write_decision
from survey_server.db.analysis.indicators import edit_indicator
from survey_server.db.field.devices import Sender, add_device, get_device_by_id, get_sender
from survey_server.db.field.lost_phones import report_lost_device
from survey_server.db.field.samples import add_sample
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.teams import add_team, assign, set_supervisor
from survey_server.db.forms import get_form
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme, Wave, now
from survey_server.db.openrosa.entities import declare_list, load_entities
from survey_server.db.openrosa.entity_intake import Origin, apply_change
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.estimation.sampling import Take, Unit
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.web.office.roles import ADMINISTRATOR
from survey_server.xlsform.entities import EntityChange
from tests.web.field import FORM, interview

PASSWORD = "cuatro palabras sin relación"
PEOPLE = (ADMINISTRATOR, *GIVEN_ROLES)
_PROOF = re.compile(r'name="proof" value="([^"]+)"')


def make_config(url: str, folder: Path, base_url: str = "http://127.0.0.1:8000") -> Config:
    return Config.from_environment(
        {
            "SURVEY_DATA_DIR": str(folder),
            "SURVEY_DATABASE_URL": url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": base_url,
            "SURVEY_SECOND_FACTOR": "offered",
        }
    )


@dataclass
class World:
    """What the tests know about the server's data."""

    app: Flask
    database: Database
    here: Programme
    elsewhere: Programme
    locked: Wave
    open: Wave
    submissions: list[int]
    """One submission of the locked wave, one of the open wave with issues, one of the other programme."""
    device_id: int
    people: dict[str, int]
    field: dict[str, int]
    """What the pages of the fieldwork speak of: site_id, team_id, sample_id, stop_id, incident_id; and conflict_id,
    quarantine_id: what waits for a decision."""

    def browser(self, login: str | None = None) -> Browser:
        """A browser, signed in as `login` if one is given."""
        browser = Browser(self.app)
        if login:
            assert browser.sign_in(login).status_code == 303
        return browser


@dataclass
class Browser:
    """A test client that fills the proof of forms in, as a page does."""

    app: Flask

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, values: Mapping[str, object] | None = None, *, proof: str | None = None) -> TestResponse:
        return self.client.post(path, data={"proof": self.proof() if proof is None else proof, **(values or {})})

    def seen(self, path: str, after: str = "") -> str:
        """The stamp that the form of a page carries, the first one behind `after`: in which state it saw things."""
        found = re.search(rf'{after}.*?name="seen" value="([^"]+)"', self.get(path).text, re.DOTALL)
        assert found, path
        return found[1]

    def proof(self) -> str:
        """The proof on a page that anybody can open."""
        found = _PROOF.search(self.get("/office/login").text)
        assert found
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/office/login", {"login": login, "password": password})


def build_world(url: str, database: Database, folder: Path, base_url: str = "http://127.0.0.1:8000") -> World:
    """Everything above, stored through the same doors as in real work."""
    app = create_app(make_config(url, folder, base_url))
    with database.transaction() as session:
        here = add_programme(session, "norte", "Programa del norte", demo=True)
        elsewhere = add_programme(session, "sur", "Programa del sur")
    waves = [_publish(database, programme) for programme in (here, elsewhere)]
    people = _add_people(database, here)
    with database.transaction() as session:
        device, token = add_device(session, here.id, "T-01", "EN001")
        add_device(session, here.id, "T-02", "EN002")
        sender = get_sender(session, token)
    odd = interview("uuid:open", today="2026-09-05", psu="Z", age="12", remark="&lt;script&gt;x&lt;/script&gt;")
    receipts = [
        *_send(database, here, interview("uuid:locked", today="2026-03-05"), sender=sender),
        *_send(database, here, odd, sender=sender),
        *_send(database, elsewhere, interview("uuid:other", today="2026-09-05")),
    ]
    again = interview("uuid:open", today="2026-09-05", psu="A", age="21", remark="otra")
    kept = [*_send(database, here, again, sender=sender), *_send(database, here, "<data id=", "uuid:broken")]
    _set_state(database, here, waves[0][0], "locked")
    field = _add_fieldwork(database, here, waves[0][1], device.id, people["supervisor"])
    field |= _add_results(database, here, people["coordinator"])
    field |= {"conflict_id": _row(kept[0]), "quarantine_id": _row(kept[1])}
    return World(app, database, here, elsewhere, *waves[0], [_row(r) for r in receipts], device.id, people, field)


def add_submission(world: World, xml: str, instance_id: str, version: str = "1") -> None:
    """One that the phone of the supervisor's team sent."""
    source = Source(world.here.id, "phone", "device:1")
    take_in(world.database, source, [Arrival(instance_id, "mini", version, xml.encode(), device_id=world.device_id)])


def add_officers(world: World) -> tuple[int, str, str]:
    """An entity list with two officers, one of them in conflict, and a change that waits; its id and theirs."""
    clean, conflicting, waiting = ("0b7c1f0e-0000-4000-8000-00000000000" + digit for digit in "123")
    with world.database.transaction() as session:
        row = declare_list(session, world.here.id, "agentes")
        names = [{"name": clean, "label": "Eva Tun", "post": "P2"}, {"name": conflicting, "label": "Ana", "post": "P0"}]
        load_entities(session, row, names, actor="command")
        origin = Origin(world.here.id, "device:1", now(), None)
        for post, base, branch, uuid in (
            ("P1", 1, "", conflicting),
            ("P3", 1, "", conflicting),
            ("P4", 5, "b", waiting),
        ):
            told = {"label": "", "data": {"post": post}, "base_version": base, "branch_id": branch}
            apply_change(session, origin, EntityChange("agentes", uuid, False, True, **told))  # type: ignore[arg-type]
        return row.id, clean, conflicting


def _publish(database: Database, programme: Programme) -> tuple[Wave, Wave]:
    publish_form(database, programme.id, "mini.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        first = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 20), state="open")
        second = add_wave(session, form, "W2", date(2026, 9, 1), date(2026, 9, 20), state="open")
        rows = [
            {
                "code": "A",
                "name": "Aldea A",
                "department": "GT17",
                "department_name": "Petén",
                "stratum": "ESTRATO-X",
                "arm": "BRAZO-X",
                "weight": 1.75,
            },
            {
                "code": "B",
                "name": "Aldea B",
                "department": "GT17",
                "department_name": "Petén",
                "target": 10,
                "stratum": "ESTRATO-X",
                "arm": "BRAZO-Y",
            },
        ]
        set_sites(session, programme.id, rows, actor="command")
        for wave in (first, second):
            set_wave_sites(session, wave, ["A", "B"], actor="command")
    return first, second


def _add_people(database: Database, programme: Programme) -> dict[str, int]:
    people = {}
    for login in PEOPLE:
        with database.transaction() as session:
            person = add_person(session, login, login.title(), administrator=login == ADMINISTRATOR)
            set_password(session, person, PASSWORD)
            if login != ADMINISTRATOR:
                set_roles(session, person, programme, [login], actor="command")
            people[login] = person.id
    return people


def _add_fieldwork(
    database: Database, programme: Programme, wave: Wave, device_id: int, supervisor_id: int
) -> dict[str, int]:
    """A team sent to a site, a sample of a planned wave, a stop that was lifted, an incident."""
    with database.transaction() as session:
        site = get_site(session, programme.id, "A")
        team = add_team(session, programme.id, "N1", "Norte 1", actor="command")
        set_supervisor(session, programme.id, team.id, supervisor_id, actor="command")
        get_device_by_id(session, programme.id, device_id).team_id = team.id
        assign(session, wave, [site.id], team.id, wave.starts, wave.ends, target=10, actor="command")
        form = get_form(session, programme.id, "mini")
        planned = add_wave(session, form, "W3", date(2027, 3, 1), date(2027, 3, 20))
        units = [Unit(code, "ESTRATO-X") for code in "AB"]
        sample = add_sample(session, planned, units, {"ESTRATO-X": Take(1, 1)}, "simple", "17", actor="command")
        stop = order_stop(session, programme.id, "site", "B", "Bloqueo en la ruta", actor="command")
        lift_stop(session, programme.id, stop.id, "Ruta libre", actor="command")
        lost, _ = add_device(session, programme.id, "T-09", "EN009")
        incident = report_lost_device(session, programme.id, lost.id, "lost", "En el bus", actor="command")
        return {
            "site_id": site.id,
            "team_id": team.id,
            "sample_id": sample.id,
            "stop_id": stop.id,
            "incident_id": incident.id,
        }


def _add_results(database: Database, programme: Programme, person_id: int) -> dict[str, int]:
    """An indicator that the office added, a report as it was made, a decision that waits for signatures."""
    cells = {
        "label::Español (es)": "Se siente seguro",
        "label::English (en)": "Feels safe",
        "level": "outcome",
        "estimator": "share",
        "formula": "${safe} = 1",
        "direction": "up",
        "minimum_change": "5",
    }
    with database.transaction() as session:
        form = get_form(session, programme.id, "mini")
        edit_indicator(session, form, "S1", cells, seen=0, reason="Acordado en mesa", actor=f"person:{person_id}")
        made = note_report(
            session,
            programme.id,
            "1" * 16,
            sha256="0123456789ab",
            edition="full",
            language="es",
            waves=["W1"],
            interim=False,
            asked_by=f"person:{person_id}",
            files={},
            evidence={},
        )
        words = {"reading": "extend", "decision": "Seguir un año", "reasons": "Mejoró la confianza"}
        decision = write_decision(session, made, words, person_id=person_id, actor=f"person:{person_id}")
        return {"form_row": form.id, "decision_id": decision.id}


def _send(
    database: Database, programme: Programme, xml: str, instance_id: str = "", sender: Sender | None = None
) -> list[Receipt]:
    found = re.search("<instanceID>(.*?)</instanceID>", xml)
    claimed = instance_id or (found[1] if found else "")
    source = Source(programme.id, "phone", "device:1", sender)
    return take_in(database, source, [Arrival(claimed, "mini", "1", xml.encode())])


def _row(receipt: Receipt) -> int:
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    value = 0
    for character in receipt.receipt:
        value = value * 32 + digits.index(character)
    return value


def _set_state(database: Database, programme: Programme, wave: Wave, state: str) -> None:
    with database.transaction() as session:
        set_wave_state(session, session.get_one(Wave, (programme.id, wave.id)), state, actor="command")
