"""How far the fieldwork is: counts by wave, site, day and kind of issue. No answers, no arms, no weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from survey_server.db.access.scopes import restricted_forms
from survey_server.db.models import (
    Conflict,
    Form,
    FormVersion,
    Programme,
    Quarantine,
    Site,
    Submission,
    SubmissionIssue,
    Wave,
    WaveSite,
)


@dataclass(frozen=True)
class WaveProgress:
    """One wave with its counts."""

    wave_id: int
    form_id: str
    titles: dict[str, str]
    ordinal: int
    name: str
    starts: date
    ends: date
    state: str
    received: int
    with_issues: int
    last_received: datetime | None
    sites_planned: int
    sites_reached: int
    target: int


@dataclass(frozen=True)
class SiteProgress:
    """One site of a wave: planned, or found in submissions though nobody planned it."""

    code: str
    name: str
    department: str
    planned: bool
    target: int | None
    received: int
    with_issues: int
    last_received: datetime | None
    site_id: int | None = None
    department_code: str = ""
    municipality: str = ""

    @property
    def done(self) -> bool:
        """Whether the target is reached; where none is set, whether anything came."""
        return self.received >= (self.target or 1)


@dataclass(frozen=True)
class DayProgress:
    """The submissions that were collected on one day; None where the instance doesn't say."""

    day: date | None
    received: int
    with_issues: int


@dataclass(frozen=True)
class IssueCount:
    """How many submissions have an open issue of this kind."""

    kind: str
    submissions: int


@dataclass(frozen=True)
class FormSummary:
    """One form with its versions, the newest first."""

    form_id: str
    titles: dict[str, str]
    versions: tuple[tuple[str, datetime, int], ...]
    """(version, published at, submissions)."""


@dataclass(frozen=True)
class Waiting:
    """What waits for somebody of the office."""

    quarantined: int
    conflicts: int
    outside: int
    """Submissions that belong to no wave."""


_FLAGGED = func.coalesce(func.sum(case((Submission.issue_count > 0, 1), else_=0)), 0)


def list_waves(session: Session, programme: Programme) -> list[WaveProgress]:
    """Every wave of the programme with its counts, by form and order; restricted reports are on no such list."""
    rows = session.execute(
        select(Wave, Form.form_id, FormVersion.titles)
        .join(Form, and_(Form.programme_id == Wave.programme_id, Form.id == Wave.form_row))
        .outerjoin(
            FormVersion,
            and_(FormVersion.programme_id == Form.programme_id, FormVersion.id == Form.current_version_id),
        )
        .where(Wave.programme_id == programme.id, Wave.form_row.not_in(restricted_forms(session, programme.id)))
        .order_by(Form.form_id.desc(), Wave.ordinal)
    ).all()
    counts = _counts_by_wave(session, programme)
    planned = _planned_by_wave(session, programme)
    return [
        WaveProgress(
            wave_id=wave.id,
            form_id=form_id,
            titles=titles or {},
            ordinal=wave.ordinal,
            name=wave.name,
            starts=wave.starts,
            ends=wave.ends,
            state=wave.state,
            **counts.get(wave.id, _Counts())._asdict(),
            **planned.get(wave.id, _Planned())._asdict(),
        )
        for wave, form_id, titles in rows
    ]


def list_sites(session: Session, programme: Programme, wave_id: int) -> list[SiteProgress]:
    """The planned sites of a wave and those that came unplanned, by department and code."""
    found = {
        row.site_code: row
        for row in session.execute(
            select(
                Submission.site_code,
                func.count().label("received"),
                _FLAGGED.label("with_issues"),
                func.max(Submission.received_at).label("last_received"),
            )
            .where(*_in_wave(programme, wave_id), Submission.site_code.is_not(None))
            .group_by(Submission.site_code)
        )
    }
    known = {
        site.code: site
        for site in session.execute(
            select(
                Site.id,
                Site.code,
                Site.name,
                Site.department,
                Site.municipality,
                Site.extra,
                func.coalesce(WaveSite.target, Site.target).label("target"),
            )
            .join(WaveSite, and_(WaveSite.programme_id == Site.programme_id, WaveSite.site_id == Site.id))
            .where(Site.programme_id == programme.id, WaveSite.wave_id == wave_id, WaveSite.reserve.is_(False))
        )
    }
    sites = [
        SiteProgress(
            code=code,
            name=known[code].name if code in known else "",
            department=_department(known[code]) if code in known else "",
            planned=code in known,
            target=known[code].target if code in known else None,
            received=found[code].received if code in found else 0,
            with_issues=int(found[code].with_issues) if code in found else 0,
            last_received=found[code].last_received if code in found else None,
            site_id=known[code].id if code in known else None,
            department_code=str(known[code].department or "") if code in known else "",
            municipality=str(known[code].municipality or "") if code in known else "",
        )
        for code in known.keys() | found.keys()
    ]
    return sorted(sites, key=lambda site: (not site.planned, site.department, site.code))


