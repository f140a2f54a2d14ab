"""Bringing in the file of a phone that had no line: its interviews go the way of all others, each with its receipt."""

from __future__ import annotations

from flask import request

from survey_server.web.access import get_keyring
from survey_server.web.media import get_intake
from survey_server.web.office.frame import Answer, Visit, page, render
from survey_server.web.office.roles import Right
from survey_server.web.outbox_files import read_outbox_file, stored, take_in_outbox


@page("/p/<code>/outbox-file", Right.ENROL)
def outbox_file_page(visit: Visit) -> Answer:
    """Where to choose the file."""
    return render("outbox_file.html", taken=None, outbox=None, missing=False)


@page("/p/<code>/outbox-file", Right.ENROL, methods=("POST",))
def take_outbox_file(visit: Visit) -> Answer:
    """Take the file in and show what became of each interview. Nothing of their content is shown."""
    file = request.files.get("file")
    if file is None or not file.filename:
        response = render("outbox_file.html", taken=None, outbox=None, missing=True)
        response.status_code = 422
        return response
    outbox = read_outbox_file(file.read())
    taken = take_in_outbox(visit.database, get_keyring(), get_intake(), visit.here.id, visit.login.actor, outbox)
    visit.note("outbox-file", outbox.device_label, interviews=len(taken.receipts), files=taken.files)
    return render("outbox_file.html", taken=taken, outbox=outbox, stored=stored(taken.receipts), missing=False)
