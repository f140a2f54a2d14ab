"""Every submission of a form or a wave, one after the other in constant memory, from one state of the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, undefer

from survey_server.db.compiled import load_version
from survey_server.db.forms import list_versions, load_registry
from survey_server.db.models import Form, FormVersion, Submission, SubmissionVersion, Wave
from survey_server.xlsform.form import Form as CompiledForm

_AT_ONCE = 500
WITHDRAWAL = "withdrawal"
"""The design role of the code on a person's card (`db/withdrawals.py`)."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One submission as it now stands; `answers` by column, None for a question that was asked and left blank."""

    row: int
    id: str
    number: int
    version: str
    wave: str | None
    collected_on: date | None
    started: datetime | None
    ended: datetime | None
    received_at: datetime
    interviewer: str | None
    site: str | None
    review_state: str
    issues: int
    answers: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Which submissions: of a form, of one of its waves if told, and of these what is `visible`."""

    form: Form
    wave: Wave | None = None
    visible: ColumnElement[bool] | None = None

    @property
    def where(self) -> list[ColumnElement[bool]]:
        """The conditions on Submission."""
        where = [Submission.programme_id == self.form.programme_id, Submission.form_row == self.form.id]
        where += [] if self.wave is None else [Submission.wave_id == self.wave.id]
        return where if self.visible is None else [*where, self.visible]


def hidden_fields(session: Session, form: Form) -> frozenset[str]:
    """The questions of a form whose answers nobody exports: codes by which who answered could be found."""
    registries = [load_registry(version) for version in list_versions(session, form)]
    return frozenset(role.field for registry in registries for role in registry.design if role.role == WITHDRAWAL)


def count_rows(session: Session, rows: Rows) -> int:
    """How many submissions `read_rows` will give."""
    query = select(func.count()).select_from(Submission).where(*rows.where)
    return session.scalar(query) or 0


def read_rows(session: Session, rows: Rows) -> Iterator[StoredRow]:
    """The submissions of a form, or of one of its waves, in the order of arrival."""
    submission, version = Submission, SubmissionVersion
    query = (
        select(
            *(submission.id, submission.instance_id, submission.number, submission.version, Wave.name),
            *(submission.collected_on, submission.started, submission.ended, submission.received_at),
            *(submission.interviewer, submission.site_code, submission.review_state, submission.issue_count),
            version.answers,
        )
        .join(version, _IS_CURRENT)
        .join(Wave, (Wave.programme_id == submission.programme_id) & (Wave.id == submission.wave_id), isouter=True)
        .where(*rows.where)
        .order_by(submission.id)
    )
    found: Iterable[Any] = session.connection().execution_options(yield_per=_AT_ONCE).execute(query)
    for row in found:
        yield StoredRow(*(*row[:-1], json.loads(row[-1])))


def read_documents(session: Session, rows: Rows) -> Iterator[tuple[str, int, bytes]]:
    """(instance id, number, XML) of every version of every submission, in the order of arrival."""
    version = SubmissionVersion
    query = (
        select(Submission.instance_id, version.number, version.xml)
        .join(version, (version.programme_id == Submission.programme_id) & (version.submission_id == Submission.id))
        .where(*rows.where)
        .order_by(Submission.id, version.number)
    )
    yield from session.connection().execution_options(yield_per=_AT_ONCE).execute(query)


def read_versions(session: Session, form: Form) -> list[tuple[FormVersion, CompiledForm]]:
    """Every published version of a form with its phone document, oldest first, compiled."""
    query = (
        select(FormVersion)
        .where(FormVersion.id.in_([version.id for version in list_versions(session, form)]))
        .where(FormVersion.programme_id == form.programme_id)
        .options(undefer(FormVersion.phone))
        .order_by(FormVersion.id)
    )
    versions = list(session.scalars(query))
    return [(version, load_version(session, form.programme_id, version.id).form) for version in versions]


_IS_CURRENT = (
    (SubmissionVersion.programme_id == Submission.programme_id)
    & (SubmissionVersion.submission_id == Submission.id)
    & (SubmissionVersion.number == Submission.number)
)
