"""A person takes back what they said: the code on their card finds the interview, and it goes."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.forms import get_current_version, list_forms, load_registry
from survey_server.db.keeping.erasure import Blob, erase_submissions
from survey_server.db.models import Programme, SubmissionVersion
from survey_server.problems import UnknownWithdrawal

ROLE = "withdrawal"
"""The role, in a form's `design` sheet, of the question that holds the code."""

_CODE = re.compile(r"[0-9A-F]{8}\Z")


def withdraw(session: Session, programme: Programme, code: str, *, actor: str) -> tuple[int, list[Blob]]:
    """Erase every interview with this code: how many, and the files to delete once it is committed.

    Raises UnknownWithdrawal when there is none; that the code was tried is in the audit log either way, the code isn't.
    """
    ids = find_withdrawn(session, programme.id, code)
    if not ids:
        raise UnknownWithdrawal()
    blobs = erase_submissions(session, programme.id, ids)
    add_audit(session, programme.id, actor, "erase", "withdrawal", count=len(ids))
    return len(ids), blobs


def find_withdrawn(session: Session, programme_id: int, code: str) -> list[int]:
    """The submissions whose person was given this code, however it was typed ("ab12 cd34")."""
    plain = re.sub(r"[\s-]", "", code).upper()
    if not _CODE.match(plain):
        return []
    found: set[int] = set()
    for form in list_forms(session, programme_id):
        registry = load_registry(get_current_version(session, form))
        for field in (role.field for role in registry.design if role.role == ROLE):
            holds = SubmissionVersion.answers.contains(f'"{field}":"{plain}"') | SubmissionVersion.answers.contains(
                f'"{field}": "{plain}"'
            )
            query = select(SubmissionVersion.submission_id).where(
                SubmissionVersion.programme_id == programme_id, SubmissionVersion.form_row == form.id, holds
            )
            found |= set(session.scalars(query))
    return sorted(found)