def list_days(session: Session, programme: Programme, wave_id: int) -> list[DayProgress]:
    """The wave's submissions by the day on which they were collected."""
    # By site and day, in the order of the index that holds both: by day alone every submission would be looked up.
    rows = session.execute(
        select(Submission.site_code, Submission.collected_on, func.count(), _FLAGGED)
        .where(*_in_wave(programme, wave_id))
        .group_by(Submission.site_code, Submission.collected_on)
    )
    counts: dict[date | None, list[int]] = {}
    for _, day, received, flagged in rows:
        so_far = counts.setdefault(day, [0, 0])
        so_far[0] += received
        so_far[1] += int(flagged)
    days = [DayProgress(day, *numbers) for day, numbers in counts.items()]
    return sorted(days, key=lambda each: (each.day is None, each.day or date.min))


def list_issue_counts(session: Session, programme: Programme, wave_id: int | None = None) -> list[IssueCount]:
    """The kinds of open issues, the most frequent first; of one wave, or of the programme."""
    query = (
        select(SubmissionIssue.kind, func.count(func.distinct(SubmissionIssue.submission_id)).label("n"))
        .where(SubmissionIssue.programme_id == programme.id, SubmissionIssue.resolved_at.is_(None))
        .group_by(SubmissionIssue.kind)
    )
    if away := restricted_forms(session, programme.id):
        hidden = select(Submission.id).where(Submission.programme_id == programme.id, Submission.form_row.in_(away))
        query = query.where(SubmissionIssue.submission_id.not_in(hidden))
    if wave_id is not None:
        query = query.join(
            Submission,
            and_(
                Submission.programme_id == SubmissionIssue.programme_id,
                Submission.id == SubmissionIssue.submission_id,
            ),
        ).where(Submission.wave_id == wave_id)
    counts = [IssueCount(kind, n) for kind, n in session.execute(query)]
    return sorted(counts, key=lambda count: (-count.submissions, count.kind))


def list_forms(session: Session, programme: Programme) -> list[FormSummary]:
    """The forms of the programme with their versions and how many submissions each has, those in use first."""
    counts: dict[int | None, int] = dict(
        session.execute(
            select(Submission.version_id, func.count())
            .where(Submission.programme_id == programme.id)
            .group_by(Submission.version_id)
        ).all()
    )
    rows = session.execute(
        select(Form.form_id, FormVersion.id, FormVersion.version, FormVersion.titles, FormVersion.published_at)
        .join(Form, and_(Form.programme_id == FormVersion.programme_id, Form.id == FormVersion.form_row))
        .where(FormVersion.programme_id == programme.id, Form.id.not_in(restricted_forms(session, programme.id)))
        .order_by(Form.form_id, FormVersion.published_at.desc())
    )
    forms: dict[str, tuple[dict[str, str], list[tuple[str, datetime, int]]]] = {}
    for form_id, version_id, version, titles, published_at in rows:
        _, versions = forms.setdefault(form_id, (titles, []))
        versions.append((version, published_at, counts.get(version_id, 0)))
    found = [FormSummary(form_id, titles, tuple(versions)) for form_id, (titles, versions) in forms.items()]
    return sorted(found, key=lambda form: -sum(received for _, _, received in form.versions))


def count_waiting(session: Session, programme: Programme) -> Waiting:
    """What nobody has looked at yet: quarantine, conflicts, submissions outside every wave."""

    def count(table: type[Quarantine | Conflict | Submission], open_: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(table).where(table.programme_id == programme.id, open_)
        return session.scalar(query) or 0

    return Waiting(
        quarantined=count(Quarantine, Quarantine.resolved_at.is_(None)),
        conflicts=count(Conflict, Conflict.resolved_at.is_(None)),
        outside=count(
            Submission,
            and_(Submission.wave_id.is_(None), Submission.form_row.not_in(restricted_forms(session, programme.id))),
        ),
    )


def _department(site: Any) -> str:
    """The department's name where the office has given one, else its code."""
    return str(site.extra.get("department_name") or site.department or "")


def _in_wave(programme: Programme, wave_id: int) -> Sequence[ColumnElement[bool]]:
    return Submission.programme_id == programme.id, Submission.wave_id == wave_id


class _Counts(NamedTuple):
    received: int = 0
    with_issues: int = 0
    last_received: datetime | None = None
    sites_reached: int = 0


class _Planned(NamedTuple):
    sites_planned: int = 0
    target: int = 0


def _counts_by_wave(session: Session, programme: Programme) -> dict[int, _Counts]:
    rows = session.execute(
        select(
            Submission.wave_id,
            func.count(),
            _FLAGGED,
            func.max(Submission.received_at),
            func.count(func.distinct(Submission.site_code)),
        )
        .where(Submission.programme_id == programme.id, Submission.wave_id.is_not(None))
        .group_by(Submission.wave_id)
    )
    return {wave_id: _Counts(n, int(flagged), last, sites) for wave_id, n, flagged, last, sites in rows if wave_id}


def _planned_by_wave(session: Session, programme: Programme) -> dict[int, _Planned]:
    rows = session.execute(
        select(
            WaveSite.wave_id,
            func.count(),
            func.coalesce(func.sum(func.coalesce(WaveSite.target, Site.target)), 0),
        )
        .join(Site, and_(Site.programme_id == WaveSite.programme_id, Site.id == WaveSite.site_id))
        .where(WaveSite.programme_id == programme.id, WaveSite.reserve.is_(False))
        .group_by(WaveSite.wave_id)
    )
    return {wave_id: _Planned(sites, int(target)) for wave_id, sites, target in rows}
