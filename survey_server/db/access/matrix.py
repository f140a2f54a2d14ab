"""Who may read single submissions of which form: one table, printed in the README, read by the queries themselves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class Grant(StrEnum):
    """What a role may do with the submissions of a form. Only the first group opens single submissions."""

    ALL = "all"
    """Read every one, at any time."""
    LOCKED = "locked"
    """Read every one of a locked wave; until then counts and shares alone."""
    TEAM = "team"
    """Read what phones of the teams that they supervise have sent."""
    OWN = "own"
    """Read what was filled in under their own staff codes."""
    UNIT = "unit"
    """Read the returns of their own units."""
    OPEN = "open"
    """Read those in which nothing was marked as putting somebody at risk."""
    SENSITIVE = "sensitive"
    """Read only those in which something was marked as putting somebody at risk."""
    FLAGGED = "flagged"
    """Read only those with an integrity flag."""

    CREATE = "create"
    """Fill it in on a phone, which can't read back what it has sent."""
    TOTAL = "total"
    """See counts and shares, never a single one."""
    COUNT = "count"
    """See how many came in a quarter, from three on."""
    STATUS = "status"
    """See who has checked in and who is late."""
    ROSTER = "roster"
    """Keep the list of who takes part, outside this server."""
    TRACING = "tracing"
    """Keep the list of who is to be found again, outside this server."""
    AUDIT = "audit"
    """See in the audit log who did what, never the answers."""


MATRIX = """
role               A,H,K          B            C             D,E           I             F             G         J        L       M
enumerator         create         –            –             –             –             –             –         –        create  create
supervisor         team           –            –             –             –             –             –         –        create  team
observer           –              create+own   –             –             –             –             –         –        create  create
observer-lead      –              create+own   –             –             –             –             –         –        create  create
training-officer   –              –            create+own    –             –             –             –         create   create  –
unit-clerk         –              –            –             create+unit   –             –             –         –        –       –
justice-clerk      –              –            –             –             create+unit   –             –         –        –       –
liaison            –              –            –             –             –             create+own    –         create   create  create
coordinator        total+locked   total+locked all           all           all           open          total     all      count   status
analyst            locked         locked       all           all           all           open          locked    all      –       –
integrity-officer  –              flagged      –             –             –             sensitive     –         –        all     –
registrar          –              –            roster        –             –             –             tracing   –        –       –
data-protection    audit          audit        audit         audit         audit         audit         audit     audit    audit   all
security           audit          audit        audit         audit         audit         audit         audit     audit    audit   all
administrator      –              –            –             –             –             –             –         –        –       –
"""  # noqa: E501 - a table is read by its columns
"""A perception interview, H contact log, K back-check; B observation; C training; D monthly return, E incident;
I justice return; F committee; G follow-up of officers; J joint activity; L restricted report; M check-in."""

LETTERS: Mapping[str, str] = {
    "ssr_perception": "A",
    "ssr_observer": "B",
    "ssr_training": "C",
    "ssr_admin_monthly": "D",
    "ssr_incident": "E",
    "ssr_committee": "F",
    "ssr_followup": "G",
    "ssr_contact": "H",
    "ssr_justice": "I",
    "ssr_joint": "J",
    "ssr_backcheck": "K",
    "ssr_restricted": "L",
    "ssr_checkin": "M",
}
"""The column of the forms that are shipped; a programme says which column its own forms belong to."""

OTHERWISE = "A"
"""The column of a form that nothing is said of: people answered it, so it is closed until the wave is locked."""

RESTRICTED = "L"
"""The column of reports that are for the integrity officer alone."""

OPENING = frozenset(
    (Grant.ALL, Grant.LOCKED, Grant.TEAM, Grant.OWN, Grant.UNIT, Grant.OPEN, Grant.SENSITIVE, Grant.FLAGGED)
)
"""The grants that open single submissions."""


@cache
def read_matrix() -> Mapping[tuple[str, str], frozenset[Grant]]:
    """(role, letter of a form) -> what the role may do with it."""
    head, *lines = (line.split() for line in MATRIX.strip().splitlines())
    found: dict[tuple[str, str], frozenset[Grant]] = {}
    for role, *cells in lines:
        for letters, cell in zip(head[1:], cells, strict=True):
            grants = frozenset(Grant(word) for word in cell.split("+") if word != "–")
            found |= {(role, letter): grants for letter in letters.split(",")}
    return found


def grants_of(roles: frozenset[str], letter: str) -> frozenset[Grant]:
    """What holders of these roles may do with a form of this column; an unknown role gives nothing."""
    table = read_matrix()
    return frozenset().union(*(table.get((role, letter), frozenset()) for role in roles))


def reads_others(role: str) -> bool:
    """Whether the role may read submissions that others filled in: who holds it needs a second factor."""
    others = OPENING - {Grant.OWN, Grant.UNIT}
    return any(grants & others for (each, _), grants in read_matrix().items() if each == role)


def matrix_as_markdown() -> str:
    """The table as the README prints it."""
    head, *lines = (line.split() for line in MATRIX.strip().splitlines())
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("+", ", ") for cell in row) + " |" for row in rows)
