"""The interviews of a wave as a typed frame; only what is new or changed since the last time is read again.

What was read is kept as columns in memory, and in files beside the database for the next process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from survey_server.db.columns import Column, Texts, columns_of, frame_of, joined, taken, without
from survey_server.db.kept_columns import KeptColumns, read_columns, write_columns
from survey_server.db.models import Site, Submission, SubmissionVersion, Wave, WaveSite
from survey_server.db.sites import COLUMNS as SITE_COLUMNS

_LOOK_BACK = timedelta(minutes=10)
"""Other servers' clocks and open transactions: what changed shortly before the last look is looked at again."""

_AT_ONCE = 1000
_WAVES_KEPT = 64
_FACTS = (
    *("_row", "_changed", "_id", "_received_at", "_collected_on", "_started", "_ended", "_interviewer", "_version"),
    *("_issues", "_review_state", "_repeats", "_site"),
)
_INSTANTS = ("_received_at", "_collected_on", "_started", "_ended")
_TEXTS = ("_id", "_interviewer", "_version", "_review_state", "_site")
_IDS = ("_row", "_changed")


@dataclass
class _Kept:
    """A wave's columns in this process; `lock` is held while they grow."""

    columns: KeptColumns
    lock: Lock = field(default_factory=Lock)


_kept: dict[tuple[str, int, int], _Kept] = {}
_kept_lock = Lock()


def wave_frame(session: Session, wave: Wave) -> pd.DataFrame:
    """One row per submission of the wave, in the order of arrival.

    Columns: the answers by their names (numbers as float, the rest as categories, several choices separated by
    spaces, blank is missing), the site table as `site.*`, and `_id` (texts), `_received_at`, `_collected_on`,
    `_started`, `_ended`, `_interviewer`, `_version`, `_issues` (their count), `_review_state`, `_repeats`, `_site`,
    `_wave`. The answers inside repeats are in `repeat_frame`.
    """
    answers = _in_order(_look_again(session, wave).answers, "_row")
    codes = answers["_site"]
    assert isinstance(codes, Texts)
    sites, known = _site_columns(session, wave)
    places = np.array([known.get(code, -1) for code in codes.distinct] + [-1], dtype=np.intp)
    facts = {name: column for name, column in answers.items() if name not in _IDS}
    frame = frame_of({**facts, **taken(sites, places[codes.places])})
    frame["_id"] = frame["_id"].astype(object)
    frame["_collected_on"] = frame["_collected_on"].dt.tz_localize(None)
    frame["_wave"] = wave.ordinal
    return frame


def repeat_frame(session: Session, wave: Wave, repeat: str) -> pd.DataFrame:
    """One row per instance of `repeat`, with its submission's `_id` and its `_position` from 1."""
    columns = _look_again(session, wave).repeats.get(repeat)
    if columns is None:
        return pd.DataFrame({"_id": np.array([], dtype=object), "_position": np.array([], dtype=float)})
    frame = frame_of(
        {name: column for name, column in _in_order(columns, "_row", "_position").items() if name != "_row"}
    )
    return frame.assign(_id=frame["_id"].astype(object))


def _in_order(columns: dict[str, Column], *names: str) -> dict[str, Column]:
    keys = [column for name in reversed(names) if not isinstance(column := columns[name], Texts)]
    return taken(columns, np.lexsort(keys))


def _look_again(session: Session, wave: Wave) -> KeptColumns:
    """The wave as it now is, reading only what changed since the last look."""
    path = _path_of(session, wave)
    kept = _kept_of(session, wave, path)
    with kept.lock:
        columns = kept.columns
        count, latest = _extent(session, wave)
        if columns.looked_until and (latest is None or latest < columns.looked_until):  # an older state was restored
            columns = KeptColumns()
        changed = _find_changes(session, wave, columns)
        if len(np.union1d(_rows(columns), changed)) != count:  # some were moved to another wave, or deleted
            columns = KeptColumns()
            changed = _find_changes(session, wave, columns)
        if len(changed) or columns is not kept.columns or not columns.answers:
            kept.columns = _grown(session, wave, columns, changed)
            kept.columns.looked_until = latest
            if path is not None:
                write_columns(path, kept.columns)
        return kept.columns


def _grown(session: Session, wave: Wave, columns: KeptColumns, changed: NDArray[np.int64]) -> KeptColumns:
    """The columns with the changed submissions as they are now; the old value stays as it was for who holds it."""
    kept = KeptColumns(dict(columns.answers) or _nothing(), dict(columns.repeats))
    known = np.isin(_rows(kept), changed)
    if known.any():
        kept.answers = without(kept.answers, ~known)
        kept.repeats = {name: without(one, ~np.isin(_ids(one), changed)) for name, one in kept.repeats.items()}
    for start in range(0, len(changed), _AT_ONCE):
        _take(session, wave, kept, changed[start : start + _AT_ONCE].tolist())
    return kept


def _nothing() -> dict[str, Column]:
    """The columns that every wave has, before anything came."""
    none = Texts(np.array([], dtype=np.int32), np.array([], dtype=object))
    kinds: dict[str, Column] = {name: np.array([], dtype=np.float64) for name in _FACTS}
    kinds |= {name: np.array([], dtype="datetime64[us]") for name in _INSTANTS}
    kinds |= {name: np.array([], dtype=np.int64) for name in _IDS}
    return kinds | dict.fromkeys(_TEXTS, none)


def _rows(columns: KeptColumns) -> NDArray[np.int64]:
    return _ids(columns.answers) if columns.answers else np.array([], dtype=np.int64)


