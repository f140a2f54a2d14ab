"""Stops of work: an area where nobody goes until somebody lifts the stop."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import STOP_COLUMNS, touch_fieldwork
from survey_server.db.models import Site, StopWork, now
from survey_server.problems import EditedMeanwhile, NotThere, UnfitStop

LEVELS = ("programme", "country", "department", "municipality", "site")


def order_stop(session: Session, programme_id: int, level: str, area: str, message: str, *, actor: str) -> StopWork:
    """Stop work in an area from now on; phones show the message at their next contact. Raises UnfitStop."""
    area, message = area.strip(), " ".join(message.split())[:280]
    if level not in LEVELS or not message or (level != "programme" and not area):
        raise UnfitStop("Choose an area and write what the teams have to know.", why="blank")
    if level != "programme" and not stopped_sites(session, programme_id, level, area):
        raise UnfitStop(f"There is no site in {area}: write the {level} as the table of sites has it.", why="no-site")
    stop = StopWork(
        programme_id=programme_id,
        level=level,
        area="" if level == "programme" else area,
        message=message,
        ordered_by=actor,
    )
    session.add(stop)
    session.flush()
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "stop-work", str(stop.id), level=level, area=stop.area)
    return stop


def lift_stop(session: Session, programme_id: int, stop_id: int, reason: str, *, actor: str) -> StopWork:
    """Let work go on; raises NotThere, UnfitStop without a reason, EditedMeanwhile when somebody has lifted it."""
    stop = session.get(StopWork, (programme_id, stop_id), with_for_update=True)
    if stop is None:
        raise NotThere("There is no such stop.")
    why = " ".join(reason.split())[:280]
    if not why:
        raise UnfitStop("Write why work may go on.", why="no-reason")
    if stop.lifted_at is not None:
        raise EditedMeanwhile("Somebody has lifted this stop already.", at=stop.lifted_at)
    stop.lifted_at, stop.lifted_by, stop.lifted_reason = now(), actor, why
    session.flush()
    touch_fieldwork(session, programme_id)
    add_audit(session, programme_id, actor, "lift-stop", str(stop.id))
    return stop


def list_stops(session: Session, programme_id: int, *, in_force: bool = False) -> list[StopWork]:
    """The stops, the newest first; only those that nobody has lifted when `in_force`."""
    query = select(StopWork).where(StopWork.programme_id == programme_id)
    if in_force:
        query = query.where(StopWork.lifted_at.is_(None))
    return list(session.scalars(query.order_by(StopWork.ordered_at.desc(), StopWork.id.desc())))


def covers(stop: StopWork, site: Site) -> bool:
    """Whether the stop holds at this site."""
    return stop.level == "programme" or getattr(site, STOP_COLUMNS[stop.level]) == stop.area


def find_stop(stops: Sequence[StopWork], site: Site) -> StopWork | None:
    """The stop that holds at this site, or None."""
    return next((stop for stop in stops if covers(stop, site)), None)


def stopped_sites(session: Session, programme_id: int, level: str, area: str) -> list[str]:
    """The codes of the sites in an area."""
    query = select(Site.code).where(Site.programme_id == programme_id)
    if level != "programme":
        query = query.where(getattr(Site, STOP_COLUMNS[level]) == area)
    return list(session.scalars(query.order_by(Site.code)))
