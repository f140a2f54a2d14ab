"""Webhooks: which addresses are told of events, what they were told, and once more if need be."""

from __future__ import annotations

from flask import redirect, request, url_for

from survey_server.db.models import now
from survey_server.db.webhooks import (
    EVENTS,
    add_ping,
    add_webhook,
    get_webhook,
    list_deliveries,
    list_webhooks,
    secret_of,
    send_again,
    set_webhook_stopped,
)
from survey_server.problems import Problem, UnfitWebhook
from survey_server.sending import check_url
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right

LONGEST_LABEL = 80
OFFERED = tuple(event for event in EVENTS if event != "ping")


@page("/p/<code>/webhooks", Right.WEBHOOKS)
def webhooks_page(visit: Visit) -> Answer:
    """The addresses, and a form for a new one."""
    return _webhooks(visit)


@page("/p/<code>/webhooks", Right.WEBHOOKS, methods=("POST",))
def make_webhook(visit: Visit) -> Answer:
    """A new address; the secret that signs is shown on its page."""
    label, url = request.form.get("label", "").strip()[:LONGEST_LABEL], request.form.get("url", "").strip()
    try:
        check_url(url, lan=visit.config.webhooks_in_lan)
        with visit.database.transaction() as session:
            hook = add_webhook(
                session, visit.here.id, label, url, request.form.getlist("event"), person_id=visit.login.person_id
            )
    except UnfitWebhook as problem:
        return _webhooks(visit, problem)
    return redirect(url_for("office.webhook_page", code=visit.here.code, webhook_id=hook.id), 303)


@page("/p/<code>/webhooks/<int:webhook_id>", Right.WEBHOOKS)
def webhook_page(visit: Visit, webhook_id: int) -> Answer:
    """One address: its secret, and what it was told."""
    with reading(visit) as session:
        hook = get_webhook(session, visit.here.id, webhook_id)
        deliveries = list_deliveries(session, hook)
    secret = secret_of(hook, visit.config.secret_key) if hook.made_by == visit.login.person_id else ""
    return render("webhook.html", hook=hook, deliveries=deliveries, secret=secret, at=now())


@page("/p/<code>/webhooks/<int:webhook_id>", Right.WEBHOOKS, methods=("POST",))
def change_webhook(visit: Visit, webhook_id: int) -> Answer:
    """Stop it, start it again, try it, or send one delivery once more."""
    do, delivery = request.form.get("do", ""), request.form.get("delivery", "")
    with visit.database.transaction() as session:
        hook = get_webhook(session, visit.here.id, webhook_id)
        if do in ("stop", "start"):
            set_webhook_stopped(session, visit.here.id, hook.id, do == "stop", person_id=visit.login.person_id)
        elif do == "ping":
            add_ping(session, hook)
        elif delivery.isascii() and delivery.isdigit() and len(delivery) < 20:
            send_again(session, visit.here.id, int(delivery), person_id=visit.login.person_id)
    return redirect(url_for("office.webhook_page", code=visit.here.code, webhook_id=webhook_id), 303)


def _webhooks(visit: Visit, problem: Problem | None = None) -> Answer:
    with reading(visit) as session:
        lines = list_webhooks(session, visit.here.id)
    response = render("webhooks.html", lines=lines, events=OFFERED, asked=request.form, problem=problem, at=now())
    response.status_code = problem.status if problem else 200
    return response
