"""Who is about to do something grave shows once more that it is them: password, and code where they have one."""

from __future__ import annotations

from typing import Literal

from flask import request

from survey_server.db.access.attempts import begin_attempt, forgive_attempt, keys_of_code
from survey_server.db.access.people import check_password, get_person
from survey_server.db.access.second_factor import check_second_factor
from survey_server.web.office.access.account import is_known_browser, who_tries
from survey_server.web.office.frame import Visit

Proof = Literal["password", "password+code"]
Lack = Literal["wrong-password", "wrong-code"]


def prove_again(visit: Visit) -> Proof | Lack:
    """How they proved it by the fields `password` and `code`, or which of them isn't right; attempts are limited."""
    name = visit.login.login
    keys = keys_of_code(who_tries(name), name, known=is_known_browser(name))
    with visit.database.transaction() as session:
        begin_attempt(session, keys)
        person = get_person(session, visit.login.person_id)
    if not check_password(person, request.form.get("password", "")):
        return "wrong-password"
    with visit.database.transaction() as session:
        person = get_person(session, visit.login.person_id)
        has_one = bool(person.totp_secret)
        if has_one and not check_second_factor(session, person, request.form.get("code", ""), visit.config.secret_key):
            return "wrong-code"
        forgive_attempt(session, keys)
    return "password+code" if has_one else "password"
