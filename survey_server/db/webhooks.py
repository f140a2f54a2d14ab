"""Webhooks: addresses that are told of events. An event is written in the transaction that makes it, as one delivery
for each address and a job that sends it; so nothing is told that didn't happen, and nothing that did is forgotten.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.jobs import BACK_OFF, add_job
from survey_server.db.models import Form, Programme, Webhook, WebhookDelivery, new_id, now, table_of
from survey_server.problems import NotThere, UnfitWebhook

EVENTS = ("submission.received", "submission.edited", "wave.state", "ping")
"""What an address may be told; a ping is sent when somebody asks for it."""
WAITING, OVERDUE = "restricted.waiting", "restricted.overdue"
PRIVATE = (WAITING, OVERDUE)
"""What only addresses of integrity officers are told: that a restricted report waits, and that it still does after an
hour. Nobody else sees that there are such addresses, nor when they were called."""

JOB = "webhook"
MOST_TRIES = len(BACK_OFF) + 1
KEPT = timedelta(days=30)
MOST_IDS = 500


@dataclass(frozen=True)
class WebhookLine:
    """A webhook as the office lists it."""

    webhook: Webhook
    waiting: int
    failed: int
    last: datetime | None


@dataclass(frozen=True)
class Told:
    """A submission as events name it: never with its answers."""

    form_row: int
    instance_id: str
    submission_id: int


def add_webhook(
    session: Session,
    programme_id: int,
    label: str,
    url: str,
    events: Sequence[str],
    *,
    person_id: int,
    private: bool = False,
) -> Webhook:
    """Tell `url` of these events from now on; raises UnfitWebhook. A private one is told of private events alone."""
    known = PRIVATE if private else EVENTS
    if not label or not events or not set(events) <= set(known):
        raise UnfitWebhook("A webhook needs a name and at least one event.", why="events")
    webhook = Webhook(
        programme_id=programme_id,
        label=label,
        url=url,
        secret=secrets.token_bytes(32),
        events=[event for event in known if event in events],
        made_by=person_id,
    )
    session.add(webhook)
    session.flush()
    touch_fieldwork(session, programme_id)
    host = url.split("/")[2].rpartition("@")[2]
    add_audit(session, programme_id, f"person:{person_id}", "make-webhook", str(webhook.id), host=host, events=events)
    return webhook


def secret_of(webhook: Webhook, server_secret: str) -> str:
    """What signs its deliveries: made of the server's secret and the row; the database alone gives it to nobody."""
    about = b"webhook\0" + f"{webhook.programme_id}:{webhook.id}".encode() + webhook.secret
    digest = hmac.new(server_secret.encode(), about, hashlib.sha256).digest()
    return "whs_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def sign(secret: str, at: int, body: bytes) -> str:
    """The signature of a delivery: HMAC-SHA256 over the time and the body, as `t=…,v1=…`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def get_webhook(session: Session, programme_id: int, webhook_id: int, *, private: bool = False) -> Webhook:
    """One webhook; raises NotThere, also for a private one where it isn't asked for."""
    webhook = session.get(Webhook, (programme_id, webhook_id))
    if webhook is None or is_private(webhook) != private:
        raise NotThere("There is no such webhook.")
    return webhook


def is_private(webhook: Webhook) -> bool:
    """Whether it is an integrity officer's own."""
    return any(event in PRIVATE for event in webhook.events)


def set_webhook_stopped(
    session: Session, programme_id: int, webhook_id: int, stopped: bool, *, person_id: int, private: bool = False
) -> None:
    """Stop telling it anything, or go on; what was waiting when it was stopped is dropped."""
    webhook = get_webhook(session, programme_id, webhook_id, private=private)
    webhook.stopped_at = now() if stopped else None
    session.flush()
    touch_fieldwork(session, programme_id)
    action = "stop-webhook" if stopped else "start-webhook"
    add_audit(session, programme_id, f"person:{person_id}", action, str(webhook_id))


def list_webhooks(session: Session, programme_id: int, *, private: bool = False) -> list[WebhookLine]:
    """The programme's webhooks with what waits, in the order in which they were made; or the private ones."""
    delivery = WebhookDelivery
    counts = {
        (row.webhook_id, row.state): (row.n, row.last)
        for row in session.execute(
            select(
                delivery.webhook_id, delivery.state, func.count().label("n"), func.max(delivery.tried_at).label("last")
            )
            .where(delivery.programme_id == programme_id)
            .group_by(delivery.webhook_id, delivery.state)
        )
    }
    lines = []
    for webhook in session.scalars(select(Webhook).where(Webhook.programme_id == programme_id).order_by(Webhook.id)):
        if is_private(webhook) != private:
            continue
        waiting, failed = (counts.get((webhook.id, state), (0, None))[0] for state in ("waiting", "failed"))
        lines.append(WebhookLine(webhook, waiting, failed, counts.get((webhook.id, "delivered"), (0, None))[1]))
    return lines


