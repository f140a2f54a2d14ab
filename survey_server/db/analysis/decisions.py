"""Reports as they were made, decisions that rest on them, and the people who sign: written once, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.models import Decision, DecisionSignature, MadeReport, Membership, Person, now
from survey_server.problems import NotThere, UnfitDecision

READINGS = ("expand", "extend", "adjust", "pause", "other")
"""What a decision may say; "other" in its own words."""
TEXTS = ("decision", "reasons", "alternatives", "changes_mind", "dissent")
"""What is written beside it; the first two are needed."""
NEEDED = ("decision", "reasons")
SIGNATURES = 2
"""So many different people make it count."""
LONGEST = 4000


@dataclass(frozen=True)
class Signature:
    """Somebody stands by a decision; `roles` are those they hold in the programme now."""

    name: str
    roles: tuple[str, ...]
    signed_at: datetime
    proof: str
    dissent: str
    person_id: int


@dataclass(frozen=True)
class Ruling:
    """A decision as it is read: on a page, on the last page of the report."""

    id: int
    reading: str
    decision: str
    reasons: str
    alternatives: str
    changes_mind: str
    dissent: str
    eligibility: Mapping[str, str]
    written_by: str
    written_at: datetime
    report: str
    report_sha256: str
    edition: str
    waves: tuple[str, ...]
    sha256: str
    signatures: tuple[Signature, ...]
    withdrawn_at: datetime | None

    @property
    def complete(self) -> bool:
        """Whether it counts: two people signed and nobody withdrew it before."""
        return len(self.signatures) >= SIGNATURES and self.withdrawn_at is None


def note_report(
    session: Session,
    programme_id: int,
    report: str,
    *,
    sha256: str,
    edition: str,
    language: str,
    waves: Sequence[str],
    interim: bool,
    asked_by: str,
    files: Mapping[str, bytes],
    evidence: Mapping[str, Any],
) -> MadeReport:
    """Keep a row of a report that was made; one row a report, whatever is asked again."""
    known = find_report(session, programme_id, report)
    if known is not None:
        return known
    made = MadeReport(
        programme_id=programme_id,
        report=report,
        sha256=sha256,
        edition=edition,
        language=language,
        waves=list(waves),
        interim=interim,
        asked_by=asked_by,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        evidence=dict(evidence),
    )
    session.add(made)
    session.flush()
    add_audit(session, programme_id, asked_by, "report-made", report, sha256=sha256, edition=edition, waves=list(waves))
    return made


def find_report(session: Session, programme_id: int, report: str) -> MadeReport | None:
    """The row of a report by the name of its folder."""
    return session.scalar(
        select(MadeReport).where(MadeReport.programme_id == programme_id, MadeReport.report == report)
    )


def write_decision(
    session: Session, made: MadeReport, content: Mapping[str, Any], *, person_id: int, actor: str
) -> Decision:
    """Write a decision down on a report; it counts once two people have signed. Raises UnfitDecision."""
    kept = _checked(content)
    if made.interim:
        raise UnfitDecision("The report is preliminary: lock its waves and make it again.", why="interim")
    if any(each.withdrawn_at is None for each in _of_figures(session, made.programme_id, made.sha256)):
        raise UnfitDecision("There is a decision on these figures already.", why="there-already")
    decision = Decision(
        programme_id=made.programme_id,
        made_report_id=made.id,
        report_sha256=made.sha256,
        content=kept,
        sha256=digest_decision(kept, made),
        written_by=person_id,
    )
    session.add(decision)
    session.flush()
    add_audit(session, made.programme_id, actor, "write-decision", str(decision.id), sha256=decision.sha256)
    return decision


def sign_decision(
    session: Session, programme_id: int, decision_id: int, *, person_id: int, proof: str, dissent: str, seen: str
) -> DecisionSignature:
    """Sign a decision as it was seen, once a person; raises UnfitDecision or NotThere."""
    decision = get_decision(session, programme_id, decision_id, for_update=True)
    made = session.get_one(MadeReport, (programme_id, decision.made_report_id))
    if decision.sha256 != seen or digest_decision(decision.content, made) != decision.sha256:
        raise UnfitDecision("This isn't what was written down.", why="changed")
    if decision.withdrawn_at is not None:
        raise UnfitDecision("The decision was withdrawn.", why="withdrawn")
    if session.get(DecisionSignature, (programme_id, decision_id, person_id)) is not None:
        raise UnfitDecision("You have signed it already.", why="signed")
    signature = DecisionSignature(
        programme_id=programme_id,
        decision_id=decision_id,
        person_id=person_id,
        sha256=decision.sha256,
        proof=proof,
        dissent=" ".join(dissent.split())[:LONGEST],
    )
    session.add(signature)
    session.flush()
    detail = {"sha256": decision.sha256, "proof": proof, "dissents": bool(signature.dissent)}
    add_audit(session, programme_id, f"person:{person_id}", "sign-decision", str(decision_id), **detail)
    return signature


def withdraw_decision(session: Session, programme_id: int, decision_id: int, *, person_id: int) -> None:
    """Take a decision back that doesn't count yet; it stays to be read. Raises UnfitDecision or NotThere."""
    decision = get_decision(session, programme_id, decision_id, for_update=True)
    if len(_signatures(session, programme_id, [decision_id]).get(decision_id, ())) >= SIGNATURES:
        raise UnfitDecision("Two people have signed: it stands.", why="stands")
    if decision.withdrawn_at is None:
        decision.withdrawn_at, decision.withdrawn_by = now(), person_id
        session.flush()
        add_audit(session, programme_id, f"person:{person_id}", "withdraw-decision", str(decision_id))


