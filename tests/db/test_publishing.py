"""Publishing: the same twice changes nothing, other content is a new version, old versions stay."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from survey_server.db.compiled import load_version
from survey_server.db.forms import get_current_version, get_form, get_version, list_data_sets, load_registry
from survey_server.db.models import DataSet, FormVersion, Programme
from survey_server.db.publishing import Published, check_form, publish_form
from survey_server.db.session import Database
from survey_server.problems import DataSetMissing, DataSetTellsTooMuch, UnknownForm, VersionNotRaised
from survey_server.xlsform.complaints import FormProblem
from tests.web.field import FORM, FORM_WITH_DATA, PSUS


def publish(database: Database, programme: Programme, source: str, **data: bytes) -> Published:
    files = {f"{name}.csv": content for name, content in data.items()}
    return publish_form(database, programme.id, "form.md", source.encode(), files)


def versions(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(FormVersion)) or 0


RAISED = FORM.replace("| 1       | Español", "| 2       | Español").replace("Comentario", "Observaciones")


def test_it_does_nothing_when_the_content_is_the_same(database: Database, programme: Programme) -> None:
    first, second = publish(database, programme, FORM), publish(database, programme, FORM)
    assert (first.outcome, second.outcome) == ("new", "unchanged")
    assert first.version_id == second.version_id
    assert versions(database) == 1


def test_it_keeps_the_old_version_beside_the_new(database: Database, programme: Programme) -> None:
    publish(database, programme, FORM)
    assert publish(database, programme, RAISED).outcome == "new"
    with database.reading() as session:
        form = get_form(session, programme.id, "mini")
        assert get_current_version(session, form).version == "2"
        assert get_version(session, form, "1").version == "1"
        with pytest.raises(UnknownForm):
            get_version(session, form, "3")


def test_it_makes_an_old_version_current_again(database: Database, programme: Programme) -> None:
    first = publish(database, programme, FORM)
    publish(database, programme, RAISED)
    assert publish(database, programme, FORM).outcome == "again"
    with database.reading() as session:
        assert get_form(session, programme.id, "mini").current_version_id == first.version_id


def test_it_refuses_other_content_under_the_same_version(database: Database, programme: Programme) -> None:
    publish(database, programme, FORM)
    with pytest.raises(VersionNotRaised):
        publish(database, programme, FORM.replace("Comentario", "Observaciones"))
    assert versions(database) == 1


def test_it_takes_a_new_design_without_a_new_version(database: Database, programme: Programme) -> None:
    first = publish(database, programme, FORM)
    second = publish(
        database, programme, FORM.replace("interviewer | question | username", "case_id     | question | psu     ")
    )
    assert (second.outcome, second.version_id != first.version_id) == ("new", True)
    with database.reading() as session:
        registry = load_registry(get_current_version(session, get_form(session, programme.id, "mini")))
    assert registry.role("case_id") == "psu"


def test_it_takes_a_new_data_set_without_a_new_version(database: Database, programme: Programme) -> None:
    first = publish(database, programme, FORM_WITH_DATA, psus=PSUS)
    more = publish(database, programme, FORM_WITH_DATA, psus=PSUS + b"C,Aldea C,1\n")
    assert (more.outcome, more.version, more.hash != first.hash) == ("new", "1", True)


def test_it_keeps_the_data_set_that_was_not_given_again(database: Database, programme: Programme) -> None:
    first = publish(database, programme, FORM_WITH_DATA, psus=PSUS)
    again = publish(database, programme, FORM_WITH_DATA)
    raised = publish(database, programme, FORM_WITH_DATA.replace("| 1       |", "| 2       |"))
    assert again.version_id == first.version_id
    with database.reading() as session:
        assert [row[1] for row in list_data_sets(session, programme.id, [raised.version_id])] == ["psus.csv"]
        assert session.scalar(select(func.count()).select_from(DataSet)) == 1


def test_it_asks_for_the_file_that_the_form_reads(database: Database, programme: Programme) -> None:
    with pytest.raises(DataSetMissing, match=r"psus\.csv"):
        publish(database, programme, FORM_WITH_DATA)
    assert versions(database) == 0


@pytest.mark.parametrize("column", ["arm", "Weight", " stratum", "probability"])
def test_it_refuses_data_that_would_tell_interviewers_the_design(
    database: Database, programme: Programme, column: str
) -> None:
    rows = f"name,label,area,{column}\nA,Aldea A,1,2\n".encode()
    with pytest.raises(DataSetTellsTooMuch):
        publish(database, programme, FORM_WITH_DATA, psus=rows)


def test_it_compiles_a_version_once(database: Database, programme: Programme) -> None:
    done = publish(database, programme, FORM)
    with database.reading() as session:
        first = load_version(session, programme.id, done.version_id)
    with database.reading() as session:
        assert load_version(session, programme.id, done.version_id) is first
    assert first.question_of("site", "psu") == "psu"
    assert first.question_of("stratum") is None


def test_it_stores_nothing_of_a_form_with_faults(database: Database, programme: Programme) -> None:
    with pytest.raises(FormProblem) as found:
        publish(database, programme, FORM.replace("${age} * 2", "${agee} * 2"))
    assert found.value.complaints
    assert versions(database) == 0


def test_it_refuses_a_form_whose_calculations_go_in_a_circle() -> None:
    with pytest.raises(FormProblem):
        check_form("form.md", FORM.replace("${age} * 2", "${double} + 1").encode())


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"no workbook"), ("a.md", b"\xff\xfe\x00"), ("a.md", b"")])
def test_it_refuses_a_file_that_is_no_form(name: str, content: bytes) -> None:
    with pytest.raises(FormProblem):
        check_form(name, content)
