"""Decisions on questions that changed between versions: what was said last about two wordings counts, all is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_server.db.audit import add_audit
from survey_server.db.models import Form, FormVersion, ItemDecision
from survey_server.problems import EditedMeanwhile, UnfitReview

WITHDRAWN = "withdrawn"
VERDICTS = ("same", "caution", "break", WITHDRAWN)
_LEAST_REASON = 5


@dataclass(frozen=True)
class Decision:
    """What somebody decides of a question: in the newer version `item`, in the older one `item_before`."""

    item: str
    item_before: str
    before: str
    after: str
    verdict: str
    reason: str
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> tuple[str, str, str]:
        """What it is about: another decision about the same takes its place."""
        return (self.item, self.before, self.after)


def list_decisions(session: Session, form: Form) -> list[ItemDecision]:
    """Every decision on questions of the form that was ever written, in order."""
    query = select(ItemDecision).where(ItemDecision.programme_id == form.programme_id, ItemDecision.form_row == form.id)
    return list(session.scalars(query.order_by(ItemDecision.id)))


def decisions_in_force(session: Session, form: Form) -> list[ItemDecision]:
    """The last decision about each pair of wordings, without those withdrawn."""
    last = {(each.item, each.hash_before, each.hash_after): each for each in list_decisions(session, form)}
    return [each for each in last.values() if each.verdict != WITHDRAWN]


def versions_to_compare(session: Session, form: Form) -> list[FormVersion]:
    """Every version of the form with what its phones know, the newest first."""
    query = (
        select(FormVersion)
        .where(FormVersion.programme_id == form.programme_id, FormVersion.form_row == form.id)
        .options(undefer(FormVersion.phone))
        .order_by(FormVersion.id.desc())
    )
    return list(session.scalars(query))


def add_decision(session: Session, form: Form, made: Decision, *, seen: int, actor: str) -> None:
    """Write a decision down; `seen` is the id of the one that was on the screen, 0 for none.

    Raises UnfitReview without a reason, EditedMeanwhile when somebody else has decided in between.
    """
    session.get_one(Form, (form.programme_id, form.id), with_for_update=True)
    if made.verdict not in VERDICTS:
        raise UnfitReview("Choose what the report is to do.", why="state")
    if len(made.reason.strip()) < _LEAST_REASON:
        raise UnfitReview("Say why, in a few words.", why="reason")
    now_there = [
        each.id
        for each in list_decisions(session, form)
        if (each.item, each.hash_before, each.hash_after) == made.about
    ]
    if (now_there[-1] if now_there else 0) != seen:
        raise EditedMeanwhile("Somebody else decided on this question while the page was open.")
    session.add(
        ItemDecision(
            programme_id=form.programme_id,
            form_row=form.id,
            item=made.item,
            item_before=made.item_before,
            hash_before=made.before,
            hash_after=made.after,
            verdict=made.verdict,
            choices=dict(made.choices),
            reason=made.reason.strip()[:500],
            decided_by=actor,
        )
    )
    session.flush()
    add_audit(session, form.programme_id, actor, "decide-item", f"{form.form_id}/{made.item}", verdict=made.verdict)
