"""A programme gets its interviews, reports, exports and what is told to others; every text of them is its mark."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from functools import partial
from html import escape

from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session

from survey_server.db.access.tokens import add_token
from survey_server.db.analysis.decisions import write_decision
from survey_server.db.analysis.indicators import edit_indicator
from survey_server.db.field.devices import get_sender
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.media.shelves import FolderShelf
from survey_server.db.models import Base, MadeReport, Submission, Wave, now
from survey_server.db.review.reviewing import add_comment
from survey_server.db.session import Database
from survey_server.db.waves import set_wave_state
from survey_server.db.webhooks import add_ping, add_webhook
from survey_server.web.media import make_store
from survey_server.web.office.results.made_reports import keep_made
from survey_server.web.office.results.report_files import ReportFiles
from survey_server.work import KINDS, Worker
from tests.attacks.camps import Camp, Fortress
from tests.office.world import Browser


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


def add_answers(app: Flask, database: Database, camp: Camp) -> None:
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


def add_outward(database: Database, camp: Camp) -> None:
    here, who = camp.programme.id, camp.people["analyst"]
    with database.transaction() as session:
        until = now() + timedelta(days=30)
        token, camp.api_token = add_token(session, here, camp.mark[:60], ["mini"], camp.mark, until, person_id=who)
        hook = add_webhook(session, here, camp.mark, "https://example.org/h", ["ping"], person_id=who)
        add_ping(session, hook)
    camp.ids |= {"token_id": [str(token.id)], "webhook_id": [str(hook.id)]}


def add_results(app: Flask, database: Database, camp: Camp) -> None:
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
