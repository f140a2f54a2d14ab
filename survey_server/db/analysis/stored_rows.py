"""Every submission of a form or a wave, one after the other in constant memory, from one state of the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, func, select, type_coerce
from sqlalchemy.orm import Session, undefer

from survey_server.db.compiled import load_version
from survey_server.db.forms import list_versions
from survey_server.db.models import Form, FormVersion, Media, Submission, SubmissionVersion, Wave, is_current_version
from survey_server.xlsform.form import Form as CompiledForm

_AT_ONCE = 500
_PARSED_AT_ONCE = 10
FACTS = (
    *("_id", "_number", "_version", "_wave", "_collected_on", "_started", "_ended", "_received_at"),
    *("_interviewer", "_site", "_review_state", "_issues"),
)
"""What is told of every submission beside its answers."""
_MOMENTS = ("_started", "_ended", "_received_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some submissions as they now stand, one list per fact; every fact is text, "" where there is none."""

    facts: Mapping[str, Sequence[str]]
    texts: Sequence[str]
    """The answers as JSON, as they are stored."""

    def answers(self) -> Iterator[dict[str, Any]]:
        """By column: numbers as the text that was stored, None for a question that was asked and left blank.

        A few are read at once: names are made once for them, and they are still in the processor's cache when used.
        """
        for start in range(0, len(self.texts), _PARSED_AT_ONCE):
            yield from _ANSWERS.decode(f"[{','.join(self.texts[start : start + _PARSED_AT_ONCE])}]")


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


def count_rows(session: Session, rows: Rows) -> int:
    """How many submissions `read_rows` will give."""
    query = select(func.count()).select_from(Submission).where(*rows.where)
    return session.scalar(query) or 0


def list_instances(session: Session, rows: Rows) -> set[str]:
    """The instance ids of all of them."""
    return set(session.scalars(select(Submission.instance_id).where(*rows.where)))


def read_rows(session: Session, rows: Rows) -> Iterator[Batch]:
    """The submissions of a form, or of one of its waves, in the order of arrival."""
    submission, version = Submission, SubmissionVersion
    query = (
        select(
            *(submission.instance_id, submission.number, submission.version, Wave.name),
            type_coerce(submission.collected_on, String),
            *(type_coerce(moment, BigInteger) for moment in (submission.started, submission.ended)),
            type_coerce(submission.received_at, BigInteger),
            *(submission.interviewer, submission.site_code, submission.review_state, submission.issue_count),
            version.answers,
        )
        .join(version, is_current_version())
        .join(Wave, (Wave.programme_id == submission.programme_id) & (Wave.id == submission.wave_id), isouter=True)
        .where(*rows.where)
        .order_by(submission.id)
    )
    for found in session.connection().execution_options(yield_per=_AT_ONCE).execute(query).partitions():
        *columns, texts = zip(*found, strict=True)
        facts = {
            name: [_instant(value) for value in column]
            if name in _MOMENTS
            else ["" if value is None else str(value) for value in column]
            for name, column in zip(FACTS, columns, strict=True)
        }
        yield Batch(facts, texts)


_ANSWERS = json.JSONDecoder(parse_int=str, parse_float=str)
"""Reads numbers as the text that they are: no file needs them as numbers of Python."""

_DAY = 86_400_000


class _Days(dict[int, str]):
    def __missing__(self, day: int) -> str:
        self[day] = text = date.fromordinal(_EPOCH + day).isoformat()
        return text


_EPOCH = date(1970, 1, 1).toordinal()
_days = _Days()


@lru_cache(maxsize=100_000)
def _time(second: int) -> str:
    return f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def _instant(milliseconds: int | None) -> str:
    """An instant as ISO 8601 in UTC, to the second."""
    if milliseconds is None:
        return ""
    return _days[milliseconds // _DAY] + _time(milliseconds % _DAY // 1000)


def read_documents(session: Session, rows: Rows) -> Iterator[tuple[str, int, str | None, bytes]]:
    """(instance id, number, site, XML) of every version of every submission, in the order of arrival."""
    version = SubmissionVersion
    query = (
        select(Submission.instance_id, version.number, Submission.site_code, version.xml)
        .join(version, (version.programme_id == Submission.programme_id) & (version.submission_id == Submission.id))
        .where(*rows.where)
        .order_by(Submission.id, version.number)
    )
    yield from session.connection().execution_options(yield_per=_AT_ONCE).execute(query)


def read_media(session: Session, rows: Rows) -> Iterator[tuple[str, Media]]:
    """(instance id of the submission as it now stands, one of its files of any version), in the order of arrival."""
    version = SubmissionVersion
    query = (
        select(Submission.instance_id, Media)
        .join(version, (version.programme_id == Submission.programme_id) & (version.submission_id == Submission.id))
        .join(Media, (Media.programme_id == version.programme_id) & (Media.instance_id == version.instance_id))
        .where(*rows.where)
        .order_by(Submission.id, Media.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    yield from session.execute(query)


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
