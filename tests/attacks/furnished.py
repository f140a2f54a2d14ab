"""A programme gets its form, people and fieldwork; every text of them is its mark."""

from __future__ import annotations

import hashlib
from datetime import date

from flask import Flask

from survey_server.db.access.people import add_link, add_person, set_password, set_roles
from survey_server.db.field.devices import add_device, add_enrolment, get_device_by_id
from survey_server.db.field.lost_phones import report_lost_device
from survey_server.db.field.own_outlines import set_outlines
from survey_server.db.field.phone_lock import add_alarm
from survey_server.db.field.samples import add_sample
from survey_server.db.field.sites import get_site, set_sites, set_wave_sites
from survey_server.db.field.stops import lift_stop, order_stop
from survey_server.db.field.teams import add_team, assign, set_supervisor
from survey_server.db.forms import get_form
from survey_server.db.models import Person, Wave, now
from survey_server.db.opening import add_paper
from survey_server.db.openrosa import entities as entity_lists
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.openrosa.entity_intake import Origin, apply_change
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.estimation.sampling import Take, Unit
from survey_server.outlines import Outline
from survey_server.web.office.access.people import GIVEN_ROLES
from survey_server.xlsform.entities import EntityChange
from tests.attacks.camps import Camp
from tests.office.world import PASSWORD
from tests.web.field import DESIGN

FORM = (
    """
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
| | @@         | mini    | 1       | Español (es)     |"""  # noqa: E501 - a table is read by its columns
    + DESIGN
)


def add_form(database: Database, camp: Camp) -> None:
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


def add_people(database: Database, camp: Camp) -> None:
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


def add_fieldwork(app: Flask, database: Database, camp: Camp) -> None:
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
        ring = ((-90.5, 16.5), (-89.5, 16.5), (-89.5, 17.5), (-90.5, 16.5))
        set_outlines(session, here, [Outline("GT17", mark[:80], (ring,))], seen="none", actor="command")
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
        "level": ["department"],
    }
