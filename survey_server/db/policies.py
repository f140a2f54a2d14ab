"""Policies of the fieldwork: what each risk tier allows, when teams check in, and the card with places that help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.fieldwork import touch_fieldwork
from survey_server.db.models import Programme, Site

NOT_ASSIGNABLE = 4
"""Nobody is sent to a site of this risk tier."""


@dataclass(frozen=True)
class SitePolicy:
    """What is allowed at one site."""

    gps: bool
    """One position may be taken when the team enters; never at a door."""
    night: bool
    pairs: bool
    """Nobody works alone."""
    check_ins: int
    """How many check-ins a day."""


TIERS: Mapping[int, SitePolicy] = {
    1: SitePolicy(gps=True, night=True, pairs=False, check_ins=1),
    2: SitePolicy(gps=True, night=False, pairs=False, check_ins=1),
    3: SitePolicy(gps=False, night=False, pairs=True, check_ins=2),
    4: SitePolicy(gps=False, night=False, pairs=True, check_ins=2),
}
"""By risk tier; a site without one is treated as tier 2."""

CHECK_IN_TIMES = (time(8, 0), time(18, 0))
LATE_AFTER_MINUTES = 30


def policy_of(site: Site) -> SitePolicy:
    """The policies of its tier, with what the site says otherwise; GPS stays off from tier 3 on, pairs stay on."""
    tier = site.risk_tier or 2
    base, own = TIERS[tier], site.policies or {}
    return SitePolicy(
        gps=bool(own.get("gps", base.gps)) and tier < 3,
        night=bool(own.get("night", base.night)),
        pairs=bool(own.get("pairs", base.pairs)) or tier >= 3,
        check_ins=base.check_ins,
    )


def check_in_times(programme: Programme) -> tuple[time, ...]:
    """The hours, of the programme's day, at which every team in the field has to have checked in."""
    texts = programme.policies.get("check_in_times")
    return tuple(time.fromisoformat(text) for text in texts) if texts else CHECK_IN_TIMES


def referral_of(programme: Programme) -> dict[str, Any] | None:
    """The card with places that help: {"es", "en", "dated"}, and texts of single departments under "departments"."""
    card = programme.policies.get("referral")
    return dict(card) if card else None


def set_policies(session: Session, programme: Programme, changes: Mapping[str, Any], *, actor: str) -> None:
    """Change policies of the programme; a None takes one away."""
    fresh = session.get_one(Programme, programme.id, with_for_update=True)
    kept = {**fresh.policies, **changes}
    fresh.policies = {name: value for name, value in kept.items() if value is not None}
    session.flush()
    touch_fieldwork(session, programme.id)
    add_audit(session, programme.id, actor, "set-policies", names=sorted(changes))