def _ids(columns: dict[str, Column]) -> NDArray[np.int64]:
    rows = columns["_row"]
    assert not isinstance(rows, Texts)
    return rows


def _path_of(session: Session, wave: Wave) -> Path | None:
    folder = session.info.get("frames_folder")
    return Path(folder) / f"{wave.programme_id}-{wave.id}.columns" if folder else None


def _kept_of(session: Session, wave: Wave, path: Path | None) -> _Kept:
    key = (str(session.get_bind().engine.url), wave.programme_id, wave.id)
    with _kept_lock:
        kept = _kept.pop(key, None) or _Kept(read_columns(path) if path else KeptColumns())
        _kept[key] = kept  # the last used is the last in order
        while len(_kept) > _WAVES_KEPT:
            del _kept[next(iter(_kept))]
    return kept


def _extent(session: Session, wave: Wave) -> tuple[int, datetime | None]:
    """How many submissions the wave has, and when the latest change was: both from one index."""
    query = select(func.count(), func.max(Submission.changed_at)).where(
        Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id
    )
    count, latest = session.execute(query).one()
    return count, latest


def _find_changes(session: Session, wave: Wave, columns: KeptColumns) -> NDArray[np.int64]:
    """The submissions that are new or have changed since we looked: a walk over an index."""
    changed_at = type_coerce(Submission.changed_at, BigInteger)  # milliseconds, compared as they are kept
    query = select(Submission.id, changed_at).where(
        Submission.programme_id == wave.programme_id, Submission.wave_id == wave.id
    )
    since = columns.looked_until and columns.looked_until - _LOOK_BACK
    found = session.execute(query if since is None else query.where(Submission.changed_at >= since)).all()
    rows, ticks = np.array([tuple(row) for row in found], dtype=np.int64).reshape(-1, 2).T
    if since is None:
        return rows
    known_rows, known_ticks = _changed_since(columns, since)
    place = np.minimum(np.searchsorted(known_rows, rows), max(len(known_rows) - 1, 0))
    if not len(known_rows):
        return rows
    changed: NDArray[np.int64] = rows[(known_rows[place] != rows) | (known_ticks[place] != ticks * _MICROSECONDS)]
    return changed


def _changed_since(columns: KeptColumns, since: datetime) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that we know to have changed since then, in order, with the instant of each."""
    changed = columns.answers["_changed"]
    assert not isinstance(changed, Texts)
    recent = changed >= _ticks(since)
    rows, instants = _rows(columns)[recent], changed[recent]
    order = np.argsort(rows)
    return rows[order], instants[order]


def _ticks(moment: datetime) -> int:
    """Whole microseconds since 1970: an instant as a number that compares exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1000


def _take(session: Session, wave: Wave, kept: KeptColumns, rows: Sequence[int]) -> None:
    """Read these submissions and set them below the others."""
    answers: list[dict[str, Any]] = []
    repeats: dict[str, list[dict[str, Any]]] = {}
    for facts, text in _read(session, wave, rows):
        flat, nested = _split(json.loads(text))
        answers.append({**flat, **facts, "_changed": _ticks(facts["_changed"])})
        for name, instances in nested.items():
            own = {"_row": facts["_row"], "_id": facts["_id"]}
            lines = [{**_split(one)[0], **own, "_position": number} for number, one in enumerate(instances, 1)]
            repeats.setdefault(name, []).extend(lines)
    kept.answers = _below(kept.answers, answers)
    for name, lines in repeats.items():
        kept.repeats[name] = _below(kept.repeats.get(name, {}), lines)


def _below(columns: dict[str, Column], rows: list[dict[str, Any]]) -> dict[str, Column]:
    made = columns_of(rows)
    for name in _IDS:
        if name in made:  # ids and microseconds have more digits than a float
            made[name] = np.array([row[name] for row in rows], dtype=np.int64)
    return joined(columns, made, len(columns["_row"])) if columns else made


def _read(session: Session, wave: Wave, rows: Sequence[int]) -> Iterator[tuple[dict[str, Any], str]]:
    version = SubmissionVersion
    query = (
        select(
            Submission.id,
            Submission.changed_at,
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
        elif value is not None:
            flat[name] = value
    return flat, nested


def _site_columns(session: Session, wave: Wave) -> tuple[dict[str, Column], dict[str, int]]:
    """The sites of the programme as columns `site.*`, and the place of each code; the wave's own values go before."""
    own = (WaveSite.programme_id == Site.programme_id) & (WaveSite.site_id == Site.id) & (WaveSite.wave_id == wave.id)
    facts = [getattr(Site, name) for name in SITE_COLUMNS]
    query = (
        select(Site.code, WaveSite.weight, WaveSite.target, Site.extra, *facts)
        .outerjoin(WaveSite, own)
        .where(Site.programme_id == wave.programme_id)
        .order_by(Site.code)
    )
    names = [f"site.{name}" for name in SITE_COLUMNS]
    rows: dict[str, dict[str, Any]] = {}
    for code, weight, target, extra, *values in session.execute(query):
        row = dict(zip(names, values, strict=True)) | {f"site.{name}": value for name, value in extra.items()}
        if weight is not None:
            row["site.weight"] = weight
        if target is not None:
            row["site.target"] = target
        rows[code] = row
    columns = columns_of(list(rows.values())) or {f"site.{name}": np.array([]) for name in SITE_COLUMNS}
    return columns, {code: place for place, code in enumerate(rows)}
