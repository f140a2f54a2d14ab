"""What must be in place before a wave opens, the papers it rests on, and the lock on its headline indicators."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from survey_server.db.analysis.indicators import load_registry
from survey_server.db.audit import add_audit
from survey_server.db.field.sites import stamp_of
from survey_server.db.forms import get_current_version
from survey_server.db.models import Assignment, Device, Form, Site, Wave, WavePaper, WaveSite, now
from survey_server.db.waves import list_waves, set_wave_state
from survey_server.problems import EditedMeanwhile, UnfitWave, UnknownForm, WaveNotReady
from survey_server.xlsform.registry import Indicator, Registry

PAPERS = ("ethics", "permission", "agreement", "notice")
"""Ethics approval, permission of the authorities, agreement on data; and, where officers are watched, the institution's
notice that unannounced and discreet observation will happen."""
OVERRIDE = "override"
MOST_HEADLINES = 12
LEAST_REASON = 15

KeyCheck = Callable[[Session, Wave], bool]


@dataclass(frozen=True)
class Check:
    """One thing that has to be there: `state` is ok, missing (the wave can't open) or doubt (it can)."""

    name: str
    state: str
    facts: tuple[str | int, ...] = ()


def list_papers(session: Session, wave: Wave) -> list[WavePaper]:
    """The dated entries of a wave, in the order in which they were added. None is ever changed."""
    query = select(WavePaper).where(WavePaper.programme_id == wave.programme_id, WavePaper.wave_id == wave.id)
    return list(session.scalars(query.order_by(WavePaper.added_at, WavePaper.id)))


def add_paper(
    session: Session, wave: Wave, kind: str, reference: str, dated: date, until: date | None, *, actor: str
) -> WavePaper:
    """Note an approval or permission with its reference and dates; raises UnfitWave."""
    reference = " ".join(reference.split())[:280]
    if kind not in PAPERS or not reference:
        raise UnfitWave("Choose what it is and write its reference.", why="paper")
    if until is not None and until < dated:
        raise UnfitWave(f"It would end ({until}) before it was given ({dated}).", why="paper-backwards")
    return _add(session, wave, kind, reference, dated, until, actor)


def check_opening(session: Session, wave: Wave, has_key: KeyCheck | None = None) -> list[Check]:
    """Everything that opening looks at, in the order in which somebody prepares it."""
    form = session.get_one(Form, (wave.programme_id, wave.form_row))
    registry = _registry(session, form)
    checks = [Check("form", "ok" if registry else "missing", (form.form_id,))]
    checks += _check_sites(session, wave)
    checks += _check_headlines(session, wave, registry or Registry())
    checks += _check_papers(session, wave, watches_officers=bool(registry and registry.role("pair")))
    if has_key is not None:
        checks.append(Check("keys", "ok" if has_key(session, wave) else "doubt"))
    phones = session.scalar(
        select(func.count())
        .select_from(Device)
        .where(Device.programme_id == wave.programme_id, Device.revoked_at.is_(None))
    )
    checks.append(Check("phones", "ok" if phones else "missing", (phones or 0,)))
    return checks


def open_wave(
    session: Session,
    wave: Wave,
    *,
    seen: str,
    reason: str = "",
    has_key: KeyCheck | None = None,
    actor: str,
) -> list[Check]:
    """Open a wave that is planned, lock its headline indicators by hash. What was missing, with the reason kept.

    Raises WaveNotReady (`missing`) when something is missing and no reason is given, EditedMeanwhile, UnfitWave.
    """
    fresh = session.get_one(Wave, (wave.programme_id, wave.id), with_for_update=True)
    if stamp_of(fresh.changed_at) != seen:
        raise EditedMeanwhile(f"{wave.name} was changed while the page was open.", at=fresh.changed_at)
    if fresh.state != "planned":
        raise UnfitWave(f"{wave.name} is {fresh.state} already.", why="not-planned")
    missing = [check for check in check_opening(session, fresh, has_key) if check.state == "missing"]
    why = " ".join(reason.split())[:500]
    if missing and len(why) < LEAST_REASON:
        raise WaveNotReady("Something isn't in place yet.", missing=[check.name for check in missing])
    if missing:
        _add(session, fresh, OVERRIDE, why, now().date(), None, actor)
    lock_headlines(session, fresh, actor=actor)
    set_wave_state(session, fresh, "open", actor=actor)
    return missing


def lock_headlines(session: Session, wave: Wave, *, actor: str) -> None:
    """Write down which headline indicators the wave answers to and what change matters, with their hash."""
    registry = _registry(session, session.get_one(Form, (wave.programme_id, wave.form_row)))
    headlines = registry.headlines if registry else ()
    lock = {
        "hash": digest_headlines(headlines),
        "at": now().isoformat(),
        "by": actor,
        "indicators": [
            {"code": each.code, "direction": each.direction, "minimum_change": each.minimum_change}
            for each in headlines
        ],
    }
    wave.plan = {**wave.plan, "headlines": lock}
    session.flush()
    add_audit(session, wave.programme_id, actor, "lock-headlines", str(wave.id), hash=lock["hash"], n=len(headlines))


def headlines_still_locked(session: Session, wave: Wave) -> bool | None:
    """Whether today's headline indicators are those that the wave was opened with; None when it has no lock."""
    lock = wave.plan.get("headlines")
    if not lock:
        return None
    registry = _registry(session, session.get_one(Form, (wave.programme_id, wave.form_row)))
    return digest_headlines(registry.headlines if registry else ()) == str(lock["hash"])


def digest_headlines(headlines: Sequence[Indicator]) -> str:
    """The SHA-256 of what makes a verdict: formula, base, scale, direction, target and minimum important change."""
    rows = [
        [
            each.code,
            each.estimator,
            each.formula_text,
            each.denominator_text,
            each.base_text,
            each.scale,
            each.direction,
            each.minimum_change,
            each.target,
        ]
        for each in headlines
    ]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def edit_wave(session: Session, wave: Wave, name: str, starts: date, ends: date, *, seen: str, actor: str) -> None:
    """Change name and dates of a wave that isn't closed yet; raises EditedMeanwhile or UnfitWave."""
    fresh = session.get_one(Wave, (wave.programme_id, wave.id), with_for_update=True)
    if stamp_of(fresh.changed_at) != seen:
        raise EditedMeanwhile(f"{fresh.name} was changed while the page was open.", at=fresh.changed_at)
    if fresh.state not in ("planned", "open"):
        raise UnfitWave(f"{fresh.name} is {fresh.state}: its dates stay.", why="not-planned")
    if ends < starts:
        raise UnfitWave(f"The wave would end ({ends}) before it starts ({starts}).", why="backwards")
    form = session.get_one(Form, (wave.programme_id, wave.form_row))
    for other in list_waves(session, wave.programme_id, form):
        if other.id != wave.id and (other.name == name or (starts <= other.ends and other.starts <= ends)):
            raise UnfitWave(
                f"It clashes with wave {other.ordinal} ({other.name}), {other.starts} to {other.ends}.", why="clash"
            )
    fresh.name, fresh.starts, fresh.ends = name, starts, ends
    set_wave_state(session, fresh, fresh.state, actor=actor)
    session.flush()


def _registry(session: Session, form: Form) -> Registry | None:
    if form.current_version_id is None:
        return None
    try:
        return load_registry(session, get_current_version(session, form))
    except UnknownForm:
        return None


def _check_sites(session: Session, wave: Wave) -> list[Check]:
    query = (
        select(Site, func.coalesce(WaveSite.target, Site.target), func.coalesce(WaveSite.weight, Site.weight))
        .join(WaveSite, and_(WaveSite.programme_id == Site.programme_id, WaveSite.site_id == Site.id))
        .where(WaveSite.programme_id == wave.programme_id, WaveSite.wave_id == wave.id, WaveSite.reserve.is_(False))
    )
    lines = session.execute(query).all()
    without_target = sum(1 for _, target, _ in lines if not target)
    without_weight = sum(1 for site, _, weight in lines if weight is None or not site.stratum)
    dangerous = sum(1 for site, _, _ in lines if site.risk_tier == 4)
    assigned = session.scalar(
        select(func.count(func.distinct(Assignment.site_id))).where(
            Assignment.programme_id == wave.programme_id, Assignment.wave_id == wave.id
        )
    )
    doubts = {"targets": without_target, "design": without_weight, "assigned": len(lines) - (assigned or 0)}
    return [
        Check("sites", "ok" if lines else "missing", (len(lines),)),
        Check("risk", "missing" if dangerous else "ok", (dangerous,)),
        *(Check(name, "doubt" if n and lines else "ok", (n, len(lines))) for name, n in doubts.items()),
    ]


def _check_headlines(session: Session, wave: Wave, registry: Registry) -> list[Check]:
    headlines = registry.headlines
    if not registry.indicators:
        return []  # a form that measures nothing, such as the contact log, has no headlines to lock
    without = [each.code for each in headlines if each.direction in ("up", "down") and each.minimum_change is None]
    checks = [
        Check(
            "headlines", "ok" if 0 < len(headlines) <= MOST_HEADLINES else "missing", (len(headlines), MOST_HEADLINES)
        ),
        Check("changes", "missing" if without else "ok", tuple(without[:6])),
    ]
    before = [
        each
        for each in list_waves(session, wave.programme_id, session.get(Form, (wave.programme_id, wave.form_row)))
        if each.ordinal < wave.ordinal and each.plan.get("headlines")
    ]
    if before:
        same = before[-1].plan["headlines"]["hash"] == digest_headlines(headlines)
        checks.append(Check("same", "ok" if same else "doubt", (before[-1].name,)))
    return checks


def _check_papers(session: Session, wave: Wave, *, watches_officers: bool) -> list[Check]:
    papers = list_papers(session, wave)
    wanted = PAPERS if watches_officers else PAPERS[:-1]
    checks = []
    for kind in wanted:
        valid = [
            paper
            for paper in papers
            if paper.kind == kind and paper.dated <= wave.starts and (paper.until is None or paper.until >= wave.ends)
        ]
        checks.append(Check(kind, "ok" if valid else "missing", tuple(paper.reference for paper in valid[-1:])))
    return checks


def _add(
    session: Session, wave: Wave, kind: str, reference: str, dated: date, until: date | None, actor: str
) -> WavePaper:
    paper = WavePaper(
        programme_id=wave.programme_id,
        wave_id=wave.id,
        kind=kind,
        reference=reference,
        dated=dated,
        until=until,
        added_by=actor,
    )
    session.add(paper)
    session.flush()
    add_audit(session, wave.programme_id, actor, "add-paper", str(wave.id), kind=kind)
    return paper
