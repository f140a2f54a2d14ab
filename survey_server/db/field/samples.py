"""Samples as they were drawn, and the reserves that stand in for sites: one at a time, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.dwellings import checked_reason, list_dwellings
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Assignment, Dwelling, Sample, SampleUnit, Site, Wave, WaveSite, now
from survey_server.estimation.sampling import Drawn, Take, Unit, digest_frame, draw_dwellings, draw_sample, site_weight
from survey_server.problems import NotThere, UnfitRelease, UnfitWave


@dataclass(frozen=True)
class Released:
    """What came out of the reserve, and for what."""

    site: Site
    replaces: Site
    reason: str


def frame_of(session: Session, programme_id: int, method: str = "", *, country: str | None = None) -> list[Unit]:
    """The sites of the programme as units to draw: by population, spread over departments and municipalities.

    By population nobody can be drawn where nobody lives: posts, units and offices of the same table stay out of it.
    """
    query = select(Site).where(Site.programme_id == programme_id)
    if country:
        query = query.where(Site.country == country)
    return [
        Unit(site.code, site.stratum or "", site.population or 0.0, (site.department or "", site.municipality or ""))
        for site in session.scalars(query)
        if site.risk_tier != 4 and (method != "pps" or (site.population or 0) > 0)
    ]


def add_sample(
    session: Session, wave: Wave, units: list[Unit], plan: Mapping[str, Take], method: str, seed: str, *, actor: str
) -> Sample:
    """Draw and keep a sample of the wave; raises BadDesign."""
    drawn = draw_sample(units, plan, method, seed)
    sizes: dict[str, list[float]] = {}
    for unit in units:
        sizes.setdefault(unit.stratum, []).append(unit.size)
    sample = Sample(
        programme_id=wave.programme_id,
        wave_id=wave.id,
        method=method,
        seed=seed,
        frame_sha256=digest_frame(units),
        plan={
            name: {"n": take.n, "reserve": take.reserve, "units": len(sizes[name]), "size": sum(sizes[name])}
            for name, take in plan.items()
        },
        drawn_by=actor,
    )
    session.add(sample)
    session.flush()
    if drawn:
        session.execute(insert(SampleUnit), [_row(sample, place, each) for place, each in enumerate(drawn, 1)])
    add_audit(session, wave.programme_id, actor, "draw-sample", str(sample.id), method=method, seed=seed, n=len(drawn))
    return sample


def get_sample(session: Session, programme_id: int, sample_id: int) -> Sample:
    """The sample; raises NotThere."""
    sample = session.get(Sample, (programme_id, sample_id))
    if sample is None:
        raise NotThere("There is no such sample.")
    return sample


def list_samples(session: Session, programme_id: int) -> list[Sample]:
    """The samples, the last drawn first."""
    query = select(Sample).where(Sample.programme_id == programme_id)
    return list(session.scalars(query.order_by(Sample.drawn_at.desc(), Sample.id.desc())))


def list_units(session: Session, sample: Sample) -> list[SampleUnit]:
    """The units of a sample in the order of the draw."""
    query = select(SampleUnit).where(SampleUnit.programme_id == sample.programme_id, SampleUnit.sample_id == sample.id)
    return list(session.scalars(query.order_by(SampleUnit.position)))


def comes_out_again(session: Session, sample: Sample) -> bool | None:
    """Whether the same draw from today's sites gives the same sample; None when the sites have changed since."""
    units = frame_of(session, sample.programme_id, sample.method)
    if digest_frame(units) != sample.frame_sha256:
        return None
    plan = {name: Take(take["n"], take["reserve"]) for name, take in sample.plan.items()}
    again = draw_sample(units, plan, sample.method, sample.seed)
    kept = list_units(session, sample)
    return [(each.unit.code, each.reserve) for each in again] == [(unit.site_code, unit.reserve) for unit in kept]


def find_sample_in_use(session: Session, sample: Sample) -> int | None:
    """The id of the sample that the wave of this one visits; None while it uses none."""
    query = select(Sample.id).where(
        Sample.programme_id == sample.programme_id, Sample.wave_id == sample.wave_id, Sample.used_at.is_not(None)
    )
    return session.scalar(query.order_by(Sample.used_at.desc(), Sample.id.desc()).limit(1))


def use_sample(session: Session, sample: Sample, *, actor: str) -> None:
    """The wave visits exactly this sample, its reserves waiting; weights follow from the probabilities.

    Raises UnfitWave once the wave isn't planned any more: what is in the field isn't drawn anew.
    """
    wave = session.get_one(Wave, (sample.programme_id, sample.wave_id))
    if wave.state != "planned":
        raise UnfitWave(f"{wave.name} is {wave.state}: a sample is put to use before the wave opens.", why="in-field")
    sites = {site.code: site for site in session.scalars(select(Site).where(Site.programme_id == sample.programme_id))}
    of_wave = (WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id)
    session.execute(
        delete(Assignment).where(Assignment.programme_id == wave.programme_id, Assignment.wave_id == wave.id)
    )
    session.execute(delete(WaveSite).where(*of_wave))
    rows = []
    for unit in list_units(session, sample):
        site = sites.get(unit.site_code)
        if site is None:
            raise UnfitWave(f"The site {unit.site_code} isn't in the table any more: draw again.", why="gone")
        site.probability = unit.probability
        key = {"programme_id": wave.programme_id, "wave_id": wave.id, "site_id": site.id}
        rows.append({**key, "weight": 1 / unit.probability, "reserve": unit.reserve})
    session.execute(insert(WaveSite), rows)
    session.get_one(Sample, (sample.programme_id, sample.id)).used_at = now()
    session.flush()
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "use-sample", str(sample.id), wave=wave.id, sites=len(rows))


