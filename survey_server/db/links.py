"""Forms that belong together: visits and interviews of a case, two interviews of one, back-checks of none."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey_server.db.models import Form, Submission, SubmissionVersion, Wave

CONTACT, BACK_CHECK = "ssr_contact", "ssr_backcheck"
COMPLETE = ("11", "12")
KINDS = ("visit-without-interview", "interview-without-visit", "twice", "back-check-of-nothing")


@dataclass(frozen=True)
class BrokenLink:
    """A case whose forms don't fit together."""

    kind: str
    case: str
    site: str
    submissions: tuple[int, ...]


def check_links(session: Session, wave: Wave, case_column: str = "case_id") -> list[BrokenLink]:
    """What doesn't fit between the interviews of a wave and the visits and back-checks of the same cases.

    Visits and back-checks are taken from the waves of their forms with the same order number, or from no wave.
    """
    interviews: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for submission_id, site, answers in _answers(session, wave.programme_id, wave_ids=[wave.id]):
        if case := str(answers.get(case_column) or ""):
            interviews[case].append((submission_id, site))
    visits: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for submission_id, site, answers in _beside(session, wave, CONTACT):
        if str(answers.get("disp")) in COMPLETE and str(answers.get("wave")) == str(wave.ordinal):
            visits[case_of(answers)].append((submission_id, site))
    checks: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for submission_id, site, answers in _beside(session, wave, BACK_CHECK):
        case = str(answers.get("case_id") or "")
        if case.endswith(f"-W{wave.ordinal}"):
            checks[case].append((submission_id, site))
    return [
        *_broken("visit-without-interview", visits, visits.keys() - interviews.keys()),
        *(_broken("interview-without-visit", interviews, interviews.keys() - visits.keys()) if visits else ()),
        *_broken("twice", interviews, {case for case, found in interviews.items() if len(found) > 1}),
        *_broken("back-check-of-nothing", checks, checks.keys() - interviews.keys()),
    ]


def case_of(answers: Mapping[str, Any]) -> str:
    """The case of a visit, as the interview's form writes it: GT1701034-D007-W1."""
    try:
        dwelling = f"{int(answers.get('dwelling') or 0):03}"
    except ValueError:
        dwelling = "000"
    return f"{answers.get('psu')}-D{dwelling}-W{answers.get('wave')}"


def _broken(kind: str, found: Mapping[str, list[tuple[int, str]]], cases: Iterable[str]) -> Iterator[BrokenLink]:
    for case in sorted(cases):
        yield BrokenLink(kind, case, found[case][0][1], tuple(submission_id for submission_id, _ in found[case]))


def _beside(session: Session, wave: Wave, form_id: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    form = session.scalar(select(Form).where(Form.programme_id == wave.programme_id, Form.form_id == form_id))
    if form is None:
        return
    waves = session.scalars(
        select(Wave.id).where(
            Wave.programme_id == wave.programme_id, Wave.form_row == form.id, Wave.ordinal == wave.ordinal
        )
    )
    yield from _answers(session, wave.programme_id, wave_ids=list(waves), form_row=form.id)


def _answers(
    session: Session, programme_id: int, *, wave_ids: list[int], form_row: int | None = None
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The answers of the submissions of these waves; of a form also of those in no wave."""
    query = (
        select(Submission.id, Submission.site_code, SubmissionVersion.answers)
        .join(
            SubmissionVersion,
            and_(
                SubmissionVersion.programme_id == Submission.programme_id,
                SubmissionVersion.submission_id == Submission.id,
                SubmissionVersion.number == Submission.number,
            ),
        )
        .where(Submission.programme_id == programme_id)
    )
    within = Submission.wave_id.in_(wave_ids)
    if form_row is not None:
        query = query.where(Submission.form_row == form_row, within | Submission.wave_id.is_(None))
    else:
        query = query.where(within)
    with session.execute(query.execution_options(yield_per=2000)) as rows:
        for submission_id, site, answers in rows:
            yield submission_id, site or "", json.loads(answers)
