"""Sites: the sampling points as the office knows them, and which of them a wave visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.fieldwork import touch_fieldwork
from survey_server.db.models import Site, Wave, WaveSite, new_id, now
from survey_server.db.site_rows import read_site_rows
from survey_server.problems import UnknownSite

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
    known = dict(session.execute(select(Site.code, Site.id).where(Site.programme_id == programme_id)).all())
    added, changed = [], []
    for row in read_site_rows(rows):
        values = _values(programme_id, row)
        if values["code"] in known:
            changed.append({**values, "id": known[values["code"]]})
        else:
            known[values["code"]] = values["id"] = new_id()
            added.append(values)
    if added:
        session.execute(insert(Site), added)
    if changed:
        session.execute(update(Site), changed)
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "set-sites", added=len(added), changed=len(changed))
    return len(added) + len(changed)


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
    extra = {key: value for key, value in row.items() if key not in COLUMNS and key != "code"}
    return {"programme_id": programme_id, "code": code, "extra": extra, "changed_at": now(), **values}


def _of(wave: Wave) -> tuple[Any, Any]:
    return WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id
