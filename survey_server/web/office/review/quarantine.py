"""Quarantine: what could not be read, listed; opened, repaired and let in by those who may. The bytes stay for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response, redirect, request, url_for

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.compiled import load_version
from survey_server.db.forms import list_forms, list_versions
from survey_server.db.intake.arrivals import Interview, Unfit
from survey_server.db.intake.receipts import receipt_code
from survey_server.db.models import Quarantine, Wave
from survey_server.db.review.listings import list_phones, list_quarantine
from survey_server.db.review.quarantine import (
    Repair,
    get_quarantine,
    preview_repair,
    repair_quarantined,
    replay,
    set_resolved,
)
from survey_server.db.session import Session
from survey_server.problems import NotQuarantined, NotThere, Problem, UnfitRepair
from survey_server.sealing import is_envelope
from survey_server.web.access import get_keyring
from survey_server.web.office.faults import say_fault
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right
from survey_server.web.office.typed import text
from survey_server.xlsform.received.edited import with_head

_LONGEST = 2_000_000
_LEAST_REASON = 5
_PLACE = re.compile(r"Line (\d+), column (\d+):")
_AROUND = 60


@dataclass(frozen=True)
class Preview:
    """What intake would make of the repaired document."""

    interview: Interview | None
    problem: Problem | None
    wave: Wave | None
    why: tuple[str, str] = ("", "")
    """What is wrong with it in the reader's language, and the language that it is in now."""
    at: tuple[str, str] | None = None
    """The text before and after the place where it is wrong."""


@dataclass(frozen=True)
class Settled:
    """What became of it: replayed or repaired with the receipt, or put aside with the reason."""

    kind: str
    words: str


@page("/p/<code>/quarantine", Right.QUARANTINE)
def quarantine_page(visit: Visit) -> Answer:
    """What could not be read: when, from whom, why."""
    with reading(visit) as session:
        away = _restricted(session, visit.here.id)
        items = [one for one in list_quarantine(session, visit.here) if one.claimed_form not in away]
        labels = {phone.device.id: phone.device.label for phone in list_phones(session, visit.here)}
    visit.note("list-quarantine", shown=len(items))
    why = {one.id: _said(visit, one.detail) for one in items}
    return render("quarantine.html", items=items, labels=labels, why=why)


@page("/p/<code>/quarantine/<int:quarantine_id>", Right.REPAIR)
def quarantined_page(visit: Visit, quarantine_id: int) -> Answer:
    """One of them with its bytes, and how to mend it."""
    return _one(visit, quarantine_id)


@page("/p/<code>/quarantine/<int:quarantine_id>.bin", Right.REPAIR)
def quarantined_file(visit: Visit, quarantine_id: int) -> Answer:
    """The bytes as they came, as a download."""
    with reading(visit) as session:
        row = _get(visit, session, quarantine_id)
    visit.note("read-quarantined", str(quarantine_id))
    response = Response(row.content, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=f"{receipt_code(quarantine_id)}.bin")
    return response


@page("/p/<code>/quarantine/<int:quarantine_id>/replay", Right.REPAIR, methods=("POST",))
def replay_quarantined(visit: Visit, quarantine_id: int) -> Answer:
    """Try again with the very bytes, after the cause was put right elsewhere."""
    with reading(visit) as session:
        _get(visit, session, quarantine_id)
    receipt = replay(visit.database, visit.here.id, quarantine_id, actor=visit.login.actor, keyring=get_keyring())
    if receipt.status not in (200, 201):
        detail = receipt.problem.detail if receipt.problem else ""
        return _one(visit, quarantine_id, problem=UnfitRepair(detail, why="still"))
    return redirect(url_for("office.quarantined_page", code=visit.here.code, quarantine_id=quarantine_id), 303)


@page("/p/<code>/quarantine/<int:quarantine_id>/repair", Right.REPAIR, methods=("POST",))
def repair(visit: Visit, quarantine_id: int) -> Answer:
    """Show what intake would say of the mended document; let it in when that is asked for."""
    with reading(visit) as session:
        row = _get(visit, session, quarantine_id)
        mended = _mended(session, visit, row)
        read = preview_repair(session, visit.here.id, row, mended)
        wave = (
            session.get(Wave, (visit.here.id, read.wave_id)) if isinstance(read, Interview) and read.wave_id else None
        )
    if isinstance(read, Unfit):
        detail = read.problem.detail
        preview = Preview(None, read.problem, None, _said(visit, detail), _place_of(detail, mended.body))
    else:
        preview = Preview(read, None, wave)
    if request.form.get("do") != "let-in":
        return _one(visit, quarantine_id, preview=preview, body=mended.body)
    try:
        if len(mended.reason) < _LEAST_REASON:
            raise UnfitRepair("Say what was mended.", why="reason")
        repair_quarantined(visit.database, visit.here.id, quarantine_id, mended, actor=visit.login.actor)
    except UnfitRepair as problem:
        return _one(visit, quarantine_id, preview=preview, body=mended.body, problem=problem)
    return redirect(url_for("office.quarantined_page", code=visit.here.code, quarantine_id=quarantine_id), 303)


