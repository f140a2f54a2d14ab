"""Who may do what in the office: one table, printed in the README and walked by a test, route by route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Right(StrEnum):
    """Something that a page lets a person do in one programme."""

    PROGRESS = "progress"
    """See the programme, its waves, forms and counts: no answers, no arms, no weights."""
    DEVICES = "devices"
    """See the phones of the programme, with last contact and queue."""
    ENROL = "enrol"
    """Enrol a phone and revoke one."""
    OPEN_CASES = "open-cases"
    """Read single submissions while their wave is not locked yet."""
    LOCKED_CASES = "locked-cases"
    """Read single submissions of locked waves."""
    QUARANTINE = "quarantine"
    """See what could not be read: ids, reasons and times, not the bytes."""
    WAVES = "waves"
    """Open, close and lock a wave."""
    INTERIM_REPORTS = "interim-reports"
    """Make and download a report while one of its waves is not locked."""
    REPORTS = "reports"
    """Make and download reports of locked waves."""
    EXPORTS = "exports"
    """Export the answers of a locked wave, for a purpose that is written down."""
    RESEARCH_FILES = "research-files"
    """Export the anonymous research file and the codebook of a locked wave."""
    SITES = "sites"
    """See and edit the table of sites, without the design of the sample."""
    DESIGN = "design"
    """See and edit stratum, arm, probability and weight; draw samples."""
    ASSIGN = "assign"
    """Make teams, send them to sites and days, draw dwellings, release reserves with a reason."""
    STOP_WORK = "stop-work"
    """Stop work in an area, and lift the stop."""
    CHECK_INS = "check-ins"
    """See which teams have checked in and which are late."""
    ALARMS = "alarms"
    """See the silent alarm of a team under pressure."""
    POLICIES = "policies"
    """Set hours of check-ins and the referral card."""
    INCIDENTS = "incidents"
    """Report a phone lost or seized, see and close incidents."""
    AUDIT = "audit"
    """Search the audit log: who did what, never the answers."""
    PEOPLE = "people"
    """Add people, give and take roles, reset passwords."""


ADMINISTRATOR = "administrator"

ROLES: Mapping[str, frozenset[Right]] = {
    # Runs the server; reads no answers. The flag is on the person and holds in every programme.
    ADMINISTRATOR: frozenset({Right.PROGRESS, Right.DEVICES, Right.ENROL, Right.INCIDENTS, Right.AUDIT, Right.PEOPLE}),
    # Runs the fieldwork on aggregates; single submissions and reports only once the wave is locked.
    "coordinator": frozenset(
        {
            Right.PROGRESS,
            Right.DEVICES,
            Right.ENROL,
            Right.LOCKED_CASES,
            Right.QUARANTINE,
            Right.WAVES,
            Right.REPORTS,
            Right.RESEARCH_FILES,
            Right.SITES,
            Right.ASSIGN,
            Right.STOP_WORK,
            Right.CHECK_INS,
            Right.POLICIES,
            Right.INCIDENTS,
        }
    ),
    # Works on the data; may look at an interim report, reads single submissions once the wave is locked.
    "analyst": frozenset(
        {
            Right.PROGRESS,
            Right.LOCKED_CASES,
            Right.QUARANTINE,
            Right.INTERIM_REPORTS,
            Right.REPORTS,
            Right.EXPORTS,
            Right.RESEARCH_FILES,
            Right.SITES,
            Right.DESIGN,
        }
    ),
    # Reviews the work of the teams while they are in the field.
    "supervisor": frozenset(
        {
            Right.PROGRESS,
            Right.DEVICES,
            Right.OPEN_CASES,
            Right.LOCKED_CASES,
            Right.ASSIGN,
            Right.STOP_WORK,
            Right.CHECK_INS,
            Right.INCIDENTS,
        }
    ),
    # Answers for the safety of teams: alarms, stops, risk tiers; reads no answers.
    "security": frozenset(
        {
            Right.PROGRESS,
            Right.DEVICES,
            Right.SITES,
            Right.STOP_WORK,
            Right.CHECK_INS,
            Right.ALARMS,
            Right.POLICIES,
            Right.INCIDENTS,
            Right.AUDIT,
        }
    ),
    # Sees how far the fieldwork is; never respondents' data.
    "observer": frozenset({Right.PROGRESS}),
}


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """Everything that the holder of these roles may do; an unknown role gives nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def may_read_cases(rights: frozenset[Right], wave_state: str | None) -> bool:
    """Whether single submissions of a wave in this state may be read; outside any wave counts as not locked."""
    return (Right.LOCKED_CASES if wave_state == "locked" else Right.OPEN_CASES) in rights


def may_report(rights: frozenset[Right], wave_states: Iterable[str]) -> bool:
    """Whether a report of waves in these states may be made: arms and weights stay closed until all are locked."""
    locked = all(state == "locked" for state in wave_states)
    return Right.INTERIM_REPORTS in rights or (locked and Right.REPORTS in rights)
