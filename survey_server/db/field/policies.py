"""Policies of the fieldwork: what each risk tier allows, when teams check in, and the card with places that help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import time
from typing import Any

from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.intake.fieldwork import may_take_position, touch_fieldwork
from survey_server.db.models import Programme, Site
from survey_server.problems import UnfitPolicy

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
    score: bool = True
    """Whether a team is shown how far it has got: nobody shall hurry where it is dangerous."""


TIERS: Mapping[int, SitePolicy] = {
    1: SitePolicy(gps=True, night=True, pairs=False, check_ins=1),
    2: SitePolicy(gps=True, night=False, pairs=False, check_ins=1),
    3: SitePolicy(gps=False, night=False, pairs=True, check_ins=2),
    4: SitePolicy(gps=False, night=False, pairs=True, check_ins=2),
}
"""By risk tier; a site without one is treated as tier 2."""

GPS_RULES = ("free", "psu_point", "none")
"""Where an interview names no site: whatever the form asks; only a point that a question asks for; nothing."""

MOST_DRAFT_DAYS = 7
MOST_SENT_DAYS = 30


@dataclass(frozen=True)
class PhoneRules:
    """How long a programme's phones keep what they hold, and whether they may be asked where they are."""

    keep_sent_days: int = 7
    """Days for which the sealed copy of an interview stays after its receipt."""
    draft_days: int = MOST_DRAFT_DAYS
    """Days after which an unfinished interview is deleted."""
    gps: str = "free"

    def __post_init__(self) -> None:
        if not 0 <= self.keep_sent_days <= MOST_SENT_DAYS:
            raise UnfitPolicy(f"Sent interviews stay for 0 to {MOST_SENT_DAYS} days.")
        if not 1 <= self.draft_days <= MOST_DRAFT_DAYS:
            raise UnfitPolicy(f"Unfinished interviews stay for 1 to {MOST_DRAFT_DAYS} days.")
        if self.gps not in GPS_RULES:
            raise UnfitPolicy(f"The rule for positions is one of {', '.join(GPS_RULES)}.")


CHECK_IN_TIMES = (time(8, 0), time(18, 0))
LATE_AFTER_MINUTES = 30


def policy_of(site: Site) -> SitePolicy:
    """The policies of its tier, with what the site says otherwise; GPS stays off from tier 3 on, pairs stay on."""
    tier = site.risk_tier or 2
    base, own = TIERS[tier], site.policies or {}
    return SitePolicy(
        gps=may_take_position(tier, {"gps": base.gps, **own}),
        night=bool(own.get("night", base.night)),
        pairs=bool(own.get("pairs", base.pairs)) or tier >= 3,
        check_ins=base.check_ins,
        score=tier < 3,
    )


def check_in_times(programme: Programme) -> tuple[time, ...]:
    """The hours, of the programme's day, at which every team in the field has to have checked in."""
    texts = programme.policies.get("check_in_times")
    return tuple(time.fromisoformat(text) for text in texts) if texts else CHECK_IN_TIMES


def referral_of(programme: Programme) -> dict[str, Any] | None:
    """The card with places that help: {"es", "en", "dated"}, and texts of single departments under "departments"."""
    card = programme.policies.get("referral")
    return dict(card) if card else None


def phone_rules(programme: Programme) -> PhoneRules:
    """What the programme has set for its phones, and the defaults."""
    return PhoneRules(**programme.policies.get("phones", {}))


def set_phone_rules(session: Session, programme: Programme, rules: PhoneRules, *, actor: str) -> None:
    """From their next contact on the programme's phones follow `rules`."""
    set_policies(session, programme, {"phones": asdict(rules)}, actor=actor)


def set_policies(session: Session, programme: Programme, changes: Mapping[str, Any], *, actor: str) -> None:
    """Change policies of the programme; a None takes one away."""
    fresh = session.get_one(Programme, programme.id, with_for_update=True)
    kept = {**fresh.policies, **changes}
    fresh.policies = {name: value for name, value in kept.items() if value is not None}
    session.flush()
    touch_fieldwork(session, programme.id)
    add_audit(session, programme.id, actor, "set-policies", names=sorted(changes))