def get_decision(session: Session, programme_id: int, decision_id: int, *, for_update: bool = False) -> Decision:
    """The decision; raises NotThere."""
    decision = session.get(Decision, (programme_id, decision_id), with_for_update=for_update or None)
    if decision is None:
        raise NotThere("There is no such decision.")
    return decision


def find_decision(session: Session, programme_id: int, report_sha256: str) -> Ruling | None:
    """The decision on these figures that counts, or else the one that still waits for signatures."""
    rulings = list_rulings(session, programme_id, report_sha256)
    return next((each for each in rulings if each.complete), next((r for r in rulings if not r.withdrawn_at), None))


def list_rulings(session: Session, programme_id: int, report_sha256: str | None = None) -> list[Ruling]:
    """The decisions of a programme, or on these figures, the newest first."""
    query = (
        select(Decision, MadeReport, Person.name)
        .join(
            MadeReport,
            and_(MadeReport.programme_id == Decision.programme_id, MadeReport.id == Decision.made_report_id),
        )
        .join(Person, Person.id == Decision.written_by)
        .where(Decision.programme_id == programme_id)
        .order_by(Decision.written_at.desc(), Decision.id.desc())
    )
    if report_sha256 is not None:
        query = query.where(Decision.report_sha256 == report_sha256)
    rows = session.execute(query).all()
    signatures = _signatures(session, programme_id, [decision.id for decision, _, _ in rows])
    return [_ruling(decision, made, name, signatures.get(decision.id, ())) for decision, made, name in rows]


def digest_decision(content: Mapping[str, Any], made: MadeReport) -> str:
    """What signatures cover: the words, the figures that they rest on, and the evidence as it was printed."""
    parts = [dict(content), made.sha256, made.report, made.edition, made.waves, made.evidence]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(content: Mapping[str, Any]) -> dict[str, Any]:
    reading = str(content.get("reading", ""))
    kept: dict[str, Any] = {name: str(content.get(name, "")).strip()[:LONGEST] for name in TEXTS}
    if reading not in READINGS:
        raise UnfitDecision("Choose what was decided.", why="reading")
    if missing := [name for name in NEEDED if not kept[name]]:
        raise UnfitDecision("Write what was decided and why.", why=missing[0])
    eligibility = {str(key): str(value) for key, value in dict(content.get("eligibility") or {}).items() if value}
    return {**kept, "reading": reading, "eligibility": eligibility}


def _of_figures(session: Session, programme_id: int, sha256: str) -> Iterable[Decision]:
    return session.scalars(
        select(Decision).where(Decision.programme_id == programme_id, Decision.report_sha256 == sha256)
    )


def _signatures(session: Session, programme_id: int, decision_ids: Sequence[int]) -> dict[int, tuple[Signature, ...]]:
    query = (
        select(DecisionSignature, Person.name)
        .join(Person, Person.id == DecisionSignature.person_id)
        .where(DecisionSignature.programme_id == programme_id, DecisionSignature.decision_id.in_(decision_ids))
        .order_by(DecisionSignature.signed_at, DecisionSignature.person_id)
    )
    rows = session.execute(query).all()
    roles: dict[int, list[str]] = {}
    held = select(Membership.person_id, Membership.role).where(Membership.programme_id == programme_id)
    for person_id, role in session.execute(held.where(Membership.person_id.in_([row[0].person_id for row in rows]))):
        roles.setdefault(person_id, []).append(role)
    found: dict[int, tuple[Signature, ...]] = {}
    for one, name in rows:
        of_person = tuple(sorted(roles.get(one.person_id, ())))
        signature = Signature(name, of_person, one.signed_at, one.proof, one.dissent, one.person_id)
        found[one.decision_id] = (*found.get(one.decision_id, ()), signature)
    return found


def _ruling(decision: Decision, made: MadeReport, name: str, signatures: tuple[Signature, ...]) -> Ruling:
    said = decision.content
    return Ruling(
        id=decision.id,
        reading=said["reading"],
        **{text: said[text] for text in TEXTS},
        eligibility=said["eligibility"],
        written_by=name,
        written_at=decision.written_at,
        report=made.report,
        report_sha256=decision.report_sha256,
        edition=made.edition,
        waves=tuple(made.waves),
        sha256=decision.sha256,
        signatures=signatures,
        withdrawn_at=decision.withdrawn_at,
    )
