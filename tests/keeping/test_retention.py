"""What a programme no longer needs goes, all of it, and nothing else; a person who changes their mind is forgotten."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from survey_server.aliases import make_aliases
from survey_server.cli import cli
from survey_server.config import Config
from survey_server.db.analysis.frames import wave_frame
from survey_server.db.audit import add_audit, find_broken_link
from survey_server.db.forms import get_form
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import Arrival, take_in
from survey_server.db.keeping.erasure import DROP_FILES, drop_blobs
from survey_server.db.keeping.retention import Retention, apply_retention, get_retention, list_due, set_retention
from survey_server.db.keeping.withdrawals import withdraw
from survey_server.db.media.files import FolderStore
from survey_server.db.media.pieces import Hander, MediaIntake
from survey_server.db.models import (
    AuditRow,
    Media,
    Programme,
    Submission,
    SubmissionText,
    SubmissionVersion,
    Wave,
    now,
)
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave, set_wave_state
from survey_server.problems import UnfitPolicy, UnknownWithdrawal
from survey_server.work import KINDS, Worker

FORM = """
| survey |
| | type     | name  | label::Español (es) | calculation |
| | today    | today |                     |             |
| | geopoint | point | Lugar               |             |
| | text     | word  | Palabra             |             |
| | text     | code  | Código              |             |
| | begin_repeat | stop | Parada |  |
| | geopoint | where | Lugar  |  |
| | end_repeat   |      |        |  |
| settings |
| | form_title | form_id | version | default_language |
| | Lugares    | places  | 1       | Español (es)     |
| design |
| | role       | source   | field | note |
| | withdrawal | question | code  |      |
"""
PLACE, OTHER_PLACE = "14.6349 -90.5069 0 5", "16.9118 -89.8941 0 8"
KEYRING = Keyring("k" * 40)


def document(number: int) -> bytes:
    return (
        f'<data id="places" version="1"><today>2026-03-05</today><point>{PLACE}</point><word>tormenta</word>'
        f"<code>AB12CD{number:02d}</code><stop><where>{OTHER_PLACE}</where></stop>"
        f"<meta><instanceID>uuid:{number}</instanceID></meta></data>"
    ).encode()


def send(database: Database, programme: Programme, numbers: range) -> list[int]:
    arrivals = [Arrival(f"uuid:{number}", "places", "1", document(number)) for number in numbers]
    return [one.status for one in take_in(database, Source(programme.id, "import", "command"), arrivals)]


@pytest.fixture
def wave(database: Database, programme: Programme, store: FolderStore) -> Wave:
    """A locked wave of three interviews, each with a photo and a log of timings."""
    publish_form(database, programme.id, "places.md", FORM.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "places")
        wave = add_wave(session, form, "W1", date(2026, 3, 1), date(2026, 3, 31), actor="command")
        set_wave_state(session, wave, "open", actor="command")
    assert send(database, programme, range(3)) == [201, 201, 201]
    intake = MediaIntake(database, store)
    for number in range(3):
        hander = Hander(programme.id, "phone", "device:1")
        intake.keep(hander, f"uuid:{number}", "foto.jpg", "image/jpeg", b"\xff\xd8photo" + bytes([number]))
        intake.keep(hander, f"uuid:{number}", "audit.csv", "text/csv", f"event,node\nquestion,{number}\n".encode())
    with database.transaction() as session:
        wave = session.get_one(Wave, (programme.id, wave.id))
        set_wave_state(session, wave, "locked", actor="command")
    return wave


def choose(database: Database, programme: Programme, **days: int | None) -> None:
    """Only these rules; all others keep for ever."""
    rules = ("positions", "contact-log", "timings", "sealed-copies", "check-ins", "restricted", "cases", "access-log")
    told = {rule: days.get(rule.replace("-", "_")) for rule in rules}
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        set_retention(session, row, Retention(True, told, date(2026, 1, 1)), actor="command")


def apply(database: Database, programme: Programme, store: FolderStore, later: timedelta) -> dict[str, int]:
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        taken, blobs = apply_retention(session, row, KEYRING, actor="command", at=now() + later)
    drop_blobs(store, blobs)
    return {due.rule.name: due.count for due in taken}


def every_text(database: Database) -> str:
    with database.reading() as session:
        versions = session.execute(select(SubmissionVersion.xml, SubmissionVersion.answers)).all()
        words = session.scalars(select(SubmissionText.words)).all()
    return " ".join([*(xml.decode() + answers for xml, answers in versions), *words])


def test_it_takes_nothing_before_its_day(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    choose(database, programme, positions=30, timings=180)
    assert apply(database, programme, store, timedelta(days=29)) == {}
    assert PLACE in every_text(database)


def test_it_says_what_is_due_without_taking_it(database: Database, programme: Programme, wave: Wave) -> None:
    choose(database, programme, positions=30, timings=180, cases=90)
    with database.reading() as session:
        row = session.get_one(Programme, programme.id)
        due = {one.rule.name: one.count for one in list_due(session, row, now() + timedelta(days=200))}
    assert {name: count for name, count in due.items() if count} == {"positions": 3, "timings": 3, "cases": 3}
    assert PLACE in every_text(database)


def test_it_blanks_positions_everywhere_and_leaves_the_rest(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    with database.reading() as session:
        before = wave_frame(session, wave)
    choose(database, programme, positions=30)
    assert apply(database, programme, store, timedelta(days=31)) == {"positions": 3}
    told = every_text(database)
    assert (PLACE in told, OTHER_PLACE in told, "tormenta" in told) == (False, False, True)
    with database.reading() as session:
        after = wave_frame(session, wave)
    assert before["point"].notna().all()
    assert "point" not in after or after["point"].isna().all()
    assert list(after["word"]) == list(before["word"])
    assert apply(database, programme, store, timedelta(days=32)) == {}


def test_it_takes_the_timings_and_leaves_the_photos(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    choose(database, programme, timings=180)
    assert apply(database, programme, store, timedelta(days=181)) == {"timings": 3}
    with database.reading() as session:
        assert set(session.scalars(select(Media.name))) == {"foto.jpg"}
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(b"event,node" in path.read_bytes() for path in files)


def test_it_leaves_nothing_of_cases_but_that_they_were_there(
    database: Database, programme: Programme, wave: Wave, store: FolderStore, data_dir: Path
) -> None:
    database.keep_frames_in(data_dir / "frames")
    with database.reading() as session:
        wave_frame(session, wave)
    assert b"tormenta" in b"".join(path.read_bytes() for path in (data_dir / "frames").iterdir())
    choose(database, programme, cases=10)
    assert apply(database, programme, store, timedelta(days=400)) == {"cases": 3}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0
        assert wave_frame(session, wave).empty
        erased = session.scalars(select(AuditRow).where(AuditRow.action == "erase")).one()
        assert (erased.subject, erased.detail["count"]) == ("cases", 3)
        assert find_broken_link(session, programme.id) is None
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    assert b"tormenta" not in b"".join(path.read_bytes() for path in (data_dir / "frames").iterdir())


def test_it_takes_no_case_while_the_programme_has_no_last_day(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        set_retention(session, row, Retention(True, {"cases": 0}), actor="command")
    assert "cases" not in apply(database, programme, store, timedelta(days=4000))


def test_it_blanks_old_rows_of_the_audit_log_and_still_notices_a_forged_one(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    choose(database, programme, access_log=30)
    with database.reading() as session:
        before = session.scalars(select(func.count()).select_from(AuditRow)).one()
    assert apply(database, programme, store, timedelta(days=31)) == {"access-log": before}
    with database.transaction() as session:
        add_audit(session, programme.id, "person:1", "login")
    with database.reading() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.number)).all()
        assert all(row.actor == "" for row in rows[:before])
        assert find_broken_link(session, programme.id) is None
    with database.transaction() as session:
        last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).one()
        last.actor, last.action, last.detail = "", "erased", {}
    with database.reading() as session:
        assert find_broken_link(session, programme.id) == before + 2


def test_it_applies_the_rules_by_itself_only_where_somebody_said_so(
    database: Database, programme: Programme, wave: Wave, store: FolderStore, data_dir: Path
) -> None:
    config = Config.from_environment({"SURVEY_DATA_DIR": str(data_dir), "SURVEY_SECRET_KEY": "k" * 40})
    worker = Worker(database, config, {"retention": KINDS["retention"]})
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        set_retention(session, row, Retention(False, {"cases": 0}, date(2026, 1, 1)), actor="command")
    worker.keep_periodic()
    worker.run_due()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 3


def test_it_refuses_rules_that_there_are_not(database: Database, programme: Programme) -> None:
    with database.transaction() as session:
        row = session.get_one(Programme, programme.id)
        with pytest.raises(UnfitPolicy, match="everything"):
            set_retention(session, row, Retention(True, {"everything": 1}), actor="command")
        with pytest.raises(UnfitPolicy, match="cases"):
            set_retention(session, row, Retention(True, {"cases": -1}), actor="command")
        assert get_retention(row) == Retention(False, {}, None)


def test_it_deletes_the_files_of_an_erased_interview_though_whoever_erased_it_died_at_once(
    database: Database, programme: Programme, wave: Wave, store: FolderStore
) -> None:
    """Between the commit and the disk there is a moment, and a store may be away for hours."""
    with database.transaction() as session:
        _, blobs = withdraw(session, session.get_one(Programme, programme.id), "AB12CD01", actor="command")
    kept, gone = (sha256 for _, sha256 in blobs)
    hander = Hander(programme.id, "phone", "device:1")
    MediaIntake(database, store).keep(hander, "uuid:2", "otra.jpg", "image/jpeg", store.read(programme.id, kept))
    environment = {"SURVEY_DATA_DIR": str(store.folder.parent), "SURVEY_SECRET_KEY": "k" * 40}
    Worker(database, Config.from_environment(environment), {DROP_FILES: KINDS[DROP_FILES]}).run_due()
    assert (store.has(programme.id, kept), store.has(programme.id, gone)) == (True, False)


@pytest.mark.parametrize("typed", ["AB12CD01", "ab12 cd01", "AB12-CD01"])
def test_it_forgets_the_interview_of_a_withdrawal_code(
    database: Database, programme: Programme, wave: Wave, store: FolderStore, typed: str
) -> None:
    with database.transaction() as session:
        count, blobs = withdraw(session, session.get_one(Programme, programme.id), typed, actor="command")
    assert (count, drop_blobs(store, blobs)) == (1, 2)
    with database.reading() as session:
        assert set(session.scalars(select(Submission.instance_id))) == {"uuid:0", "uuid:2"}
        told = " ".join(str(row.detail) + row.subject for row in session.scalars(select(AuditRow)))
    assert "AB12CD01" not in told.upper()
    assert send(database, programme, range(1, 2)) != [201], "a phone brought it back"
    with database.reading() as session:
        assert set(session.scalars(select(Submission.instance_id))) == {"uuid:0", "uuid:2"}


@pytest.mark.parametrize("typed", ["AB12CD99", "%", "AB12CD0_", "", "' OR 1=1 --"])
def test_it_finds_nobody_for_another_code(database: Database, programme: Programme, wave: Wave, typed: str) -> None:
    with database.transaction() as session, pytest.raises(UnknownWithdrawal):
        withdraw(session, session.get_one(Programme, programme.id), typed, actor="command")


def test_it_gives_each_badge_another_alias_in_every_wave(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("badge,post\n" + "".join(f"PNC-{n},puesto\n" for n in range(500)))

    def run(wave: str) -> dict[str, str]:
        target = tmp_path / f"{wave}.csv"
        done = CliRunner().invoke(
            cli,
            ["alias", str(tmp_path / "roster.csv"), str(target), "--secret", str(tmp_path / "secret"), "--wave", wave],
        )
        assert done.exit_code == 0, done.output
        with target.open() as opened:
            return {row["badge"]: row["alias"] for row in csv.DictReader(opened)}

    first, second = run("W1"), run("W2")
    assert len(set(first.values())) == len(set(second.values())) == 500
    assert sum(first[badge] == second[badge] for badge in first) < 5
    assert first == make_aliases(reversed(first), "W1", (tmp_path / "secret").read_text().encode())


def test_it_shows_and_applies_by_command(
    database: Database, programme: Programme, wave: Wave, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEY_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SURVEY_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    shown = CliRunner().invoke(cli, ["retention", "frontera", "--keep", "timings=0", "--keep", "access-log="])
    assert "timings        after lock          kept 0 days     due        3" in shown.output
    assert "access-log     after arrival       kept for ever   due        0" in shown.output
    done = CliRunner().invoke(cli, ["retention", "frontera", "--apply"])
    assert "taken        3" in done.output
    with database.reading() as session:
        assert set(session.scalars(select(Media.name))) == {"foto.jpg"}
