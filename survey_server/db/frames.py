"""The interviews of a wave as a typed frame; only what is new or changed since the last time is read again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey_server.db.columns import Column, columns_of, joined, without
from survey_server.db.models import Site, Submission, SubmissionVersion, Wave, WaveSite
from survey_server.db.sites import COLUMNS as SITE_COLUMNS

_LOOK_BACK = timedelta(minutes=10)
"""Other servers' clocks and open transactions: what changed shortly before the last look is looked at again."""

_AT_ONCE = 1000
_WAVES_KEPT = 64
_FACTS = (
    *("_row", "_id", "_received_at", "_collected_on", "_started", "_ended", "_interviewer", "_version"),
    *("_issues", "_review_state", "_repeats", "_site"),
)
_INSTANTS = ("_received_at", "_started", "_ended")


@dataclass
class _Kept:
    """What is known of a wave: its answers and repeats as columns, when each row changed, how far we have looked."""

    answers: dict[str, Column] = field(default_factory=dict)
    repeats: dict[str, dict[str, Column]] = field(default_factory=dict)
    changes: dict[int, datetime] = field(default_factory=dict)
    looked_until: datetime | None = None
    lock: Lock = field(default_factory=Lock)

    def start_again(self) -> None:
        """Forget everything."""
        self.answers, self.repeats, self.changes, self.looked_until = {}, {}, {}, None


_kept: dict[tuple[str, int, int], _Kept] = {}
_kept_lock = Lock()


def wave_frame(session: Session, wave: Wave) -> pd.DataFrame:
    """One row per submission of the wave, in the order of arrival.

    Columns: the answers by their names (numbers as float, the rest as text, several choices separated by spaces,
    blank is missing), the site table as `site.*`, and `_id`, `_received_at`, `_collected_on`, `_started`, `_ended`,
    `_interviewer`, `_version`, `_issues` (their count), `_review_state`, `_repeats`, `_site`, `_wave`.
    The answers inside repeats are in `repeat_frame`.
    """
    kept = _look_again(session, wave)
    frame = pd.DataFrame(kept.answers or {name: np.array([]) for name in _FACTS})
    frame = frame.sort_values("_row", ignore_index=True).drop(columns="_row")
    for name in _INSTANTS:
        frame[name] = pd.to_datetime(frame[name], utc=True)
    frame["_collected_on"] = pd.to_datetime(frame["_collected_on"])
    frame["_wave"] = wave.ordinal
    sites = _site_frame(session, wave)
    matched = sites.reindex(frame["_site"]).reset_index(drop=True)
    return pd.concat([frame, matched], axis=1)


def repeat_frame(session: Session, wave: Wave, repeat: str) -> pd.DataFrame:
    """One row per instance of `repeat`, with its submission's `_id` and its `_position` from 1."""
    kept = _look_again(session, wave)
    columns = kept.repeats.get(repeat) or {"_row": np.array([]), "_id": np.array([]), "_position": np.array([])}
    frame = pd.DataFrame(columns).sort_values(["_row", "_position"], ignore_index=True)
    return frame.drop(columns="_row")


def _look_again(session: Session, wave: Wave) -> _Kept:
    """The wave as it now is, reading only what changed since the last look."""
    kept = _kept_of(session, wave)
    with kept.lock:
        changed = _find_changes(session, wave, kept)
        if len(kept.changes.keys() | changed.keys()) != _count(session, wave):  # some were moved to another wave
            kept.start_again()
            changed = _find_changes(session, wave, kept)
        _forget(kept, [row for row in changed if row in kept.changes])
        rows = list(changed)
        for start in range(0, len(rows), _AT_ONCE):
            _take(session, wave, kept, rows[start : start + _AT_ONCE])
        kept.changes |= changed
        kept.looked_until = max(kept.changes.values(), default=None) if changed else kept.looked_until
        return _Kept(dict(kept.answers), dict(kept.repeats))


def _kept_of(session: Session, wave: Wave) -> _Kept:
    key = (str(session.get_bind().engine.url), wave.programme_id, wave.id)
    with _kept_lock:
        kept = _kept.pop(key, None) or _Kept()
        _kept[key] = kept  # the last used is the last in order
        while len(_kept) > _WAVES_KEPT:
            del _kept[next(iter(_kept))]
    return kept


def _count(session: Session, wave: Wave) -> int:
    query = select(func.count()).where(Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id)
    return session.scalar(query) or 0


