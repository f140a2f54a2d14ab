"""Devices with ODK Collect, KoboCollect or Enketo: a settings code that is shown once, and who has one."""

from __future__ import annotations

from flask import request

from survey_server.db.models import now
from survey_server.db.openrosa.collect import (
    add_app_user,
    collect_settings,
    key_address,
    list_app_users,
    password_of,
    plain_address,
    settings_text,
    user_name,
)
from survey_server.web.office.field.devices import LONGEST_NAME
from survey_server.web.office.field.qr import draw_qr
from survey_server.web.office.frame import Answer, Visit, page, reading, render
from survey_server.web.office.roles import Right


@page("/p/<code>/collect", Right.ENROL)
def collect_page(visit: Visit) -> Answer:
    """The devices that speak OpenRosa, and how to add one."""
    return _collect(visit)


@page("/p/<code>/collect", Right.ENROL, methods=("POST",))
def add_collect(visit: Visit) -> Answer:
    """A new device: its settings code and its addresses, shown this once. Whoever has the code is the device."""
    label, interviewer = (request.form.get(name, "").strip()[:LONGEST_NAME] for name in ("label", "interviewer"))
    wrong = [name for name, value in (("label", label), ("interviewer", interviewer)) if not value]
    if wrong:
        response = _collect(visit, wrong, label, interviewer)
        response.status_code = 422
        return response
    admin_password = request.form.get("admin_password", "").strip()[:LONGEST_NAME]
    with visit.database.transaction() as session:
        device, key = add_app_user(session, visit.here.id, label, interviewer, actor=visit.login.actor)
    address = key_address(visit.config.base_url, visit.here, key)
    settings = collect_settings(address, visit.here, interviewer, admin_password=admin_password or None)
    return render(
        "collect_made.html",
        label=label,
        qr=draw_qr(settings_text(settings)),
        with_key=address,
        plain=plain_address(visit.config.base_url, visit.here),
        user=user_name(device.id),
        password=password_of(visit.config.secret_key, visit.here.id, device.id, device.token_sha256),
        safe=visit.config.base_url.startswith("https://"),
    )


def _collect(visit: Visit, wrong: list[str] | None = None, label: str = "", interviewer: str = "") -> Answer:
    with reading(visit) as session:
        devices = list_app_users(session, visit.here.id)
    values = {"wrong": wrong or [], "label": label, "interviewer": interviewer}
    return render("collect.html", devices=devices, at=now(), user_name=user_name, **values)
