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
    CASES = "cases"
    """Open the list of submissions; which of them, `db/access/matrix.py` says, form by form."""
    RESTRICTED = "restricted"
    """See the page of restricted reports: the reports themselves, or how many there are."""
    INDICATORS = "indicators"
    """See the registry of indicators and the results framework."""
    EDIT_INDICATORS = "edit-indicators"
    """Change indicators, targets and who answers for them."""
    DECISIONS = "decisions"
    """See decisions and what they rest on, and sign one."""
    DECIDE = "decide"
    """Write a decision down for others to sign."""
    SETTINGS = "settings"
    """Change what the programme is: countries, languages, funder, recipients, policies."""
    REVIEW = "review"
    """Comment, approve, reject and edit the submissions that one may read, while their wave is not locked."""
    RAW = "raw"
    """Download a submission that one may read as the XML that it is."""
    FORMS = "forms"
    """Check and publish forms, and take their files back; a form holds questions, never answers."""
    COMPARE = "compare"
    """Decide whether a question that changed between versions may still be compared."""
    REPAIR = "repair"
    """Open what is in quarantine, repair it and let it in."""
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
    ENTITIES = "entities"
    """See entity lists, which may name officers or households; settle conflicts, delete."""
    ASSIGN = "assign"
    """Make teams, send them to sites and days, draw dwellings, release reserves with a reason."""
    STOP_WORK = "stop-work"
    """Stop work in an area, and lift the stop."""
    CHECK_INS = "check-ins"
    """See which teams have checked in and which are late."""
    ALARMS = "alarms"
    """See the silent alarm of a team under pressure."""
    POLICIES = "policies"
    """Set hours of check-ins, the referral card and the rules for phones."""
    INCIDENTS = "incidents"
    """Report a phone lost or seized, see and close incidents."""
    INTEGRITY = "integrity"
    """Take restricted reports on: acknowledge, refer, close, add to their story; say which address is alerted."""
    QUALITY = "quality"
    """See the quality of the fieldwork by check, team and interviewer, and print the weekly field sheet."""
    TOKENS = "tokens"
    """Make tokens of the read API, see and revoke them."""
    WEBHOOKS = "webhooks"
    """Say which addresses are told of events, see and repeat deliveries; they carry ids, never answers."""
    RETENTION = "retention"
    """Say how long data are kept, erase what is due, and the interview of a person who takes it back."""
    AUDIT = "audit"
    """Search the audit log: who did what, never the answers."""
    PEOPLE = "people"
    """Add people, give and take roles, reset passwords."""


ADMINISTRATOR = "administrator"

ROLES: Mapping[str, frozenset[Right]] = {
    # Runs the server; reads no answers. The flag is on the person and holds in every programme.
    ADMINISTRATOR: frozenset(
        {
            Right.PROGRESS,
            Right.WEBHOOKS,
            Right.DEVICES,
            Right.ENROL,
            Right.INCIDENTS,
            Right.AUDIT,
            Right.PEOPLE,
            Right.SETTINGS,
        }
    ),
    # Runs the fieldwork on aggregates; single submissions and reports only once the wave is locked.
    "coordinator": frozenset(
        {
            Right.PROGRESS,
            Right.QUALITY,
            Right.WEBHOOKS,
            Right.DEVICES,
            Right.ENROL,
            Right.CASES,
            Right.REVIEW,
            Right.RESTRICTED,
            Right.INDICATORS,
            Right.EDIT_INDICATORS,
            Right.DECISIONS,
            Right.DECIDE,
            Right.SETTINGS,
            Right.FORMS,
            Right.QUARANTINE,
            Right.WAVES,
            Right.REPORTS,
            Right.RESEARCH_FILES,
            Right.SITES,
            Right.ENTITIES,
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
            Right.QUALITY,
            Right.TOKENS,
            Right.CASES,
            Right.REVIEW,
            Right.RAW,
            Right.COMPARE,
            Right.REPAIR,
            Right.INDICATORS,
            Right.EDIT_INDICATORS,
            Right.DECISIONS,
            Right.QUARANTINE,
            Right.INTERIM_REPORTS,
            Right.REPORTS,
            Right.EXPORTS,
            Right.RESEARCH_FILES,
            Right.SITES,
            Right.DESIGN,
        }
    ),
    # Reviews the work of their own teams while these are in the field.
    "supervisor": frozenset(
        {
            Right.PROGRESS,
            Right.QUALITY,
            Right.DEVICES,
            Right.CASES,
            Right.REVIEW,
            Right.ENTITIES,
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
            Right.CASES,
            Right.SITES,
            Right.STOP_WORK,
            Right.CHECK_INS,
            Right.ALARMS,
            Right.POLICIES,
            Right.INCIDENTS,
            Right.AUDIT,
        }
    ),
    # Watch encounters at posts; see their own visits and how far the fieldwork is, never respondents' data.
    "observer": frozenset({Right.PROGRESS, Right.CASES}),
    "observer-lead": frozenset({Right.PROGRESS, Right.CASES}),
    # Hand in and read back their own sessions, returns and meetings.
    "training-officer": frozenset({Right.PROGRESS, Right.CASES}),
    "unit-clerk": frozenset({Right.PROGRESS, Right.CASES}),
    "justice-clerk": frozenset({Right.PROGRESS, Right.CASES}),
    "liaison": frozenset({Right.PROGRESS, Right.CASES}),
    # Reads restricted reports, and what was marked or flagged elsewhere; nobody else does.
    "integrity-officer": frozenset({Right.PROGRESS, Right.CASES, Right.RESTRICTED, Right.INTEGRITY}),
    # Keeps the alias table and who is to be traced, outside this server.
    "registrar": frozenset({Right.PROGRESS}),
    # Answers for what is kept of people: the audit log, incidents, check-ins; reads no answers.
    "data-protection": frozenset(
        {
            Right.PROGRESS,
            Right.CHECK_INS,
            Right.INCIDENTS,
            Right.AUDIT,
            Right.CASES,
            Right.DEVICES,
            Right.RETENTION,
        }
    ),
    # Works on a phone, which reads back nothing; the office has no page for them.
    "enumerator": frozenset(),
}


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """Everything that the holder of these roles may do; an unknown role gives nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def may_report(rights: frozenset[Right], wave_states: Iterable[str]) -> bool:
    """Whether a report of waves in these states may be made: arms and weights stay closed until all are locked."""
    locked = all(state == "locked" for state in wave_states)
    return Right.INTERIM_REPORTS in rights or (locked and Right.REPORTS in rights)


def rights_as_markdown() -> str:
    """The table above as the README prints it."""
    lines = [
        f"| {role} | {', '.join(right for right in Right if right in rights) or '–'} |"
        for role, rights in ROLES.items()
    ]
    return "\n".join(("| role | pages |", "| --- | --- |", *lines))
