"""The interviews of a wave as a typed frame; only what is new or changed since the last time is read again.

What was read is kept as columns in memory, and in files beside the database for the next process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Select, func, select, type_coerce
from sqlalchemy.orm import Session

from survey_server.db.analysis.changes import find_changes
from survey_server.db.analysis.columns import (
    Column,
    Texts,
    column_of,
    frame_of,
    instants_of,
    joined,
    taken,
    together,
    without,
)
from survey_server.db.analysis.growing import GrowingColumns, is_nested
from survey_server.db.analysis.kept_columns import KeptColumns, read_columns, write_columns
from survey_server.db.field.sites import COLUMNS as SITE_COLUMNS
from survey_server.db.models import Site, Submission, SubmissionVersion, Wave, WaveSite, is_current_version

_AT_ONCE = 2500
_PARSED_AT_ONCE = 100  # a few: they are still in the processor's cache when they are taken apart
_WAVES_KEPT = 64
_FACTS = (
    *("_row", "_changed", "_id", "_received_at", "_collected_on", "_started", "_ended", "_interviewer", "_version"),
    *("_issues", "_review_state", "_repeats", "_site"),
)
_MILLISECONDS = ("_received_at", "_started", "_ended")
_INSTANTS = (*_MILLISECONDS, "_collected_on")
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
    order = np.lexsort(keys)
    if (order[1:] > order[:-1]).all():
        return {name: column if isinstance(column, Texts) else column.copy() for name, column in columns.items()}
    return taken(columns, order)


def _look_again(session: Session, wave: Wave) -> KeptColumns:
    """The wave as it now is, reading only what changed since the last look."""
    path = _path_of(session, wave)
    kept = _kept_of(session, wave, path)
    with kept.lock:
        columns = kept.columns
        count, latest = _extent(session, wave)
        if columns.looked_until and (latest is None or latest < columns.looked_until):  # an older state was restored
            columns = KeptColumns()
        changed = find_changes(session, wave, columns)
        if len(np.union1d(_rows(columns), changed)) != count:  # some were moved to another wave, or deleted
            columns = KeptColumns()
            changed = find_changes(session, wave, columns)
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
    answers, facts = GrowingColumns(), []
    repeats = {name: [one] for name, one in kept.repeats.items()}
    for start in range(0, len(changed), _AT_ONCE):
        told, nested = _take(session, wave, changed[start : start + _AT_ONCE].tolist(), answers)
        facts.append(told)
        for name, lines in nested.items():
            repeats.setdefault(name, []).append(lines)
    grown = joined(kept.answers, answers.columns() | together(facts), len(_ids(kept.answers)))
    return KeptColumns(grown, {name: together(parts) for name, parts in repeats.items()})


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


def _take(
    session: Session, wave: Wave, rows: Sequence[int], answers: GrowingColumns
) -> tuple[dict[str, Column], dict[str, dict[str, Column]]]:
    """Add the answers of these submissions; gives back their facts, and the instances inside repeats by its name."""
    *told, texts = zip(*session.execute(_query(wave, rows)), strict=True)
    facts = dict(zip(_FACTS, told, strict=True))
    places: dict[str, list[int]] = {}
    repeats: dict[str, GrowingColumns] = {}
    for start in range(0, len(texts), _PARSED_AT_ONCE):
        documents = json.loads(f"[{','.join(texts[start : start + _PARSED_AT_ONCE])}]")
        for name, instances in answers.add(documents).items():
            lines = [{**_flat(one), "_position": at} for _, several in instances for at, one in enumerate(several, 1)]
            repeats.setdefault(name, GrowingColumns()).add(lines)
            places.setdefault(name, []).extend(start + place for place, several in instances for _ in several)
    nested = {name: lines.columns() | _whose(facts, places[name]) for name, lines in repeats.items()}
    return _fact_columns(facts), nested


def _whose(facts: Mapping[str, Sequence[Any]], places: Sequence[int]) -> dict[str, Column]:
    """For instances inside repeats: the submissions that they belong to."""
    row = np.array([facts["_row"][place] for place in places], dtype=np.int64)
    return {"_row": row, "_id": column_of([facts["_id"][place] for place in places])}


def _flat(instance: dict[str, Any]) -> dict[str, Any]:
    """The answers of one instance that fit one cell each."""
    return {name: value for name, value in instance.items() if not is_nested(value)}


def _fact_columns(facts: Mapping[str, Sequence[Any]]) -> dict[str, Column]:
    """Ids and milliseconds have more digits than a float: they are made into columns here."""
    columns: dict[str, Column] = {}
    for name, values in facts.items():
        if name == "_row":
            columns[name] = np.array(values, dtype=np.int64)
        elif name == "_changed":
            columns[name] = np.array(values, dtype=np.int64) * 1000
        else:
            columns[name] = instants_of(values) if name in _MILLISECONDS else column_of(values)
    return columns


def _query(wave: Wave, rows: Sequence[int]) -> Select[Any, *tuple[Any, ...]]:
    version = SubmissionVersion
    instants = (Submission.received_at, Submission.started, Submission.ended)
    received_at, started, ended = (type_coerce(instant, BigInteger) for instant in instants)
    return (
        select(
            Submission.id,
            type_coerce(Submission.changed_at, BigInteger),
            Submission.instance_id,
            received_at,
            Submission.collected_on,
            started,
            ended,
            Submission.interviewer,
            Submission.version,
            Submission.issue_count,
            Submission.review_state,
            Submission.repeats,
            Submission.site_code,
            version.answers,
        )
        .join(version, is_current_version())
        .where(Submission.programme_id == wave.programme_id, Submission.id.in_(rows))
    )


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
    columns = GrowingColumns()
    columns.add(list(rows.values()))
    found = columns.columns() or {f"site.{name}": np.array([]) for name in SITE_COLUMNS}
    return found, {code: place for place, code in enumerate(rows)}
