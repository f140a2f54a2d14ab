"""The audit log of a programme, searched; looking at it is itself a row."""

from __future__ import annotations

from datetime import date

from flask import request

from survey_server.db.audit_reading import AuditSearch, list_actions, names_of_people, search_audit
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right


@page("/p/<code>/audit", Right.AUDIT)
def audit_page(visit: Visit) -> Answer:
    """Rows by who, what and when."""
    wanted = AuditSearch(
        actor=_text("actor"),
        action=_text("action"),
        subject=_text("subject"),
        first=_day("first"),
        last=_day("last"),
        before=int(number) if (number := _text("before")).isdecimal() and len(number) < 19 else None,
    )
    with reading(visit) as session:
        found = search_audit(session, visit.here, wanted)
        actions = list_actions(session, visit.here.id)
        people = names_of_people(session, found.rows)
    visit.note("read-audit", shown=len(found.rows))
    asked = {name: value for name in ("actor", "action", "subject", "first", "last") if (value := _text(name))}
    return render("audit.html", found=found, wanted=wanted, actions=actions, people=people, asked=asked)


def _text(name: str) -> str:
    return request.args.get(name, "").strip()[:100]


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(_text(name))
    except ValueError:
        return None
