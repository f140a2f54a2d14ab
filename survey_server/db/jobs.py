"""Jobs: what is to be done later, kept in the database so that a crash loses none and no two processes do one twice.

`add_job` in the transaction that makes the job necessary; a worker (`survey_server/work.py`) claims and runs it. A
claim is a lease: whoever runs the job renews it, and when its process has died another takes the job up.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from survey_server.db.models import Job, now
from survey_server.db.session import Database
from survey_server.problems import JobLost, NotThere

SERVER = 0
"""The programme of jobs that belong to the server itself."""

LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
"""How long a job that has ended can still be looked up."""
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 7200, 21600, 43200, 86400))
_CRASHES = 2
_LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class JobInHand:
    """A job that this process has claimed."""

    programme_id: int
    id: int
    kind: str
    key: str
    detail: Mapping[str, Any]
    tries: int
    claim: str


def add_job(
    session: Session,
    programme_id: int,
    kind: str,
    detail: Mapping[str, Any] | None = None,
    due: datetime | None = None,
    *,
    key: str = "",
    most_tries: int = 1,
) -> int:
    """Have something done at `due` (now), once; its id. While one of this kind and key waits, that one is meant.

    `detail` holds ids and choices, never answers. A job that fails is tried `most_tries` times, each later than before.
    """
    due = due or now()
    if key and (waiting := _find_waiting(session, programme_id, kind, key)):
        if due < waiting.due:
            waiting.due = due
        return waiting.id
    job = Job(programme_id=programme_id, kind=kind, key=key, detail=dict(detail or {}), due=due, most_tries=most_tries)
    session.add(job)
    session.flush()
    return job.id


def get_job(session: Session, programme_id: int, job_id: int) -> Job:
    """One job with its progress; raises NotThere."""
    job = session.get(Job, (programme_id, job_id))
    if job is None:
        raise NotThere(f"There is no job {job_id}.")
    return job


def list_jobs(session: Session, programme_id: int, kind: str | None = None, *, limit: int = 100) -> list[Job]:
    """The jobs of a programme, the newest first."""
    query = select(Job).where(Job.programme_id == programme_id)
    if kind is not None:
        query = query.where(Job.kind == kind)
    return list(session.scalars(query.order_by(Job.id.desc()).limit(limit)))


def claim_job(database: Database, kinds: Collection[str], at: datetime | None = None) -> JobInHand | None:
    """The job that has been due for longest, now this process's for the length of a lease; None when nothing is due."""
    at = at or now()
    due = and_(Job.kind.in_(list(kinds)), or_(_waits(at), _was_left(at)))
    with database.reading() as session:  # most looks find nothing, and shall not stand in the writers' line
        if session.scalar(select(Job.id).where(due).limit(1)) is None:
            return None
    with database.transaction() as session:
        query = select(Job).where(due).order_by(Job.due, Job.id).limit(1).with_for_update(skip_locked=True)
        job = session.scalar(query)
        if job is None:
            return None
        if job.state == "running" and job.tries >= job.most_tries + _CRASHES:
            _end(job, "failed", at, problem="Whoever ran it stopped in the middle, again and again.")
            return None
        job.state, job.claim, job.lease_until = "running", secrets.token_hex(8), at + LEASE
        job.tries += 1
        return JobInHand(job.programme_id, job.id, job.kind, job.key, job.detail, job.tries, job.claim)


def is_due(database: Database, at: datetime | None = None) -> bool:
    """Whether a job waits for somebody now, or was left by somebody who died."""
    at = at or now()
    with database.reading() as session:
        return session.scalar(select(Job.id).where(or_(_waits(at), _was_left(at))).limit(1)) is not None


def has_work(database: Database) -> bool:
    """Whether a job is due or being done."""
    with database.reading() as session:
        return session.scalar(select(Job.id).where(or_(_waits(now()), Job.state == "running")).limit(1)) is not None


def renew_lease(
    database: Database, job: JobInHand, progress: tuple[int, int] | None = None, at: datetime | None = None
) -> None:
    """Say that the job is still being done, and how far it is; raises JobLost when somebody else has it by now."""
    values: dict[str, Any] = {"lease_until": (at or now()) + LEASE}
    if progress is not None:
        values |= {"done": progress[0], "of": progress[1]}
    with database.transaction() as session:
        statement = update(Job).where(*_ours(job)).values(**values).execution_options(synchronize_session=False)
        if session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]
            raise JobLost()


def end_job(database: Database, job: JobInHand, result: Mapping[str, Any] | None = None) -> None:
    """The job is done."""
    with database.transaction() as session:
        _end(_get_ours(session, job), "done", now(), result=dict(result) if result is not None else None)


def fail_job(
    database: Database, job: JobInHand, problem: str, again: datetime | None = None, at: datetime | None = None
) -> None:
    """The job went wrong: it waits for its next try, at `again` or when the back-off says, or has failed for good."""
    at = at or now()
    with database.transaction() as session:
        row = _get_ours(session, job)
        if row.tries >= row.most_tries:
            _end(row, "failed", at, problem=problem[:_LONGEST_PROBLEM])
            return
        row.state, row.claim, row.lease_until = "waiting", None, None
        row.due = again or at + BACK_OFF[min(row.tries, len(BACK_OFF)) - 1]
        row.problem = problem[:_LONGEST_PROBLEM]


def keep_periodic(session: Session, kind: str, every: timedelta) -> None:
    """See to it that the server's job of this kind is done every so often, counted from the last time it ended."""
    mine = (Job.programme_id == SERVER, Job.kind == kind)
    if session.scalar(select(Job.id).where(*mine, Job.state.in_(("waiting", "running"))).limit(1)):
        return
    last = session.scalar(select(Job.ended_at).where(*mine).order_by(Job.id.desc()).limit(1))
    add_job(session, SERVER, kind, due=max(now(), last + every) if last else now(), key=kind)


def drop_old_jobs(session: Session, at: datetime | None = None) -> int:
    """Forget jobs that ended long ago; how many."""
    old = delete(Job).where(Job.state.in_(("done", "failed")), Job.ended_at < (at or now()) - KEPT)
    count: int = session.execute(old.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    return count


def _waits(at: datetime) -> Any:
    return and_(Job.state == "waiting", Job.due <= at)


def _was_left(at: datetime) -> Any:
    return and_(Job.state == "running", Job.lease_until < at)


def _ours(job: JobInHand) -> tuple[Any, ...]:
    return Job.programme_id == job.programme_id, Job.id == job.id, Job.claim == job.claim, Job.state == "running"


def _get_ours(session: Session, job: JobInHand) -> Job:
    row = session.scalar(select(Job).where(*_ours(job)).with_for_update())
    if row is None:
        raise JobLost()
    return row


def _find_waiting(session: Session, programme_id: int, kind: str, key: str) -> Job | None:
    where = (Job.programme_id == programme_id, Job.kind == kind, Job.key == key, Job.state == "waiting")
    return session.scalar(select(Job).where(*where).limit(1))


def _end(
    job: Job, state: str, at: datetime, *, result: dict[str, Any] | None = None, problem: str | None = None
) -> None:
    job.state, job.ended_at, job.claim, job.lease_until = state, at, None, None
    job.result, job.problem = result, problem
