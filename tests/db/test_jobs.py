"""Jobs: done once, by whoever takes them, also when a process dies in the middle."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from survey_server.config import Config
from survey_server.db.jobs import (
    KEPT,
    LEASE,
    SERVER,
    add_job,
    claim_job,
    drop_old_jobs,
    end_job,
    fail_job,
    get_job,
    keep_periodic,
    list_jobs,
    renew_lease,
)
from survey_server.db.models import Job, Programme, now
from survey_server.db.session import Database
from survey_server.problems import BadInput, JobLost
from survey_server.work import KINDS, Kind, Task, Worker, make_workers


def add(database: Database, programme: Programme, **options: object) -> int:
    with database.transaction() as session:
        return add_job(session, programme.id, "count", {"to": 3}, **options)  # type: ignore[arg-type]


def state_of(database: Database, programme: Programme, job_id: int) -> Job:
    with database.reading() as session:
        return get_job(session, programme.id, job_id)


def settings(tmp_path: Path) -> Config:
    return Config.from_environment({"SURVEY_DATA_DIR": str(tmp_path), "SURVEY_SECRET_KEY": "k" * 40})


def test_it_gives_each_job_to_one_worker_when_many_ask_at_once(database: Database, programme: Programme) -> None:
    wanted = {add(database, programme) for _ in range(20)}
    taken: list[int] = []

    def work() -> None:
        for _ in range(40):
            if job := claim_job(database, ["count"]):
                taken.append(job.id)
                end_job(database, job, {"ok": True})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)
    assert {state_of(database, programme, job_id).state for job_id in wanted} == {"done"}


def test_it_takes_a_job_up_again_when_its_worker_died_and_leaves_it_alone_before(
    database: Database, programme: Programme
) -> None:
    job_id = add(database, programme)
    dead = claim_job(database, ["count"])
    assert dead is not None
    assert claim_job(database, ["count"], now() + LEASE / 2) is None
    renew_lease(database, dead, (1, 3), now() + LEASE / 2)
    assert claim_job(database, ["count"], now() + LEASE * 1.2) is None
    again = claim_job(database, ["count"], now() + LEASE * 2)
    assert again is not None
    assert (again.id, again.tries) == (job_id, 2)
    with pytest.raises(JobLost):
        end_job(database, dead)
    with pytest.raises(JobLost):
        renew_lease(database, dead)
    end_job(database, again)
    assert state_of(database, programme, job_id).state == "done"


def test_it_gives_a_job_up_that_kills_every_worker(database: Database, programme: Programme) -> None:
    job_id, at = add(database, programme), now()
    while claim_job(database, ["count"], at):
        at += LEASE * 2
    ended = state_of(database, programme, job_id)
    assert (ended.state, ended.tries) == ("failed", 3)


def test_it_tries_again_later_and_later_and_then_says_why_it_failed(database: Database, programme: Programme) -> None:
    job_id, waits = add(database, programme, most_tries=4), []
    for _ in range(4):
        due = state_of(database, programme, job_id).due
        assert claim_job(database, ["count"], due - timedelta(seconds=1)) is None
        job = claim_job(database, ["count"], due)
        assert job is not None
        fail_job(database, job, "nobody answers", at=due)
        waits.append(state_of(database, programme, job_id).due - due)
    assert waits[:3] == sorted(set(waits[:3]))
    assert waits[0] > timedelta()
    ended = state_of(database, programme, job_id)
    assert (ended.state, ended.problem, ended.tries) == ("failed", "nobody answers", 4)


def test_it_lets_one_job_of_a_key_wait_and_brings_it_forward(database: Database, programme: Programme) -> None:
    later = now() + timedelta(hours=1)
    first = add(database, programme, key="a", due=later)
    assert add(database, programme, key="a") == first
    assert add(database, programme, key="b") != first
    assert state_of(database, programme, first).due < later
    claim_job(database, ["count"])
    claim_job(database, ["count"])
    assert add(database, programme, key="a") != first


def test_it_keeps_a_job_from_another_programme_and_waits_until_it_is_due(
    database: Database, programme: Programme
) -> None:
    add(database, programme, due=now() + timedelta(minutes=1))
    assert claim_job(database, ["count"]) is None
    assert claim_job(database, ["other"], now() + timedelta(minutes=2)) is None
    with database.reading() as session:
        assert list_jobs(session, programme.id + 1) == []
        assert [job.kind for job in list_jobs(session, programme.id, "count")] == ["count"]


def test_it_runs_what_is_due_tells_how_far_it_is_and_says_what_went_wrong(
    database: Database, programme: Programme, tmp_path: Path
) -> None:
    def count(task: Task) -> dict[str, int]:
        task.tell(2, task.detail["to"])
        halfway = state_of(database, programme, task.job.id)
        return {"done": halfway.done, "of": halfway.of}

    def refuse(_: Task) -> None:
        raise BadInput("There is no such form.")

    def break_down(_: Task) -> None:
        raise ZeroDivisionError

    kinds = {"count": Kind(count), "refuse": Kind(refuse), "break": Kind(break_down)}
    with database.transaction() as session:
        ids = [add_job(session, programme.id, kind, {"to": 3}) for kind in kinds]
    assert Worker(database, settings(tmp_path), kinds).run_due() == 3
    ended = [state_of(database, programme, job_id) for job_id in ids]
    assert [job.state for job in ended] == ["done", "failed", "failed"]
    assert ended[0].result == {"done": 2, "of": 3}
    assert ended[1].problem == "There is no such form."
    assert "ZeroDivisionError" in (ended[2].problem or "")


def test_it_does_periodic_work_once_a_period_and_forgets_what_ended_long_ago(
    database: Database, programme: Programme, tmp_path: Path
) -> None:
    job_id = add(database, programme)
    job = claim_job(database, ["count"])
    assert job is not None
    end_job(database, job)
    for worker in make_workers(database, settings(tmp_path), {"forget-old-jobs": KINDS["forget-old-jobs"]}):
        worker.keep_periodic()
        assert worker.run_due() == 1  # what it added for tomorrow isn't due yet
    with database.transaction() as session:
        keep_periodic(session, "forget-old-jobs", timedelta(days=1))
    with database.transaction() as session:
        waiting = session.scalars(select(Job).where(Job.programme_id == SERVER, Job.state == "waiting")).one()
        assert timedelta(hours=23) < waiting.due - now() <= timedelta(days=1)
        assert drop_old_jobs(session, now() + KEPT + timedelta(minutes=1)) == 2
        assert session.get(Job, (programme.id, job_id)) is None


def test_it_renews_the_lease_of_a_long_job_and_ends_with_the_stop(
    database: Database, programme: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey_server.work.LEASE", timedelta(milliseconds=30))
    stop, renewed = threading.Event(), threading.Event()

    def long(task: Task) -> None:
        first = state_of(database, programme, task.job.id).lease_until
        while state_of(database, programme, task.job.id).lease_until == first:
            renewed.wait(0.01)
        stop.set()

    job_id = add(database, programme)
    Worker(database, settings(tmp_path), {"count": replace(KINDS["forget-old-jobs"], run=long, every=None)}).run_until(
        stop
    )
    assert state_of(database, programme, job_id).state == "done"
