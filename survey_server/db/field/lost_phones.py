"""What has to be followed up: a phone that was lost or seized, and what may be in other hands with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.devices import get_device_by_id, set_device_revoked
from survey_server.db.models import Assignment, Device, Incident, Site, Submission, now
from survey_server.problems import EditedMeanwhile, NotThere

LOST = ("lost", "seized")
RESTRICTED = "restricted-report"
"""The kind of what follows a restricted report: db/review/integrity.py tells of it, to integrity officers alone."""


def report_lost_device(
    session: Session, programme_id: int, device_id: int, how: str, note: str, *, actor: str
) -> Incident:
    """Revoke the phone, write down what may be exposed, open an incident. `how` is lost or seized."""
    device = get_device_by_id(session, programme_id, device_id)
    how = how if how in LOST else "lost"
    exposed = what_may_be_exposed(session, device)
    set_device_revoked(session, device, how, actor=actor)
    incident = Incident(
        programme_id=programme_id,
        kind=f"device-{how}",
        subject=f"device:{device_id}",
        exposed=exposed,
        note=" ".join(note.split())[:500],
        opened_by=actor,
    )
    session.add(incident)
    session.flush()
    add_audit(session, programme_id, actor, "open-incident", str(incident.id), kind=incident.kind, device=device_id)
    return incident


def what_may_be_exposed(session: Session, device: Device) -> dict[str, Any]:
    """What was on the phone when it last called, as far as the office can know: counts and sites, no answers."""
    received = session.scalar(
        select(func.count())
        .select_from(Submission)
        .where(Submission.programme_id == device.programme_id, Submission.device_id == device.id)
    )
    sites: list[str] = []
    if device.team_id is not None:
        query = (
            select(Site.code)
            .join(Assignment, (Assignment.programme_id == Site.programme_id) & (Assignment.site_id == Site.id))
            .where(Site.programme_id == device.programme_id, Assignment.team_id == device.team_id)
        )
        sites = sorted(set(session.scalars(query)))
    storage = device.storage or {}
    return {
        "label": device.label,
        "interviewer": device.interviewer,
        "last_contact": device.seen_at.isoformat() if device.seen_at else None,
        "unsent": device.queue_length,
        "drafts": storage.get("drafts"),
        "received": received or 0,
        "app_version": device.app_version,
        "lock": storage.get("lock"),
        "sites": sites,
    }


def close_incident(session: Session, programme_id: int, incident_id: int, outcome: str, *, actor: str) -> Incident:
    """Say how it ended, once; raises NotThere, or EditedMeanwhile when somebody has said so already."""
    incident = session.get(Incident, (programme_id, incident_id), with_for_update=True)
    if incident is None or incident.kind == RESTRICTED:
        raise NotThere("There is no such incident.")
    if incident.closed_at is not None:
        raise EditedMeanwhile("Somebody has closed this incident already.", at=incident.closed_at)
    incident.closed_at, incident.closed_by = now(), actor
    incident.outcome = " ".join(outcome.split())[:500]
    session.flush()
    add_audit(session, programme_id, actor, "close-incident", str(incident.id))
    return incident


def list_incidents(session: Session, programme_id: int) -> list[Incident]:
    """The incidents, open ones first, the newest first; what follows a restricted report is on no such list."""
    query = select(Incident).where(Incident.programme_id == programme_id, Incident.kind != RESTRICTED)
    found = list(session.scalars(query.order_by(Incident.opened_at.desc(), Incident.id.desc())))
    return sorted(found, key=lambda incident: incident.closed_at is not None)