def substitute_site(session: Session, wave: Wave, site_id: int, reason: str, *, actor: str) -> Released:
    """Release the next reserve of the site's stratum in its place; raises UnfitRelease.

    The order is that of the draw: nobody chooses who stands in.
    """
    why = checked_reason(reason)
    line = session.get(WaveSite, (wave.programme_id, wave.id, site_id), with_for_update=True)
    site = session.get(Site, (wave.programme_id, site_id))
    if line is None or site is None or line.reserve:
        raise UnfitRelease("That site isn't one that the wave visits.", why="not-here")
    replaced = session.scalar(
        select(WaveSite.site_id).where(
            WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.replaces_id == site_id
        )
    )
    if replaced is not None:
        raise UnfitRelease(f"{site.code} has been replaced already.", why="replaced")
    found = _next_reserve(session, wave, site.stratum)
    if found is None:
        raise UnfitRelease("No reserve is left in the same stratum.", why="none-left")
    reserve, stand_in = found
    stand_in.reserve, stand_in.replaces_id, stand_in.reason = False, site_id, why
    line.reason = why
    session.flush()
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "substitute-site", str(site_id), wave=wave.id, by=reserve.id)
    return Released(reserve, site, why)


def list_substitutions(session: Session, wave: Wave) -> list[Released]:
    """The sites that were replaced in the wave, with what stands in for them and why."""
    query = select(WaveSite).where(
        WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.replaces_id.is_not(None)
    )
    lines = list(session.scalars(query))
    sites = {site.id: site for site in session.scalars(select(Site).where(Site.programme_id == wave.programme_id))}
    return [Released(sites[line.site_id], sites[line.replaces_id or 0], line.reason or "") for line in lines]


def count_reserves(session: Session, wave: Wave) -> int:
    """How many reserves nobody has released yet."""
    query = select(WaveSite.site_id).where(
        WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.reserve.is_(True)
    )
    return len(list(session.scalars(query)))


def draw_site_dwellings(
    session: Session, wave: Wave, site_id: int, listed: int, take: Take, seed: str, *, actor: str
) -> list[Dwelling]:
    """Draw the dwellings of a site from its list, once for the wave; the site's weight follows. Raises BadDesign."""
    if list_dwellings(session, wave, site_id):
        raise UnfitRelease("The dwellings of this site are drawn already; they aren't drawn twice.", why="drawn")
    line = session.get(WaveSite, (wave.programme_id, wave.id, site_id))
    site = session.get(Site, (wave.programme_id, site_id))
    if line is None or site is None:
        raise UnfitRelease("That site isn't in the wave.", why="not-here")
    drawn = draw_dwellings(listed, take, f"{seed}|{site.code}")
    key = {"programme_id": wave.programme_id, "wave_id": wave.id, "site_id": site_id}
    session.add_all(
        Dwelling(**key, number=number, position=position, reserve=reserve)
        for position, (number, reserve) in enumerate(drawn, 1)
    )
    line.target = take.n
    if site.probability:
        line.weight = site_weight(site.probability, take.n, listed)
    session.flush()
    touch_fieldwork(session, wave.programme_id)
    add_audit(session, wave.programme_id, actor, "draw-dwellings", str(site_id), wave=wave.id, listed=listed, seed=seed)
    return list_dwellings(session, wave, site_id)


def _next_reserve(session: Session, wave: Wave, stratum: str | None) -> tuple[Site, WaveSite] | None:
    """The reserve that the draw put first among those left."""
    query = (
        select(Site, WaveSite, SampleUnit.position)
        .join(WaveSite, and_(WaveSite.programme_id == Site.programme_id, WaveSite.site_id == Site.id))
        .join(Sample, and_(Sample.programme_id == WaveSite.programme_id, Sample.wave_id == WaveSite.wave_id))
        .join(
            SampleUnit,
            and_(
                SampleUnit.programme_id == Sample.programme_id,
                SampleUnit.sample_id == Sample.id,
                SampleUnit.site_code == Site.code,
            ),
        )
        .where(
            WaveSite.programme_id == wave.programme_id,
            WaveSite.wave_id == wave.id,
            WaveSite.reserve.is_(True),
            Sample.used_at.is_not(None),
            Site.stratum.is_(None) if stratum is None else Site.stratum == stratum,
        )
        .order_by(Sample.used_at.desc(), SampleUnit.position)
    )
    found = session.execute(query).first()
    return (found[0], found[1]) if found else None


def _row(sample: Sample, position: int, drawn: Drawn) -> dict[str, Any]:
    return {
        "programme_id": sample.programme_id,
        "sample_id": sample.id,
        "position": position,
        "site_code": drawn.unit.code,
        "stratum": drawn.unit.stratum,
        "size": drawn.unit.size,
        "probability": drawn.probability,
        "reserve": drawn.reserve,
    }
