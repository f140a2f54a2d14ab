"""Sites: the sampling points as the office knows them, and which of them a wave visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.site_rows import SITE_POLICIES, read_site_policies, read_site_rows
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Site, Wave, WaveSite, new_id, now
from survey_server.problems import EditedMeanwhile, UnknownSite

COLUMNS = (
    "name",
    "country",
    "department",
    "municipality",
    "stratum",
    "arm",
    "area",
    "latitude",
    "longitude",
    "population",
    "target",
    "probability",
    "weight",
    "risk_tier",
)
"""What the office can say about a site besides its code; anything else goes to `extra`."""

OFFICE_ONLY = frozenset({"stratum", "arm", "weight", "probability"})
"""Columns that never leave the server for a phone: who knows the arm or the weight is not blind any more."""


def set_sites(session: Session, programme_id: int, rows: Iterable[Mapping[str, Any]], *, actor: str) -> int:
    """Add these sites, or change those whose code is known already; the rest stay. The number of rows.

    Values may be text, as a CSV has them; raises UnfitSites with every fault, and then nothing is changed.
    """
    known = {site.code: site for site in session.scalars(select(Site).where(Site.programme_id == programme_id))}
    added: list[dict[str, Any]] = []
    changed = 0
    for row in read_site_rows(rows):
        if (site := known.get(str(row["code"]))) is not None:
            _change(site, row)
            changed += 1
        else:
            added.append(_values(programme_id, row))
    if added:
        session.execute(insert(Site), added)
    session.flush()
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "set-sites", added=len(added), changed=changed)
    return len(added) + changed


def edit_site(
    session: Session, programme_id: int, site_id: int, row: Mapping[str, Any], *, seen: str, actor: str
) -> Site:
    """Change one site as somebody saw it; `seen` is what `stamp_of` said then.

    Raises EditedMeanwhile when another person has changed it since, UnfitSites, UnknownSite; then nothing is changed.
    """
    site = get_site_by_id(session, programme_id, site_id, for_update=True)
    if stamp_of(site.changed_at) != seen:
        raise EditedMeanwhile(f"{site.code} was changed while the page was open.", at=site.changed_at)
    made = read_site_rows([{"code": site.code, **row}], first_row=1)[0]
    before = {column: getattr(site, column) for column in (*COLUMNS, "policies", "extra")}
    _change(site, made)
    session.flush()
    touch_fieldwork(session, programme_id)
    changed = [column for column, value in before.items() if getattr(site, column) != value]
    add_audit(session, programme_id, actor, "edit-site", str(site.id), columns=changed)
    return site


def stamp_of(changed_at: datetime) -> str:
    """What a page carries to say which state of something it was made from."""
    return str(round(changed_at.timestamp() * 1000))


def get_site_by_id(session: Session, programme_id: int, site_id: int, *, for_update: bool = False) -> Site:
    """The site with this id; raises UnknownSite."""
    site = session.get(Site, (programme_id, site_id), with_for_update=for_update or None)
    if site is None:
        raise UnknownSite("There is no such site.")
    return site


def list_sites(session: Session, programme_id: int, wave: Wave | None = None) -> list[Site]:
    """The sites of the programme, or of one wave, by code."""
    query = select(Site).where(Site.programme_id == programme_id)
    if wave is not None:
        query = query.where(Site.id.in_(select(WaveSite.site_id).where(*_of(wave))))
    return list(session.scalars(query.order_by(Site.code)))


def get_site(session: Session, programme_id: int, code: str) -> Site:
    """The site with this code; raises UnknownSite."""
    site = session.scalar(select(Site).where(Site.programme_id == programme_id, Site.code == code))
    if site is None:
        raise UnknownSite(f"There is no site {code!r}.")
    return site


def set_wave_sites(session: Session, wave: Wave, codes: Sequence[str], *, actor: str) -> None:
    """The wave visits exactly these sites; raises UnknownSite."""
    known = dict(session.execute(select(Site.code, Site.id).where(Site.programme_id == wave.programme_id)).all())
    if missing := [code for code in codes if code not in known]:
        raise UnknownSite(f"There is no site {', '.join(map(repr, missing[:5]))}.")
    session.execute(delete(WaveSite).where(*_of(wave)))
    if codes:
        rows = [
            {"programme_id": wave.programme_id, "wave_id": wave.id, "site_id": known[code]}
            for code in dict.fromkeys(codes)
        ]
        session.execute(insert(WaveSite), rows)
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "set-wave-sites", str(wave.id), sites=len(codes))


def _values(programme_id: int, row: Mapping[str, Any]) -> dict[str, Any]:
    code = str(row["code"])
    values: dict[str, Any] = {column: row.get(column) for column in COLUMNS}
    values["name"] = values["name"] or code
    whole = {"programme_id": programme_id, "id": new_id(), "code": code, "changed_at": now()}
    return {**whole, "extra": _extra(row), "policies": read_site_policies(row), **values}


def _change(site: Site, row: Mapping[str, Any]) -> None:
    """Take over what the row speaks of; a column that the table doesn't have leaves the site as it is."""
    for column in COLUMNS:
        if column in row:
            setattr(site, column, row[column] or (site.code if column == "name" else row[column]))
    policies = {name: value for name, value in site.policies.items() if name not in row} | read_site_policies(row)
    site.policies = policies
    site.extra = {**site.extra, **_extra(row)}
    site.changed_at = max(now(), site.changed_at + timedelta(milliseconds=1))


def _extra(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {"code", *COLUMNS, *SITE_POLICIES}
    return {key: value for key, value in row.items() if key not in own}


def _of(wave: Wave) -> tuple[Any, Any]:
    return WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id
