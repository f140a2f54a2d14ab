"""Forms that belong together: visits and interviews of a case, two interviews of one, back-checks of none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from survey_server.db.analysis.frames import wave_frame
from survey_server.db.models import Form, SubmissionVersion, Wave

Cases: TypeAlias = dict[str, list[tuple[str, str]]]
"""Case -> (instance id, site) of each of its forms."""

CONTACT, BACK_CHECK = "ssr_contact", "ssr_backcheck"
COMPLETE = ("11", "12")
MOST = 200
"""Of each kind; who has more to look at begins with these."""
KINDS = ("visit-without-interview", "interview-without-visit", "twice", "back-check-of-nothing")


@dataclass(frozen=True)
class BrokenLink:
    """A case whose forms don't fit together."""

    kind: str
    case: str
    site: str
    instances: tuple[str, ...]
    """The instance ids of its submissions."""


def check_links(session: Session, wave: Wave, case_column: str = "case_id") -> list[BrokenLink]:
    """What doesn't fit between the interviews of a wave and the visits and back-checks of the same cases.

    Visits and back-checks name the wave they belong to, and are taken from all waves of their forms.
    """
    interviews = _by_case(_frame(session, wave), case_column)
    visits: Cases = defaultdict(list)
    checks: Cases = defaultdict(list)
    for other in _beside(session, wave, CONTACT):
        for case, found in _by_visit(other, wave.ordinal).items():
            visits[case] += found
    for other in _beside(session, wave, BACK_CHECK):
        for case, found in _by_case(other, "case_id").items():
            if case.endswith(f"-W{wave.ordinal}"):
                checks[case] += found
    return [
        *_broken("visit-without-interview", visits, visits.keys() - interviews.keys()),
        *(_broken("interview-without-visit", interviews, interviews.keys() - visits.keys()) if visits else ()),
        *_broken("twice", interviews, {case for case, found in interviews.items() if len(found) > 1}),
        *_broken("back-check-of-nothing", checks, checks.keys() - interviews.keys()),
    ]


def open_links(session: Session, wave: Wave, links: Sequence[BrokenLink]) -> dict[str, int]:
    """The submissions of these links, by their instance ids."""
    wanted = sorted({instance for link in links for instance in link.instances})
    forms = session.scalars(
        select(Form.id).where(
            Form.programme_id == wave.programme_id,
            or_(Form.id == wave.form_row, Form.form_id.in_((CONTACT, BACK_CHECK))),
        )
    ).all()
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        query = select(SubmissionVersion.instance_id, SubmissionVersion.submission_id).where(
            SubmissionVersion.programme_id == wave.programme_id,
            SubmissionVersion.form_row.in_(forms),
            SubmissionVersion.instance_id.in_(wanted[start : start + 500]),
        )
        found |= {row.instance_id: row.submission_id for row in session.execute(query)}
    return found


def _frame(session: Session, wave: Wave) -> pd.DataFrame:
    """The wave as it is kept: cases are looked for in its columns, not in every interview anew."""
    return wave_frame(session, wave)


def _by_case(frame: pd.DataFrame, column: str) -> Cases:
    found: Cases = defaultdict(list)
    if column in frame.columns:
        rows = frame[[column, "_id", "_site"]].astype(object)
        for case, instance, site in rows[rows[column].notna()].itertuples(index=False):
            found[str(case)].append((str(instance), "" if pd.isna(site) else str(site)))
    return found


def _by_visit(frame: pd.DataFrame, ordinal: int) -> Cases:
    """The completed visits of a wave's order number by the case that their interview must have."""
    found: Cases = defaultdict(list)
    names = ("disp", "wave", "psu", "dwelling")
    if set(names) <= set(frame.columns):
        rows = frame[[*names, "_id", "_site"]].astype(object)
        for disp, wave, psu, dwelling, instance, site in rows.itertuples(index=False):
            if _code(disp) in COMPLETE and _code(wave) == str(ordinal):
                case = case_of({"psu": psu, "dwelling": dwelling, "wave": _code(wave)})
                found[case].append((str(instance), "" if pd.isna(site) else str(site)))
    return found


def _code(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value == value else str(value)


def case_of(answers: Mapping[str, Any]) -> str:
    """The case of a visit, as the interview's form writes it: GT1701034-D007-W1."""
    try:
        dwelling = f"{int(answers.get('dwelling') or 0):03}"
    except ValueError:
        dwelling = "000"
    return f"{answers.get('psu')}-D{dwelling}-W{answers.get('wave')}"


def _broken(kind: str, found: Cases, cases: Iterable[str]) -> Iterator[BrokenLink]:
    for case in sorted(cases)[:MOST]:
        yield BrokenLink(kind, case, found[case][0][1], tuple(instance for instance, _ in found[case]))


def _beside(session: Session, wave: Wave, form_id: str) -> Iterator[pd.DataFrame]:
    """The waves of another form that may speak of this wave's cases: kept all along, or of the same order number."""
    form = session.scalar(select(Form).where(Form.programme_id == wave.programme_id, Form.form_id == form_id))
    if form is not None and form.id != wave.form_row:
        waves = select(Wave).where(Wave.programme_id == wave.programme_id, Wave.form_row == form.id)
        for other in session.scalars(waves.order_by(Wave.ordinal)):
            yield _frame(session, other)
