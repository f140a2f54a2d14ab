"""Reports in the making and made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from survey_server.db.jobs import LEASE, claim_job, end_job
from survey_server.db.media.shelves import FolderShelf, read_whole
from survey_server.db.models import now
from survey_server.problems import JobLost, NothingToReport, NotThere
from survey_server.web.office.results import report_files
from survey_server.web.office.results.report_files import ReportFile, ReportFiles
from survey_server.work import KINDS, Task, Worker
from tests.office.world import World


def ask(files: ReportFiles, make: report_files.Make, waves: tuple[str, ...] = ("W1",)) -> ReportFile:
    """Ask for a report and make it."""
    report = files.ask(waves, "es", "full", asked_by="person:1", interim=False)
    files.make(report, make)
    return files.get(report.id)


def work(world: World) -> None:
    """Do what the jobs of a server would do now."""
    Worker(world.database, world.app.config["SURVEY"], {"report": KINDS["report"]}).run_due()


def make_pdf() -> Mapping[str, bytes]:
    return {"b.zip": b"PK", "a.pdf": b"%PDF-1.7"}


def test_it_keeps_the_files_of_a_report_and_makes_it_once_a_minute(tmp_path: Path) -> None:
    files = ReportFiles(FolderShelf(tmp_path), "norte")
    asked = files.ask(("W1",), "es", "full", asked_by="person:1", interim=False)
    assert files.get(asked.id).state == "making"
    assert files.files(asked) == []
    done = ask(files, make_pdf)
    assert done.state == "ready"
    assert files.files(done) == [("a.pdf", 8), ("b.zip", 2)]
    assert files.read(done, "a.pdf") == b"%PDF-1.7"
    assert done.id in {each.id for each in files.list_all()}


def test_it_tells_why_a_report_could_not_be_made_and_tries_again_when_asked(tmp_path: Path) -> None:
    files = ReportFiles(FolderShelf(tmp_path), "norte")

    def fail() -> Mapping[str, bytes]:
        raise NothingToReport("W1 has no interviews.")

    with pytest.raises(NothingToReport):
        ask(files, fail)
    [report] = files.list_all()
    assert (report.state, report.problem) == ("failed", "W1 has no interviews.")
    assert files.files(report) == []
    assert ask(files, make_pdf).state == "ready"


def test_it_takes_a_report_up_again_whose_server_died_and_makes_it_once(world: World) -> None:
    coordinator = world.browser("coordinator")
    where = coordinator.post("/office/p/norte/reports", {"wave": "W1", "language": "es", "edition": "full"}).location
    lost = claim_job(world.database, ["report"])
    assert lost is not None and claim_job(world.database, ["report"]) is None
    files = ReportFiles(FolderShelf(world.app.config["SURVEY"].data_dir), "norte")
    report = files.get(where.rpartition("/")[2])
    assert report.state == "making"
    later = now() + 2 * LEASE
    taken = claim_job(world.database, ["report"], later)
    assert taken is not None and taken.detail == {"report": report.id}
    KINDS["report"].run(Task(world.database, world.app.config["SURVEY"], taken))
    end_job(world.database, taken)
    assert files.get(report.id).state == "ready"
    with pytest.raises(JobLost):
        end_job(world.database, lost)


def test_it_counts_a_report_that_nobody_ever_finished_as_failed(tmp_path: Path) -> None:
    files = ReportFiles(FolderShelf(tmp_path), "norte")
    report = ask(files, make_pdf)
    key = f"{files.place}/{report.id}/status.json"
    values = json.loads(read_whole(files.shelf, key))
    values |= {"state": "making", "asked": (now() - timedelta(hours=3)).isoformat()}
    files.shelf.write(key, json.dumps(values).encode())
    assert files.get(report.id).state == "failed"


@pytest.mark.parametrize("name", ["../status.json", "status.json", "missing.pdf", "a.pdf.part", "/etc/passwd"])
def test_it_gives_only_the_files_of_the_report(tmp_path: Path, name: str) -> None:
    files = ReportFiles(FolderShelf(tmp_path), "norte")
    report = ask(files, make_pdf)
    with pytest.raises(NotThere):
        files.read(files.get(report.id), name)


@pytest.mark.parametrize("report_id", ["", "..", "0" * 16, "../../norte"])
def test_it_knows_no_other_report(tmp_path: Path, report_id: str) -> None:
    with pytest.raises(NotThere):
        ReportFiles(FolderShelf(tmp_path), "norte").get(report_id)


def test_it_keeps_a_preliminary_report_from_who_may_see_only_final_ones(world: World) -> None:
    files = ReportFiles(FolderShelf(world.app.config["SURVEY"].data_dir), "norte")
    report = files.ask(("W2",), "es", "full", asked_by="person:1", interim=True)
    files.make(report, make_pdf)
    path = f"/office/p/norte/reports/{report.id}"
    assert world.browser("analyst").get(f"{path}/a.pdf").data == b"%PDF-1.7"
    coordinator = world.browser("coordinator")
    assert coordinator.get(path).status_code == coordinator.get(f"{path}/a.pdf").status_code == 403
    assert report.id not in coordinator.get("/office/p/norte/reports").text


def test_it_makes_a_real_report_of_a_locked_wave_for_the_coordinator(world: World) -> None:
    coordinator = world.browser("coordinator")
    answer = coordinator.post("/office/p/norte/reports", {"wave": "W1", "language": "es", "edition": "full"})
    assert answer.status_code == 303
    assert "/reports/" in answer.location
    work(world)
    assert coordinator.get(answer.location).status_code == 200


def test_it_prints_on_the_paper_that_was_chosen(world: World) -> None:
    coordinator, paths = world.browser("coordinator"), set()
    for paper in ("Letter", "A4"):
        values = {"wave": "W1", "language": "en", "edition": "us", "paper": paper}
        paths.add(coordinator.post("/office/p/norte/reports", values).location)
    work(world)
    files = ReportFiles(FolderShelf(world.app.config["SURVEY"].data_dir), "norte")
    made = [report for report in files.list_all() if report.edition == "us"]
    assert len(paths) == len(made) == 2
    assert {report.paper for report in made} == {"A4", "Letter"}


def test_it_serves_the_report_for_reading_without_any_script(world: World) -> None:
    files = ReportFiles(FolderShelf(world.app.config["SURVEY"].data_dir), "norte")
    report = ask(files, lambda: {"r.html": b"<!doctype html><p>hola"})
    answer = world.browser("analyst").get(f"/office/p/norte/reports/{report.id}/r.html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "script" not in policy
