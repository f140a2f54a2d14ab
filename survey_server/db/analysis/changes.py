"""Which submissions of a wave are new or have changed since its columns were last looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from survey_server.db.analysis.columns import Texts
from survey_server.db.analysis.kept_columns import KeptColumns
from survey_server.db.models import Submission, Wave

_LOOK_BACK = timedelta(minutes=10)
"""Other servers' clocks and open transactions: what changed shortly before the last look is looked at again."""


def find_changes(session: Session, wave: Wave, columns: KeptColumns) -> NDArray[np.int64]:
    """The submissions that are new or have changed since we looked: a walk over an index."""
    changed_at = type_coerce(Submission.changed_at, BigInteger)  # milliseconds, compared as they are kept
    here = (Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id)
    query = select(Submission.id, changed_at).where(*here)
    if columns.looked_until is None:
        return _pairs(session.execute(query))[0]
    since = columns.looked_until - _LOOK_BACK
    known, known_at = _known_since(columns, since)
    mixed = func.sum((Submission.id % _PRIME) * (changed_at % _PRIME))
    told = select(func.count(), func.sum(changed_at % _PRIME), mixed).where(*here, Submission.changed_at >= since)
    count, total, mix = (int(value or 0) for value in session.execute(told).one())
    if (count, total, mix) == (
        len(known),
        int((known_at % _PRIME).sum()),
        int((known % _PRIME * (known_at % _PRIME)).sum()),
    ):
        return known[:0]
    rows, at = _pairs(session.execute(query.where(Submission.changed_at >= since)))
    place = np.searchsorted(known, rows)
    known, known_at = np.append(known, -1), np.append(known_at, -1)
    changed: NDArray[np.int64] = rows[(known[place] != rows) | (known_at[place] != at)]
    return changed


def _pairs(rows: Iterable[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _known_since(columns: KeptColumns, since: datetime) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that we know to have changed since then, in order, with the millisecond of each."""
    changed = columns.answers["_changed"]
    rows = columns.answers["_row"]
    assert not isinstance(changed, Texts) and not isinstance(rows, Texts)
    recent = changed >= ticks(since)
    found, at = rows[recent], changed[recent] // 1000
    order = np.argsort(found)
    return found[order], at[order]


def ticks(moment: datetime) -> int:
    """Whole microseconds since 1970: an instant as a number that compares exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRIME = 1_000_003
