"""Interviews that were erased: known by the digest of their id alone, so that a device can't bring them back."""

from __future__ import annotations

import hashlib

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Erased, table_of
from survey_server.db.prepared import Prepared


def add_erased(session: Session, programme_id: int, instance_id: str) -> None:
    """Note that the interview with this id was erased; doing it again changes nothing."""
    digest = _digest(instance_id)
    if session.get(Erased, (programme_id, digest)) is None:
        session.add(Erased(programme_id=programme_id, instance_sha256=digest))
        session.flush()
        touch_fieldwork(session, programme_id)  # every server looks for erased ones from now on


def is_erased(session: Session, programme_id: int, instance_id: str) -> bool:
    """Whether it was: a look-up by key."""
    values = {"programme_id": programme_id, "instance_sha256": _digest(instance_id)}
    return _FIND.first(session.connection(), values) is not None


def _digest(instance_id: str) -> str:
    return hashlib.sha256(instance_id.encode("utf-8", "surrogatepass")).hexdigest()


_erased = table_of(Erased)
_FIND = Prepared(
    select(_erased.c.erased_at).where(
        _erased.c.programme_id == bindparam("programme_id"), _erased.c.instance_sha256 == bindparam("instance_sha256")
    )
)