def list_deliveries(session: Session, webhook: Webhook, limit: int = 100) -> list[WebhookDelivery]:
    """What it was told, the newest first."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.programme_id == webhook.programme_id, WebhookDelivery.webhook_id == webhook.id
    )
    return list(session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)))


def add_event(session: Session, programme_id: int, event: str, told: Sequence[Told] = (), **detail: Any) -> None:
    """Tell every webhook that wants this event, once the caller's transaction is committed.

    Of submissions only ids go out; those of restricted forms are never told.
    """
    hooks = [hook for hook in session.execute(_ACTIVE, {"of_programme": programme_id}) if event in hook.events]
    if not hooks:
        return
    code = session.scalar(select(Programme.code).where(Programme.id == programme_id)) or ""
    for part in _bodies(session, programme_id, told) if told else [detail]:
        for hook in hooks:
            _add_delivery(session, programme_id, hook.id, event, {"programme": code, **part})


def add_ping(session: Session, webhook: Webhook) -> None:
    """Send it something harmless, to see whether it answers."""
    code = session.scalar(select(Programme.code).where(Programme.id == webhook.programme_id)) or ""
    _add_delivery(session, webhook.programme_id, webhook.id, "ping", {"programme": code})


def send_again(session: Session, programme_id: int, delivery_id: int, *, person_id: int) -> WebhookDelivery:
    """Send a delivery once more, with the same id and body; raises NotThere."""
    delivery = session.get(WebhookDelivery, (programme_id, delivery_id))
    if delivery is None:
        raise NotThere("There is no such delivery.")
    get_webhook(session, programme_id, delivery.webhook_id)
    delivery.state = "waiting"
    add_job(session, programme_id, JOB, {"delivery": delivery.id}, most_tries=MOST_TRIES)
    add_audit(session, programme_id, f"person:{person_id}", "repeat-delivery", str(delivery_id))
    return delivery


def drop_old_deliveries(session: Session, at: datetime | None = None) -> int:
    """Forget what was told long ago; how many."""
    old = delete(WebhookDelivery).where(
        WebhookDelivery.state != "waiting", WebhookDelivery.created_at < (at or now()) - KEPT
    )
    count: int = session.execute(old.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    return count


def _bodies(session: Session, programme_id: int, told: Iterable[Told]) -> list[dict[str, Any]]:
    """What is told of submissions, by form, in bounded pieces."""
    hidden = set(restricted_forms(session, programme_id))
    by_form: dict[int, list[dict[str, str]]] = {}
    for one in told:
        if one.form_row not in hidden:
            ids = {"id": one.instance_id, "submission": str(one.submission_id)}
            by_form.setdefault(one.form_row, []).append(ids)
    forms = session.execute(select(Form.id, Form.form_id).where(Form.programme_id == programme_id))
    names = {form.id: form.form_id for form in forms}
    return [
        {"form": names[row], "submissions": ids[start : start + MOST_IDS]}
        for row, ids in by_form.items()
        for start in range(0, len(ids), MOST_IDS)
    ]


def _add_delivery(session: Session, programme_id: int, webhook_id: int, event: str, content: dict[str, Any]) -> None:
    delivery_id, at = new_id(), now()
    body = {"delivery": str(delivery_id), "event": event, "at": at.isoformat(timespec="milliseconds"), **content}
    row = {
        "programme_id": programme_id,
        "id": delivery_id,
        "webhook_id": webhook_id,
        "event": event,
        "body": json.dumps(body, ensure_ascii=False),
        "state": "waiting",
        "tries": 0,
        "created_at": at,
    }
    session.execute(insert(WebhookDelivery), [row])
    add_job(session, programme_id, JOB, {"delivery": delivery_id}, most_tries=MOST_TRIES)


# Made once: intake asks it for every batch, and to build a statement costs more than to run it.
_hooks = table_of(Webhook)
_ACTIVE = select(_hooks.c.id, _hooks.c.events).where(
    _hooks.c.programme_id == bindparam("of_programme"), _hooks.c.stopped_at.is_(None)
)
