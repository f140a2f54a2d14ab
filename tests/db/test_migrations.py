"""Every step up and down, with and without data, ends in what the models say."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from survey_server.db.audit import add_audit, find_broken_link
from survey_server.db.field.own_outlines import own_outlines, set_outlines
from survey_server.db.field.sites import set_sites
from survey_server.db.migrate import is_of_models, migrate, migrate_down
from survey_server.db.models import Base, Membership, Programme, Site
from survey_server.db.programmes import add_programme
from survey_server.db.session import Session, open_database
from survey_server.outlines import Outline


def differences(session: Session) -> list[Any]:
    """Between what is there and what the models say, without what only one kind of database has."""
    context = MigrationContext.configure(session.connection(), opts={"include_name": is_of_models})
    return list(compare_metadata(context, Base.metadata))


def test_it_makes_exactly_the_tables_of_the_models(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with open_database(empty_database_url).reading() as session:
        assert differences(session) == []


def test_it_leaves_nothing_behind_on_the_way_down(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate_down(empty_database_url, "base")
    with open_database(empty_database_url).reading() as session:
        assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}


def test_it_goes_up_again_after_it_went_down(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate_down(empty_database_url, "base")
    migrate(empty_database_url)
    with open_database(empty_database_url).reading() as session:
        assert differences(session) == []


def test_it_keeps_the_data_when_it_runs_again(empty_database_url: str) -> None:
    migrate(empty_database_url)
    database = open_database(empty_database_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "a", "A").id
        set_sites(session, programme_id, [{"code": "GT1701034", "weight": 1.5, "border": "1"}], actor="command")
    migrate(empty_database_url)
    with database.reading() as session:
        site = session.scalars(select(Site)).one()
        assert (site.code, site.weight, site.extra) == ("GT1701034", 1.5, {"border": "1"})
        assert session.scalars(select(Programme.code)).all() == ["a"]
        assert find_broken_link(session, programme_id) is None


def test_it_keeps_sites_and_phones_when_fieldwork_comes_and_goes(empty_database_url: str) -> None:
    migrate(empty_database_url, "0001")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO programme VALUES (1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0)"), {"no": False})
        columns = "programme_id, id, code, name, extra, changed_at"
        session.execute(text(f"INSERT INTO site ({columns}) VALUES (1, 5, 'GT1', 'Uno', '{{}}', 7)"))
    migrate(empty_database_url, "0002")
    with database.transaction() as session:
        assert session.execute(text("SELECT code, policies FROM site")).one()[0] == "GT1"
        columns = "programme_id, id, code, name, active, changed_at"
        session.execute(text(f"INSERT INTO team ({columns}) VALUES (1, 2, 'N1', 'Norte', :yes, 7)"), {"yes": True})
    migrate_down(empty_database_url, "0001")
    with database.reading() as session:
        assert session.execute(text("SELECT code, changed_at FROM site")).one() == ("GT1", 7)
        assert "team" not in inspect(session.connection()).get_table_names()


def test_it_keeps_phones_when_media_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0002")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO programme VALUES (1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0)"), {"no": False})
        columns = "programme_id, id, label, interviewer, token_sha256, enrolled_at, seen_at"
        session.execute(text(f"INSERT INTO device ({columns}) VALUES (1, 2, 'Uno', 'EN1', 'f', 3, 4)"))
    migrate(empty_database_url, "0003")
    with database.transaction() as session:
        columns = "programme_id, id, instance_id, name, type, size, sha256, sealed, source, device_id, announced_at"
        values = "1, 9, 'uuid:a', '1.jpg', 'image/jpeg', 5, 'f', :no, 'phone', 2, 7"
        session.execute(text(f"INSERT INTO media ({columns}) VALUES ({values})"), {"no": False})
    migrate_down(empty_database_url, "0002")
    with database.reading() as session:
        assert session.execute(text("SELECT label, seen_at FROM device")).one() == ("Uno", 4)
        assert "media" not in inspect(session.connection()).get_table_names()


def test_it_keeps_phones_and_waves_when_seals_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0003")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO programme VALUES (1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0)"), {"no": False})
        columns = "programme_id, id, label, interviewer, token_sha256, enrolled_at, seen_at"
        session.execute(text(f"INSERT INTO device ({columns}) VALUES (1, 2, 'Uno', 'EN1', 'f', 3, 4)"))
    migrate(empty_database_url, "0004")
    with database.transaction() as session:
        columns = "programme_id, id, kid, x, y, wrapped, statements, made_at"
        insert = f"INSERT INTO sealing_key ({columns}) VALUES (1, 6, 'k', 'x', 'y', :w, '[]', 7)"
        session.execute(text(insert), {"w": b"w"})
        session.execute(text("INSERT INTO wave_key VALUES (1, 0, 6, 7)"))
    migrate_down(empty_database_url, "0003")
    with database.reading() as session:
        assert session.execute(text("SELECT label, seen_at FROM device")).one() == ("Uno", 4)
        assert "sealing_key" not in inspect(session.connection()).get_table_names()


def test_it_keeps_submissions_and_the_audit_chain_when_jobs_and_webhooks_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0004")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO programme VALUES (1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0)"), {"no": False})
        add_audit(session, 1, "command", "publish-form", "encuesta")
    migrate(empty_database_url, "0005")
    with database.transaction() as session:
        columns = "programme_id, id, label, url, secret, events, made_by, made_at"
        insert = f"INSERT INTO webhook ({columns}) VALUES (1, 6, 'Uno', 'https://a.example', :w, '[]', 1, 7)"
        session.execute(text(insert), {"w": b"w"})
        columns = "programme_id, id, kind, key, detail, state, due, tries, most_tries, done, of, created_at"
        columns = columns.replace(" of,", ' "of",')
        session.execute(text(f"INSERT INTO job ({columns}) VALUES (0, 6, 'k', '', '{{}}', 'done', 1, 0, 1, 0, 0, 1)"))
    migrate_down(empty_database_url, "0004")
    with database.reading() as session:
        assert find_broken_link(session, 1) is None
        assert session.execute(text("SELECT action FROM audit_row")).scalars().all() == ["publish-form"]
        assert {"job", "webhook"} & set(inspect(session.connection()).get_table_names()) == set()


def test_it_keeps_people_and_roles_when_second_factors_and_decisions_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0005")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO programme VALUES (1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0)"), {"no": False})
        columns = "id, login, name, language, administrator, active, must_change_password, failed_logins, created_at"
        session.execute(
            text(f"INSERT INTO person ({columns}) VALUES (3, 'ana', 'Ana', 'es', :no, :yes, :no, 0, 7)"),
            {"no": False, "yes": True},
        )
        session.execute(text("INSERT INTO membership VALUES (1, 3, 'analyst', 7)"))
    migrate(empty_database_url, "0006")
    with database.transaction() as session:
        assert session.scalars(select(Membership)).one().scope == {}
        session.execute(text("INSERT INTO recovery_code VALUES (3, 'f', NULL)"))
        session.execute(text("INSERT INTO login_attempt VALUES ('f', 3, 7)"))
        columns = (
            "programme_id, id, report, sha256, edition, language, waves, interim, asked_by, made_at, files, evidence"
        )
        values = "1, 5, 'r', 's', 'full', 'es', '[]', :no, 'p', 7, '{}', '{}'"
        insert = f"INSERT INTO made_report ({columns}) VALUES ({values})"
        session.execute(text(insert), {"no": False})
        columns = "programme_id, id, made_report_id, report_sha256, content, sha256, written_at, written_by"
        session.execute(text(f"INSERT INTO decision ({columns}) VALUES (1, 6, 5, 's', '{{}}', 'd', 7, 3)"))
        session.execute(text("INSERT INTO decision_signature VALUES (1, 6, 3, 'd', 'password', '', 7)"))
    migrate_down(empty_database_url, "0005")
    with database.reading() as session:
        assert session.execute(text("SELECT login, language FROM person")).one() == ("ana", "es")
        assert session.execute(text("SELECT role, granted_at FROM membership")).one() == ("analyst", 7)
        assert "decision" not in inspect(session.connection()).get_table_names()


def test_it_tells_cases_files_and_words_of_submissions_that_were_there_before(empty_database_url: str) -> None:
    migrate(empty_database_url, "0006")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        columns = "id, code, name, languages, demo, time_zone, policies, field_revision, created_at"
        values = "1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0"
        session.execute(text(f"INSERT INTO programme ({columns}) VALUES ({values})"), {"no": False})
        session.execute(
            text("INSERT INTO form (programme_id, id, form_id, state, created_at) VALUES (1, 2, 'f', 'open', 0)")
        )
        columns = "programme_id, id, form_row, version, instance_id, number, received_at, changed_at, review_state"
        values = "1, 3, 2, '1', 'uuid:0a1b-2c', 1, 5, 5, 'received', 1, 0, 'A'"
        session.execute(text(f"INSERT INTO submission ({columns}, issue_count, repeats, site_code) VALUES ({values})"))
        columns = (
            "programme_id, submission_id, number, form_row, instance_id, sha256, source, received_at, answers, xml"
        )
        answers = '{"case_id": "A-D001-W1", "photo": "1.jpg", "q": "2", "r": [{"why": "Camión sin luz"}]}'
        insert = (
            f"INSERT INTO submission_version ({columns}) VALUES (1, 3, 1, 2, 'uuid:0a1b-2c', 'f', 'phone', 5, :a, :x)"
        )
        session.execute(text(insert), {"a": answers, "x": b"<data/>"})
    migrate(empty_database_url, "0007")
    with database.reading() as session:
        one = session.execute(text("SELECT case_id, files, revision, review_state FROM submission")).one()
        assert tuple(one) == ("A-D001-W1", 1, 0, "has-issues")
        words = session.execute(text("SELECT words FROM submission_text")).scalar_one().split()
        assert {"0a1b2c", "a", "d001", "w1", "camion", "luz"} <= set(words) and "1" not in words
    migrate_down(empty_database_url, "0006")
    with database.reading() as session:
        assert session.execute(text("SELECT review_state, site_code FROM submission")).one() == ("received", "A")
        assert "submission_text" not in inspect(session.connection()).get_table_names()


def test_it_keeps_phones_and_documents_when_openrosa_and_entities_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0007")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        columns = "id, code, name, languages, demo, time_zone, policies, field_revision, created_at"
        values = "1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0"
        session.execute(text(f"INSERT INTO programme ({columns}) VALUES ({values})"), {"no": False})
        columns = "programme_id, id, label, interviewer, token_sha256, enrolled_at, seen_at"
        session.execute(text(f"INSERT INTO device ({columns}) VALUES (1, 2, 'Uno', 'EN1', 'f', 3, 4)"))
        columns = "programme_id, code_sha256, label, interviewer, created_at, expires_at, device_id"
        session.execute(text(f"INSERT INTO enrolment ({columns}) VALUES (1, 'c', 'Uno', 'EN1', 3, 4, 2)"))
        columns = "programme_id, id, instance_id, name, type, size, sha256, sealed, source, device_id, announced_at"
        values = "1, 9, 'uuid:a', '1.jpg', 'image/jpeg', 5, 'f', :no, 'phone', 2, 7"
        session.execute(text(f"INSERT INTO media ({columns}) VALUES ({values})"), {"no": False})
    migrate(empty_database_url, "0008")
    with database.transaction() as session:
        assert session.execute(text("SELECT kind, label FROM device")).one() == ("phone", "Uno")
        session.execute(text("INSERT INTO entity_list VALUES (1, 5, 'oficiales', '[]', 1, 7)"))
        columns = "programme_id, id, list_id, uuid, version, label, data, changed_at"
        session.execute(text(f"INSERT INTO entity ({columns}) VALUES (1, 6, 5, 'u', 1, 'Ana', '{{}}', 7)"))
        session.execute(text("INSERT INTO erased VALUES (1, 'f', 7)"))
    migrate_down(empty_database_url, "0007")
    with database.reading() as session:
        assert session.execute(text("SELECT label, seen_at FROM device")).one() == ("Uno", 4)
        assert {"entity_list", "entity", "erased"} & set(inspect(session.connection()).get_table_names()) == set()


def test_it_keeps_codes_that_wait_when_they_learn_of_teams_and_forget_them(empty_database_url: str) -> None:
    migrate(empty_database_url, "0008")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        columns = "id, code, name, languages, demo, time_zone, policies, field_revision, created_at"
        values = "1, 'a', 'A', '[]', :no, 'UTC', '{}', 1, 0"
        session.execute(text(f"INSERT INTO programme ({columns}) VALUES ({values})"), {"no": False})
        columns = "programme_id, code_sha256, label, interviewer, created_at, expires_at"
        session.execute(text(f"INSERT INTO enrolment ({columns}) VALUES (1, 'c', 'Uno', 'EN1', 3, 4)"))
    migrate(empty_database_url, "0009")
    with database.transaction() as session:
        assert session.execute(text("SELECT label, team_id FROM enrolment")).one() == ("Uno", None)
        session.execute(text("UPDATE enrolment SET team_id = 7"))
    migrate_down(empty_database_url, "0008")
    with database.reading() as session:
        assert session.execute(text("SELECT label, interviewer FROM enrolment")).one() == ("Uno", "EN1")


def test_it_keeps_sites_when_outlines_of_their_own_come_and_go(empty_database_url: str) -> None:
    migrate(empty_database_url, "0010")
    database = open_database(empty_database_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "a", "A").id
        set_sites(session, programme_id, [{"code": "P1", "department": "GT17"}], actor="command")
    migrate(empty_database_url, "0011")
    with database.transaction() as session:
        area = Outline("GT17", "Petén", (((-90.0, 16.0), (-89.0, 16.0), (-89.0, 17.0), (-90.0, 16.0)),))
        assert set_outlines(session, programme_id, [area], seen="none", actor="command").met == 1
        assert own_outlines(session, programme_id) == {"department": (area,)}
    migrate_down(empty_database_url, "0010")
    with database.reading() as session:
        assert session.scalars(select(Site.department)).one() == "GT17"
        assert find_broken_link(session, programme_id) is None
