"""How long each question of an interview took, by its audit log: a table with bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from survey_server.db.media.pieces import list_media, open_media
from survey_server.db.review.listings import Whole
from survey_server.db.session import Session
from survey_server.problems import Problem
from survey_server.web.media import get_store
from survey_server.web.office.review.reading import parts_of
from survey_server.xlsform.received.trail import read_trail

AUDIT = "audit.csv"


@dataclass(frozen=True)
class TimedLine:
    """One question with its time."""

    label: str
    name: str
    seconds: float
    visits: int
    changes: int
    share: float
    """Of the longest, from 0 to 1: the length of its bar."""


@dataclass(frozen=True)
class Timeline:
    """The questions in the order in which they were first asked."""

    lines: tuple[TimedLine, ...]
    seconds: float
    events: tuple[tuple[str, datetime], ...]


def read_timeline(session: Session, whole: Whole, language: str) -> Timeline | None:
    """The times of the interview; None where it has no audit log, or one that can't be opened here."""
    content = _find_log(session, whole)
    if content is None:
        return None
    trail = read_trail(content)
    if not trail.questions:
        return None
    current = next(each for each in whole.versions if each.number == whole.submission.number)
    labels = {one.path: one.label for part in parts_of(session, whole, current.xml, language) for one in part.answers}
    longest = max(one.seconds for one in trail.questions) or 1.0
    lines = [
        TimedLine(
            labels.get(one.path, labels.get(one.path.replace("[1]", ""), "")),
            one.path.rpartition("/")[2],
            one.seconds,
            one.visits,
            one.changes,
            one.seconds / longest,
        )
        for one in trail.questions
    ]
    return Timeline(tuple(lines), trail.seconds, tuple(trail.events))


def _find_log(session: Session, whole: Whole) -> bytes | None:
    for instance_id in instance_ids(whole):
        for row in list_media(session, whole.submission.programme_id, instance_id):
            if row.name == AUDIT and row.completed_at is not None:
                try:
                    return open_media(session, get_store(), row, current_app.extensions.get("keyring"))
                except Problem:  # sealed to a key that isn't here, or gone from the disk
                    return None
    return None


def instance_ids(whole: Whole) -> Sequence[str]:
    """The ids under which files of this submission may have come, the newest version's first."""
    return list(dict.fromkeys([*(each.instance_id for each in whole.versions[::-1]), whole.submission.instance_id]))
