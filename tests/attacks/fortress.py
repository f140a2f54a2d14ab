"""One server with two whole programmes, every text of each of them its own mark: what the attacks are tried on."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from html import escape
from pathlib import Path

from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.app import create_app
from survey_server.config import Config
from survey_server.db.access.people import add_link, add_person, begin_session, set_password, set_roles
from survey_server.db.access.tokens import add_token
from survey_server.db.analysis.decisions import write_decision
from survey_server.db.analysis.indicators import edit_indicator
from survey_server.db.field.devices import add_device, add_enrolment, get_device_by_id, get_sender
from survey_server.db.field.lost_phones import report_lost_device
from survey_server.db.field.phone_lock import add_alarm
from survey_server.db.field.samples import add_sample
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.teams import add_team, assign, set_supervisor
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.media.shelves import FolderShelf
from survey_server.db.models import Base, MadeReport, Person, Programme, Submission, Wave, now
from survey_server.db.opening import add_paper
from survey_server.db.openrosa import entities as entity_lists
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.openrosa.entity_intake import Origin, apply_change
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.review.reviewing import add_comment
from survey_server.db.session import Database, open_database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.db.webhooks import add_ping, add_webhook
from survey_server.estimation.sampling import Take, Unit
from survey_server.web.media import make_store
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.web.office.frame import COOKIE
from survey_server.web.office.proof import make_proof
from survey_server.web.office.results.made_reports import keep_made
from survey_server.web.office.results.report_files import ReportFiles
from survey_server.work import KINDS, Worker
from survey_server.xlsform.entities import EntityChange
from tests.office.world import PASSWORD, Browser

SECRET = "k" * 40
FORM = """
| survey |
| | type                      | name     | label::Español (es) | label::English (en) | hint::Español (es) | constraint | constraint_message::Español (es) |
| | start                     | start    |     |     |     |         |     |
| | end                       | end      |     |     |     |         |     |
| | today                     | today    |     |     |     |         |     |
| | username                  | username |     |     |     |         |     |
| | text                      | psu      | @@  | @@  | @@  |         |     |
| | integer                   | age      | @@  | @@  | @@  | . >= 18 | @@  |
| | select_one yn             | safe     | @@  | @@  | @@  |         |     |
| | select_one_from_file l.csv| place    | @@  | @@  | @@  |         |     |
| | text                      | remark   | @@  | @@  | @@  |         |     |
| | image                     | photo    | @@  | @@  | @@  |         |     |
| | begin_repeat              | again    | @@  | @@  |     |         |     |
| | text                      | inner    | @@  | @@  |     |         |     |
| | end_repeat                |          |     |     |     |         |     |
| choices |
| | list_name | name | label::Español (es) | label::English (en) |
| | yn        | 1    | @@ | @@ |
| | yn        | 0    | No | No |
| settings |
| | form_title | form_id | version | default_language |
| | @@         | mini    | 1       | Español (es)     |
| design |
| | role        | source   | field    | note |
| | psu         | question | psu      |      |
| | interviewer | question | username |      |
| | stratum     | site     | stratum  |      |
| | arm         | site     | arm      |      |
| | weight      | site     | weight   |      |
"""  # noqa: E501 - a table is read by its columns


def make_config(url: str, folder: Path, **settings: str) -> Config:
    base = {"SURVEY_DATA_DIR": str(folder), "SURVEY_DATABASE_URL": url, "SURVEY_SECRET_KEY": SECRET}
    return Config.from_environment({**base, "SURVEY_SECOND_FACTOR": "offered", "SURVEY_MAX_BODY_MB": "2", **settings})


@dataclass
class Camp:
    """A programme with something in every table, and everything that opens a door to it."""

    programme: Programme
    mark: str
    people: dict[str, int] = field(default_factory=dict)
    """By role; "everything" holds all of them."""
    ids: dict[str, list[str]] = field(default_factory=dict)
    """What may stand in an address, by the name of the argument."""
    token: str = ""
    key: str = ""
    api_token: str = ""
    enrolment: str = ""
    link: str = ""


@dataclass
class Fortress:
    """The server."""

    app: Flask
    database: Database
    camps: dict[str, Camp]
    administrator: int

    def browser(self, person_id: int) -> Browser:
        """A browser in which this person has signed in."""
        with self.database.transaction() as session:
            token = begin_session(session, session.get_one(Person, person_id), proved=True)
        browser = _Known(self.app, make_proof(SECRET, token))
        browser.client.set_cookie(COOKIE, token, path="/office")
        return browser


class _Known(Browser):
    """A browser whose proof is known without opening a page first."""

    def __init__(self, app: Flask, proof: str) -> None:
        super().__init__(app)
        self._proof = proof

    def proof(self) -> str:
        return self._proof


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
    _publish(database, camp)
    _people(database, camp)
    _fieldwork(app, database, camp)
    _answers(app, database, camp)
    _outward(database, camp)
    _results(app, database, camp)
    return camp


def _publish(database: Database, camp: Camp) -> None:
    here, cell = camp.programme.id, camp.mark.replace("|", "/")
    data = "name,label\nx,{}\n".format('"' + cell.replace('"', '""') + '"').encode()
    published = publish_form(database, here, "mini.md", FORM.replace("@@", cell).encode(), {"l.csv": data})
    with database.transaction() as session:
        form = get_form(session, here, "mini")
        waves = [
            add_wave(session, form, f"{name} {camp.mark}"[:40], first, last, state=state)
            for name, first, last, state in (
                ("W1", date(2026, 3, 1), date(2026, 3, 20), "open"),
                ("W2", date(2026, 9, 1), date(2026, 9, 20), "open"),
                ("W3", date(2027, 3, 1), date(2027, 3, 20), "planned"),
            )
        ]
        told = {
            "department": "GT17",
            "department_name": camp.mark,
            "stratum": "S-" + camp.mark,
            "arm": "B-" + camp.mark,
        }
        rows = [{"code": c, "name": f"{c} {camp.mark}", "weight": 1.75, "target": 10, **told} for c in "AB"]
        set_sites(session, here, rows, actor="command")
        for wave in waves[:2]:
            set_wave_sites(session, wave, ["A", "B"], actor="command")
        sites = [get_site(session, here, c).id for c in "AB"]
    camp.ids |= {
        "wave_id": [str(wave.id) for wave in waves],
        "site_id": [str(each) for each in sites],
        "form_row": [str(form.id)],
        "version_id": [str(published.version_id)],
        "sha256": [published.hash, hashlib.sha256(data).hexdigest()],
        "form_id": ["mini"],
        "number": ["1"],
        "check": ["fast"],
        "indicator": ["S1"],
    }


def _people(database: Database, camp: Camp) -> None:
    for role in (*GIVEN_ROLES, "everything"):
        with database.transaction() as session:
            person = add_person(session, f"{role}-{camp.programme.code}", f"{role} {camp.mark}")
            set_password(session, person, PASSWORD)
            roles = GIVEN_ROLES if role == "everything" else [role]
            set_roles(session, person, camp.programme, roles, actor="command")
            camp.people[role] = person.id
    with database.transaction() as session:
        camp.link = add_link(session, session.get_one(Person, camp.people["observer"]))
    camp.ids |= {"person_id": [str(camp.people["observer"])], "link": [camp.link]}


def _fieldwork(app: Flask, database: Database, camp: Camp) -> None:
    here, mark = camp.programme.id, camp.mark
    wave_ids = [int(each) for each in camp.ids["wave_id"]]
    with database.transaction() as session:
        device, camp.token = add_device(session, here, f"T {mark}", "EN001")
        lost, _ = add_device(session, here, f"L {mark}", "EN009")
        _, camp.key = add_app_user(session, here, f"C {mark}", "EN002")
        camp.enrolment = add_enrolment(session, here, f"E {mark}", "EN003")
        team = add_team(session, here, "N1", mark, actor="command")
        for person in (camp.people["supervisor"], camp.people["everything"]):
            set_supervisor(session, here, team.id, person, actor="command")
        get_device_by_id(session, here, device.id).team_id = team.id
        second = session.get_one(Wave, (here, wave_ids[1]))
        site_id = int(camp.ids["site_id"][0])
        assign(session, second, [site_id], team.id, second.starts, second.ends, target=10, actor="command")
        add_paper(session, second, "ethics", mark, date(2026, 1, 1), None, actor="command")
        units, planned = [Unit(code, "S") for code in "AB"], session.get_one(Wave, (here, wave_ids[2]))
        sample = add_sample(session, planned, units, {"S": Take(1, 1)}, "simple", "17", actor="command")
        stop = order_stop(session, here, "site", "B", mark, actor="command")
        lift_stop(session, here, stop.id, mark, actor="command")
        order_stop(session, here, "site", "B", mark, actor="command")
        incident = report_lost_device(session, here, lost.id, "lost", mark, actor="command")
        add_alarm(session, here, device.id, now())
        session.flush()
        row = entity_lists.declare_list(session, here, "agentes")
        uuid = "0b7c1f0e-0000-4000-8000-00000000000" + str(here % 10)
        entity_lists.load_entities(session, row, [{"name": uuid, "label": mark, "post": mark}], actor="command")
        told = {"label": mark, "data": {"post": mark}, "base_version": 5, "branch_id": "b"}
        change = EntityChange("agentes", uuid, False, True, **told)  # type: ignore[arg-type]
        apply_change(session, Origin(here, f"device:{device.id}", now(), None), change)
    camp.ids |= {
        "device_id": [str(device.id)],
        "team_id": [str(team.id)],
        "sample_id": [str(sample.id)],
        "stop_id": [str(stop.id)],
        "incident_id": [str(incident.id)],
        "list_id": [str(row.id)],
        "uuid": [uuid],
        "key": [camp.key],
    }


def picture(camp: Camp) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (camp.programme.id, 80, 80)).save(file, "PNG")
    return file.getvalue()


def interview(camp: Camp, name: str, day: str, *, age: str = "40", remark: str = "") -> Arrival:
    """One whose every free answer is the mark."""
    mark = escape(camp.mark)
    photo = f"{escape(photo_name(camp))}"
    xml = (
        f'<data id="mini" version="1"><start>{day}T09:00:00.000-06:00</start><end>{day}T09:20:00.000-06:00</end>'
        f"<today>{day}</today><username>{mark}</username><psu>A</psu><age>{age}</age><safe>{mark if remark else 1}"
        f"</safe><place>x</place><remark>{mark}{remark}</remark><photo>{photo}</photo><again><inner>{mark}</inner>"
        f"</again><meta><instanceID>{instance_id(camp, name)}</instanceID></meta></data>"
    )
    return Arrival(instance_id(camp, name), "mini", "1", xml.encode())


def instance_id(camp: Camp, name: str) -> str:
    return f"uuid:{camp.programme.code}-{name}"


def photo_name(camp: Camp) -> str:
    return camp.mark.replace("/", "").replace("\\", "")[:100] + ".png"


def _answers(app: Flask, database: Database, camp: Camp) -> None:
    here = camp.programme.id
    with database.reading() as session:
        sender = get_sender(session, camp.token)
    source = Source(here, "phone", f"device:{sender.id}", sender)

    def send(*arrivals: Arrival) -> None:
        take_in(database, source, arrivals)

    send(interview(camp, "locked", "2026-03-05"), interview(camp, "open", "2026-09-05", age="12", remark="?"))
    send(interview(camp, "twin", "2026-09-06"), interview(camp, "open", "2026-09-05", age="21"))
    send(Arrival(instance_id(camp, "broken"), camp.mark, camp.mark, b"<data id=" + camp.mark.encode()))
    keep = MediaIntake(database, make_store(app.config["SURVEY"])).keep
    hander = Hander(here, "phone", source.actor, sender.id)
    for name in ("locked", "open"):
        keep(hander, instance_id(camp, name), photo_name(camp), "image/png", picture(camp))
    camp.ids["sha256"].append(hashlib.sha256(picture(camp)).hexdigest())
    with database.transaction() as session:
        first = session.get_one(Wave, (here, int(camp.ids["wave_id"][0])))
        set_wave_state(session, first, "locked", actor="command")
        for one in session.query(Submission).filter_by(programme_id=here):
            add_comment(session, one, camp.mark, actor=f"person:{camp.people['supervisor']}")
    _find_answers(database, camp)


def _find_answers(database: Database, camp: Camp) -> None:
    """What stands in addresses of submissions and of what waits for a decision."""
    from_rows = {
        "media_id": "media",
        "conflict_id": "conflict",
        "quarantine_id": "quarantine",
        "alarm_id": "phone_alarm",
    }
    with database.reading() as session:
        here = camp.programme.id
        submissions = {one.instance_id: str(one.id) for one in session.query(Submission).filter_by(programme_id=here)}
        order = [submissions[instance_id(camp, name)] for name in ("open", "locked", "twin")]
        camp.ids |= {"submission_id": order, "other_id": order[2:]}
        for argument, table in from_rows.items():
            camp.ids[argument] = _ids(session, table, here)


def _ids(session: Session, table: str, programme_id: int) -> list[str]:
    rows = Base.metadata.tables[table]
    found = session.execute(rows.select().where(rows.c.programme_id == programme_id).order_by(rows.c.id))
    return [str(row.id) for row in found]


def _outward(database: Database, camp: Camp) -> None:
    here, who = camp.programme.id, camp.people["analyst"]
    with database.transaction() as session:
        until = now() + timedelta(days=30)
        token, camp.api_token = add_token(session, here, camp.mark[:60], ["mini"], camp.mark, until, person_id=who)
        hook = add_webhook(session, here, camp.mark, "https://example.org/h", ["ping"], person_id=who)
        add_ping(session, hook)
    camp.ids |= {"token_id": [str(token.id)], "webhook_id": [str(hook.id)]}


def _results(app: Flask, database: Database, camp: Camp) -> None:
    config, here, who = app.config["SURVEY"], camp.programme.id, f"person:{camp.people['coordinator']}"
    cells = {
        "label::Español (es)": camp.mark,
        "label::English (en)": camp.mark,
        "level": "outcome",
        "estimator": "share",
        "formula": "${safe} = 1",
        "direction": "up",
        "minimum_change": "5",
    }
    with database.transaction() as session:
        edit_indicator(session, get_form(session, here, "mini"), "S1", cells, seen=0, reason=camp.mark, actor=who)
    files = ReportFiles(FolderShelf(config.data_dir), camp.programme.code)
    made = {
        "wave-summary.pdf": b"%PDF-1.7 " + camp.mark.encode(),
        "wave-summary.json": b'{"data_hash": "0", "pages": []}',
    }
    kept = partial(keep_made, database, here)
    report = files.ask(("W1",), "es", "full", asked_by=who, interim=False)
    files.make(report, lambda: made, kept)
    words = {"reading": "extend", "decision": camp.mark, "reasons": camp.mark}
    with database.transaction() as session:
        row = session.query(MadeReport).filter_by(programme_id=here).one()
        decision = write_decision(session, row, words, person_id=camp.people["coordinator"], actor=who)
    browser = Fortress(app, database, {}, 0).browser(camp.people["analyst"])
    values = {"wave": camp.ids["wave_id"][0], "kind": "csv", "purpose": camp.mark}
    place = browser.post(f"/office/p/{camp.programme.code}/exports", values).location
    Worker(database, config, {"export": KINDS["export"]}).run_due()
    camp.ids |= {
        "report": [report.id],
        "decision_id": [str(decision.id)],
        "export": [place.rpartition("/")[2]],
        "name": ["wave-summary.pdf", _export_name(browser, place)],
    }


def _export_name(browser: Browser, place: str) -> str:
    text = browser.get(place).text
    found = text.partition(f'href="{place}/')[2].partition('"')[0]
    assert found, text
    return found


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