def _find_changes(session: Session, wave: Wave, kept: _Kept) -> dict[int, datetime]:
    """The submissions that are new or have changed, with the time of their change: a walk over an index."""
    query = select(Submission.id, Submission.changed_at).where(
        Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id
    )
    if kept.looked_until is not None:
        query = query.where(Submission.changed_at >= kept.looked_until - _LOOK_BACK)
    rows = session.execute(query)
    return {row: changed_at for row, changed_at in rows if kept.changes.get(row) != changed_at}


def _forget(kept: _Kept, rows: Sequence[int]) -> None:
    if not rows:
        return
    kept.answers = without(kept.answers, ~np.isin(kept.answers["_row"], rows))
    kept.repeats = {name: without(columns, ~np.isin(columns["_row"], rows)) for name, columns in kept.repeats.items()}


def _take(session: Session, wave: Wave, kept: _Kept, rows: Sequence[int]) -> None:
    """Read these submissions and set them below the others."""
    answers: list[dict[str, Any]] = []
    repeats: dict[str, list[dict[str, Any]]] = {}
    for facts, text in _read(session, wave, rows):
        flat, nested = _split(json.loads(text))
        answers.append({**flat, **facts})
        for name, instances in nested.items():
            own = {"_row": facts["_row"], "_id": facts["_id"]}
            lines = [{**_split(one)[0], **own, "_position": number} for number, one in enumerate(instances, 1)]
            repeats.setdefault(name, []).extend(lines)
    kept.answers = _below(kept.answers, answers)
    for name, lines in repeats.items():
        kept.repeats[name] = _below(kept.repeats.get(name, {}), lines)


def _below(columns: dict[str, Column], rows: list[dict[str, Any]]) -> dict[str, Column]:
    made = columns_of(rows)
    made["_row"] = np.array([row["_row"] for row in rows], dtype=np.int64)  # ids have more digits than a float
    return joined(columns, made, len(columns["_row"])) if columns else made


def _read(session: Session, wave: Wave, rows: Sequence[int]) -> Iterator[tuple[dict[str, Any], str]]:
    version = SubmissionVersion
    query = (
        select(
            Submission.id,
            Submission.instance_id,
            Submission.received_at,
            Submission.collected_on,
            Submission.started,
            Submission.ended,
            Submission.interviewer,
            Submission.version,
            Submission.issue_count,
            Submission.review_state,
            Submission.repeats,
            Submission.site_code,
            version.answers,
        )
        .join(
            version,
            (version.programme_id == Submission.programme_id)
            & (version.submission_id == Submission.id)
            & (version.number == Submission.number),
        )
        .where(Submission.programme_id == wave.programme_id, Submission.id.in_(rows))
    )
    for row in session.execute(query):
        *facts, answers = row
        yield dict(zip(_FACTS, facts, strict=True)), answers


def _split(answers: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The answers that fit one cell each, and the repeats."""
    flat: dict[str, Any] = {}
    nested: dict[str, list[dict[str, Any]]] = {}
    for name, value in answers.items():
        if isinstance(value, list):
            if value and isinstance(value[0], dict):
                nested[name] = value
            else:
                flat[name] = " ".join(value)
        else:
            flat[name] = value
    return flat, nested


def _site_frame(session: Session, wave: Wave) -> pd.DataFrame:
    """The sites of the programme by code, as columns `site.*`; what the wave says about a site goes before."""
    own = (WaveSite.programme_id == Site.programme_id) & (WaveSite.site_id == Site.id) & (WaveSite.wave_id == wave.id)
    query = (
        select(Site, WaveSite.weight, WaveSite.target)
        .outerjoin(WaveSite, own)
        .where(Site.programme_id == wave.programme_id)
        .order_by(Site.code)
    )
    rows: dict[str, dict[str, Any]] = {}
    for site, weight, target in session.execute(query):
        facts = {f"site.{name}": getattr(site, name) for name in SITE_COLUMNS}
        facts |= {f"site.{name}": value for name, value in site.extra.items()}
        facts["site.weight"] = site.weight if weight is None else weight
        facts["site.target"] = site.target if target is None else target
        rows[site.code] = facts
    columns = columns_of(list(rows.values())) or {f"site.{name}": np.array([]) for name in SITE_COLUMNS}
    return pd.DataFrame(columns, index=pd.Index(list(rows), dtype=object))