@page("/p/<code>/quarantine/<int:quarantine_id>/aside", Right.REPAIR, methods=("POST",))
def set_aside(visit: Visit, quarantine_id: int) -> Answer:
    """Take it off the list with a reason; its bytes stay."""
    reason = text("reason", 500)
    if len(reason) < _LEAST_REASON:
        return _one(visit, quarantine_id, problem=UnfitRepair("Say why.", why="reason"))
    with visit.database.transaction() as session:
        row = _get(visit, session, quarantine_id)
        if row.resolved_at is None:
            set_resolved(session, row, f"set aside: {reason}", actor=visit.login.actor)
    return redirect(url_for("office.quarantine_page", code=visit.here.code), 303)


def _one(
    visit: Visit,
    quarantine_id: int,
    *,
    preview: Preview | None = None,
    body: bytes | None = None,
    problem: Problem | None = None,
) -> Answer:
    with reading(visit) as session:
        row = _get(visit, session, quarantine_id)
        away = restricted_forms(session, visit.here.id)
        forms = [form for form in list_forms(session, visit.here.id) if form.id not in away and form.current_version_id]
        versions = {form.form_id: [one.version for one in list_versions(session, form)] for form in forms}
    visit.note("read-quarantined", str(quarantine_id))
    response = render(
        "quarantined.html",
        row=row,
        why=_said(visit, row.detail),
        at=_place_of(row.detail, row.content),
        settled=_settled(row.resolution),
        receipt=receipt_code(row.id),
        sealed=is_envelope(row.content),
        body=_readable(row.content if body is None else body),
        whole=_is_text(row.content),
        forms=forms,
        versions=versions,
        typed=request.form,
        preview=preview,
        problem=problem,
    )
    response.status_code = problem.status if problem else 200
    return response


def _said(visit: Visit, detail: str) -> tuple[str, str]:
    """Why it couldn't be read, and the language of that; nothing where it is no more than the heading says."""
    if detail in {each.title for each in Problem.__subclasses__()}:
        return "", visit.texts.language
    return say_fault(detail, visit.texts.language)


def _place_of(detail: str, content: bytes) -> tuple[str, str] | None:
    """The words before and after the place that the parser names; None when it names none that is there."""
    named = _PLACE.match(detail)
    lines = content.splitlines() if named else []
    if named is None or int(named[1]) > len(lines):
        return None
    line, column = lines[int(named[1]) - 1], max(0, int(named[2]) - 1)
    return _readable(line[max(0, column - _AROUND) : column]), _readable(line[column : column + _AROUND])


def _settled(resolution: str | None) -> Settled:
    """What the log says in English ("repaired as RECEIPT", "set aside: REASON"), to be said in any language."""
    head, _, reason = (resolution or "").partition(": ")
    if head == "set aside":
        return Settled("put_aside", reason)
    return Settled("replayed" if head.startswith("replayed") else "repaired", head.rpartition(" ")[2])


def _mended(session: Session, visit: Visit, row: Quarantine) -> Repair:
    """The document as it was typed, with the form, version and site that were chosen."""
    form_id = text("form", 100) or row.claimed_form
    form = next((each for each in list_forms(session, visit.here.id) if each.form_id == form_id), None)
    site: dict[str, str] = {}
    if form is not None and form.current_version_id is not None and text("site", 60):
        compiled = load_version(session, visit.here.id, form.current_version_id)
        if question := compiled.question_of("site", "psu"):
            site = {question: text("site", 60)}
    typed = request.form.get("body", "")[:_LONGEST].replace("\r\n", "\n")
    chosen = text("form", 100)
    return Repair(form_id, with_head(typed.encode(), chosen, text("version", 100), site), text("reason", 500))


def _get(visit: Visit, session: Session, quarantine_id: int) -> Quarantine:
    try:
        row = get_quarantine(session, visit.here.id, quarantine_id)
    except NotQuarantined as problem:
        raise NotThere(problem.detail) from problem
    if row.claimed_form in _restricted(session, visit.here.id):
        raise NotThere("This is not in quarantine.")
    return row


def _restricted(session: Session, programme_id: int) -> frozenset[str]:
    """The forms whose reports are nobody's business here."""
    away = set(restricted_forms(session, programme_id))
    return frozenset(form.form_id for form in list_forms(session, programme_id) if form.id in away)


def _readable(content: bytes) -> str:
    shown = content[:_LONGEST].decode("utf-8", "replace")
    return "".join(one for one in shown if one in "\n\t" or one.isprintable())


def _is_text(content: bytes) -> bool:
    """Whether what is shown is the whole of it, byte for byte."""
    return len(content) <= _LONGEST and _readable(content).encode() == content.replace(b"\r\n", b"\n")
