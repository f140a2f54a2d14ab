"""Many submissions at once, written straight into the tables: what lists and searches are measured and tested among."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from survey_server.db.models import (
    Programme,
    Submission,
    SubmissionIssue,
    SubmissionText,
    SubmissionVersion,
    Wave,
    table_of,
)
from survey_server.db.review.words import with_phone, words_of
from survey_server.db.session import Database

FIRST = datetime(2026, 9, 1, 12, tzinfo=UTC)
REMARKS = ("", "La patrulla no pasa de noche", "Falta luz en la calle", "El camión bloqueó la carretera", "Todo bien")
_AT_ONCE = 5000


def add_crowd(
    database: Database,
    programme: Programme,
    waves: Sequence[Wave],
    devices: Sequence[int],
    count: int,
    *,
    sites: int = 125,
    first: int = 0,
) -> None:
    """`count` submissions of the waves, by turns; every tenth flagged, every fiftieth with a photo, few rejected."""
    for start in range(first, first + count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, first + count))
        rows = [submission(programme, waves[number % len(waves)], devices, number, sites) for number in numbers]
        with database.transaction() as session:
            connection = session.connection()
            connection.execute(insert(table_of(Submission)), rows)
            connection.execute(insert(table_of(SubmissionVersion)), [version(row) for row in rows])
            connection.execute(insert(table_of(SubmissionText)), [words(row) for row in rows])
            if issues := [issue(row) for row in rows if row["issue_count"]]:
                connection.execute(insert(table_of(SubmissionIssue)), issues)


def submission(
    programme: Programme, wave: Wave, devices: Sequence[int], number: int, sites: int = 125
) -> dict[str, Any]:
    """The row of one submission; its id grows with its number."""
    received = FIRST + timedelta(seconds=30 * number)
    flagged = number % 10 == 3
    state = (
        "rejected" if number % 997 == 5 else "approved" if number % 3 == 0 else "has-issues" if flagged else "received"
    )
    return {
        "programme_id": programme.id,
        "id": 10_000_000 + number,
        "form_row": wave.form_row,
        "version_id": None,
        "version": "1",
        "wave_id": wave.id,
        "instance_id": f"uuid:{number:08x}-0000-4000-8000-{number:012x}",
        "number": 1,
        "collected_on": wave.starts + timedelta(days=number % ((wave.ends - wave.starts).days + 1)),
        "started": received - timedelta(minutes=20),
        "ended": received,
        "received_at": received,
        "changed_at": received,
        "device_id": devices[number % len(devices)] if devices else None,
        "interviewer": f"EN{number % 120:03d}",
        "site_code": f"P{number % sites:04d}",
        "review_state": state,
        "issue_count": 1 if flagged else 0,
        "repeats": 0,
        "case_id": f"P{number % sites:04d}-D{number // sites:05d}-W{wave.ordinal}",
        "files": 1 if number % 50 == 0 else 0,
        "revision": 0,
    }


def version(row: dict[str, Any]) -> dict[str, Any]:
    """Its document."""
    number = row["id"] - 10_000_000
    answers = {"psu": row["site_code"], "age": 18 + number % 60, "safe": str(number % 2), "remark": _remark(number)}
    return {
        "programme_id": row["programme_id"],
        "submission_id": row["id"],
        "number": 1,
        "form_row": row["form_row"],
        "instance_id": row["instance_id"],
        "sha256": f"{number:064x}",
        "source": "phone",
        "received_at": row["received_at"],
        "answers": json.dumps(answers, ensure_ascii=False),
        "xml": b"<data/>",
    }


def words(row: dict[str, Any]) -> dict[str, Any]:
    """Its words."""
    facts = (row["case_id"], row["interviewer"], row["site_code"])
    found = words_of(row["instance_id"], facts, [_remark(row["id"] - 10_000_000)])
    return {
        "programme_id": row["programme_id"],
        "submission_id": row["id"],
        "words": with_phone(found, row["device_id"]),
    }


def issue(row: dict[str, Any]) -> dict[str, Any]:
    """What is odd about it."""
    kind = "unknown-site" if row["id"] % 4000 == 3 else "constraint"
    own = {"programme_id": row["programme_id"], "submission_id": row["id"], "ordinal": 1, "number": 1}
    return {**own, "kind": kind, "path": "/data/age", "detail": "12"}


def _remark(number: int) -> str:
    return "Machete encontrado" if number % 9999 == 7 else REMARKS[number % len(REMARKS)]
