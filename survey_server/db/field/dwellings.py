"""Dwellings that were drawn for a wave, and their reserves, released one at a time with a reason."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Dwelling, Wave, now
from survey_server.problems import UnfitRelease

LEAST_REASON = 4


def list_dwellings(session: Session, wave: Wave, site_id: int | None = None) -> list[Dwelling]:
    """The dwellings that were drawn, in the order of their release; of one site, or of the whole wave."""
    query = select(Dwelling).where(Dwelling.programme_id == wave.programme_id, Dwelling.wave_id == wave.id)
    if site_id is not None:
        query = query.where(Dwelling.site_id == site_id)
    return list(session.scalars(query.order_by(Dwelling.site_id, Dwelling.position)))


def release_dwelling(session: Session, wave: Wave, site_id: int, replaces: int, reason: str, *, actor: str) -> Dwelling:
    """Release the next reserve dwelling of a site in the place of another; raises UnfitRelease."""
    why = checked_reason(reason)
    dwellings = list_dwellings(session, wave, site_id)
    open_ = {each.number for each in dwellings if not each.reserve or each.released_at}
    if replaces not in open_:
        raise UnfitRelease(f"Dwelling {replaces} isn't one that is visited.", why="not-here")
    if any(each.replaces == replaces for each in dwellings):
        raise UnfitRelease(f"Dwelling {replaces} has been replaced already.", why="replaced")
    following = next((each for each in dwellings if each.reserve and not each.released_at), None)
    if following is None:
        raise UnfitRelease("No reserve dwelling is left here.", why="none-left")
    following.released_at, following.released_by = now(), actor
    following.replaces, following.reason = replaces, why
    session.flush()
    touch_fieldwork(session, wave.programme_id)
    add_audit(
        session, wave.programme_id, actor, "release-dwelling", str(site_id), wave=wave.id, number=following.number
    )
    return following


def checked_reason(text: str) -> str:
    """Why something of the sample was changed, in one line; raises UnfitRelease where nothing is said."""
    why = " ".join(text.split())[:280]
    if len(why) < LEAST_REASON:
        raise UnfitRelease("Write why: it is kept with the sample.", why="no-reason")
    return why
