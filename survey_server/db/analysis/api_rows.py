"""Submissions by their last change, a page at a time, for the read API: an edit makes a submission come again.

The cursor is the place after the last one that was given (time of change, id), so a page costs the same at any depth.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, not_, select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import visible_submissions
from survey_server.db.access.tokens import ApiReader
from survey_server.db.analysis.kept_back import KeptBack, load_kept_back
from survey_server.db.models import Form, Submission, SubmissionVersion, Wave, is_current_version, now
from survey_server.problems import BadCursor

MOST_AT_ONCE = 1000
SETTLED = timedelta(seconds=15)
"""A change is told once it is so old: one that was begun earlier and committed later would be passed over else."""


@dataclass(frozen=True)
class Cursor:
    """The place after a submission."""

    changed_ms: int = 0
    row: int = 0

    @classmethod
    def read(cls, text: str) -> Cursor:
        """A cursor as it was given out; raises BadCursor for anything else."""
        if not text:
            return cls()
        try:
            changed, row = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(".")
            found = cls(int(changed), int(row))
        except (ValueError, binascii.Error) as error:
            raise BadCursor() from error
        if not (0 <= found.changed_ms < 1 << 48 and 0 <= found.row < 1 << 63) or found.text != text:
            raise BadCursor()
        return found

    @property
    def text(self) -> str:
        """As it is given out."""
        return base64.urlsafe_b64encode(f"{self.changed_ms}.{self.row}".encode()).decode()

    @property
    def changed_at(self) -> datetime:
        """The time of change."""
        return datetime.fromtimestamp(self.changed_ms / 1000, UTC)


@dataclass(frozen=True)
class RowPage:
    """One page: each submission as JSON, and where to go on."""

    items: Sequence[str]
    cursor: Cursor
    more: bool


def read_page(
    session: Session, who: ApiReader, form: Form, since: Cursor, limit: int, at: datetime | None = None
) -> RowPage:
    """The submissions of a form that changed after `since` and that the token's maker may read."""
    submission, version = Submission, SubmissionVersion
    after = and_(
        submission.changed_at >= since.changed_at,
        submission.changed_at < (at or now()) - SETTLED,
        not_(and_(submission.changed_at == since.changed_at, submission.id <= since.row)),
    )
    query = (
        select(
            *(submission.id, submission.changed_at, submission.instance_id, submission.number, submission.version),
            *(Wave.name, submission.collected_on, submission.started, submission.ended, submission.received_at),
            *(submission.interviewer, submission.site_code, submission.review_state, submission.issue_count),
            version.answers,
        )
        .join(version, is_current_version())
        .join(Wave, (Wave.programme_id == submission.programme_id) & (Wave.id == submission.wave_id), isouter=True)
        .where(
            visible_submissions(session, who.reader, who.programme.id),
            submission.programme_id == form.programme_id,
            submission.form_row == form.id,
            after,
        )
        .order_by(submission.changed_at, submission.id)
        .limit(limit + 1)
    )
    rows = session.execute(query).all()
    given = rows[:limit]
    kept = load_kept_back(session, form)
    last = Cursor(round(given[-1].changed_at.timestamp() * 1000), given[-1].id) if given else since
    return RowPage([_item(row, kept) for row in given], last, len(rows) > limit)


_NAMES = (
    *("submission", "changed_at", "id", "number", "version", "wave", "collected_on", "started", "ended"),
    *("received_at", "interviewer", "site", "review_state", "issues"),
)


def _item(row: Any, kept: KeptBack) -> str:
    """The facts, and the answers as they are stored: as JSON already."""
    *facts, answers = row
    answers = kept.from_text(answers, row.site_code)
    told = {name: _plain(value) for name, value in zip(_NAMES, facts, strict=True)}
    told["submission"] = str(told["submission"])  # more digits than a float has
    return f'{json.dumps(told, ensure_ascii=False)[:-1]}, "answers": {answers}}}'


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='milliseconds')[:23]}Z"
    return value.isoformat() if hasattr(value, "isoformat") else value
