"""What intake has to know of a programme: its forms with their versions and waves, and which waves visit which site.

Kept in memory until the programme's field revision says that something of it has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from survey_server.db.models import (
    Erased,
    Form,
    FormVersion,
    Programme,
    Site,
    StopWork,
    Wave,
    WaveSite,
    Webhook,
    new_id,
)

_PROGRAMMES_KEPT = 32
STOP_COLUMNS = {"country": "country", "department": "department", "municipality": "municipality", "site": "code"}
"""What the area of a stop is compared with, by its level."""
NO_GPS_FROM_TIER = 3
Span = tuple[datetime, datetime | None]
"""From when, and until when if that is over."""


@dataclass(frozen=True)
class FormInField:
    """One form: its versions by text, the current one, and its waves in their order."""

    form_row: int
    current_version_id: int | None
    versions: Mapping[str, int]
    waves: Sequence[Wave]
    state: str = "open"


@dataclass(frozen=True)
class Fieldwork:
    """The state of a programme's fieldwork at one revision."""

    forms: Mapping[str, FormInField]
    sites: Mapping[str, frozenset[int]]
    """The waves that visit each site of the office's table."""
    waves_with_sites: frozenset[int]
    no_gps: frozenset[str] = frozenset()
    """Sites where no position may be taken."""
    stopped: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    """When work was stopped at a site."""
    has_erased: bool = False
    """Whether any interview of the programme was ever erased."""
    told: frozenset[str] = frozenset()
    """The events that some webhook is told of."""


def may_take_position(risk_tier: int | None, policies: Mapping[str, Any]) -> bool:
    """Whether one position may be taken at a site: never from tier 3 on, whatever else is written there."""
    return bool(policies.get("gps", True)) and (risk_tier or 0) < NO_GPS_FROM_TIER


def touch_fieldwork(session: Session, programme_id: int) -> None:
    """Say that forms, waves or sites have changed: every server reads them again before its next interview."""
    session.execute(
        update(Programme)
        .where(Programme.id == programme_id)
        .values(field_revision=new_id())
        .execution_options(synchronize_session=False)
    )


_kept: OrderedDict[tuple[str, int], tuple[int, Fieldwork]] = OrderedDict()
_lock = Lock()


def load_fieldwork(session: Session, programme_id: int, revision: int | None = None) -> Fieldwork:
    """The fieldwork of the programme at its present revision; `revision` when the caller has just read it."""
    if revision is None:
        revision = session.scalar(select(Programme.field_revision).where(Programme.id == programme_id)) or 0
    key = (str(session.get_bind().engine.url), programme_id)
    with _lock:
        kept = _kept.get(key)
    if kept is not None and kept[0] == revision:
        return kept[1]
    # In the same reading as the revision or a later one: at worst it is read once more than needed.
    found = Fieldwork(
        _read_forms(session, programme_id),
        *_read_sites(session, programme_id),
        no_gps=_read_no_gps(session, programme_id),
        stopped=_read_stopped(session, programme_id),
        has_erased=_has_erased(session, programme_id),
        told=_read_told(session, programme_id),
    )
    with _lock:
        _kept[key] = (revision, found)
        _kept.move_to_end(key)
        while len(_kept) > _PROGRAMMES_KEPT:
            _kept.popitem(last=False)
    return found


def _read_told(session: Session, programme_id: int) -> frozenset[str]:
    query = select(Webhook.events).where(Webhook.programme_id == programme_id, Webhook.stopped_at.is_(None))
    return frozenset(event for events in session.scalars(query) for event in events)


def _read_forms(session: Session, programme_id: int) -> dict[str, FormInField]:
    forms = session.execute(
        select(Form.id, Form.form_id, Form.current_version_id, Form.state).where(Form.programme_id == programme_id)
    ).all()
    versions = session.execute(
        select(FormVersion.form_row, FormVersion.version, FormVersion.id)
        .where(FormVersion.programme_id == programme_id)
        .order_by(FormVersion.id)  # of two rows with one version text the newer counts
    ).all()
    waves = session.scalars(select(Wave).where(Wave.programme_id == programme_id).order_by(Wave.ordinal)).all()
    return {
        form.form_id: FormInField(
            form_row=form.id,
            current_version_id=form.current_version_id,
            versions={row.version: row.id for row in versions if row.form_row == form.id},
            waves=[wave for wave in waves if wave.form_row == form.id],
            state=form.state,
        )
        for form in forms
    }


def _read_sites(session: Session, programme_id: int) -> tuple[dict[str, frozenset[int]], frozenset[int]]:
    codes = session.execute(select(Site.id, Site.code).where(Site.programme_id == programme_id)).all()
    visits = session.execute(
        select(WaveSite.site_id, WaveSite.wave_id).where(WaveSite.programme_id == programme_id)
    ).all()
    waves: dict[int, set[int]] = {}
    for visit in visits:
        waves.setdefault(visit.site_id, set()).add(visit.wave_id)
    sites = {row.code: frozenset(waves.get(row.id, ())) for row in codes}
    return sites, frozenset(visit.wave_id for visit in visits)


def _has_erased(session: Session, programme_id: int) -> bool:
    query = select(Erased.erased_at).where(Erased.programme_id == programme_id).limit(1)
    return session.execute(query).first() is not None


def _read_no_gps(session: Session, programme_id: int) -> frozenset[str]:
    sites = select(Site.code, Site.risk_tier, Site.policies).where(Site.programme_id == programme_id)
    return frozenset(row.code for row in session.execute(sites) if not may_take_position(row.risk_tier, row.policies))


def _read_stopped(session: Session, programme_id: int) -> dict[str, list[Span]]:
    """By site, whatever the area of the stop: few stops, and a site is looked up for every interview."""
    spans: dict[str, list[Span]] = {}
    stops = session.execute(
        select(StopWork.level, StopWork.area, StopWork.ordered_at, StopWork.lifted_at).where(
            StopWork.programme_id == programme_id
        )
    ).all()
    for stop in stops:
        query = select(Site.code).where(Site.programme_id == programme_id)
        if stop.level != "programme":
            query = query.where(getattr(Site, STOP_COLUMNS[stop.level]) == stop.area)
        for code in session.scalars(query):
            spans.setdefault(code, []).append((stop.ordered_at, stop.lifted_at))
    return spans
