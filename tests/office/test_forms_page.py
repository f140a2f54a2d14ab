"""Forms from the browser: checked, published, taken back; what is wrong is named with its place and cure."""

from __future__ import annotations

import io
from collections.abc import Sequence

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey_server.db.forms import get_current_version, get_form, list_forms
from survey_server.db.models import AuditRow
from tests.office.world import Browser, World
from tests.web.field import FORM, FORM_WITH_DATA, PSUS

PAGE = "/office/p/norte/forms"
RAISED = FORM.replace("mini    | 1  ", "mini    | 2  ").replace("¿Se siente seguro?", "¿Se siente segura?")


def send(
    browser: Browser, name: str, content: bytes, do: str = "publish", data: Sequence[tuple[str, bytes]] = ()
) -> TestResponse:
    files = [(io.BytesIO(each), called) for called, each in data]
    values = {"proof": browser.proof(), "do": do, "file": (io.BytesIO(content), name), "data": files}
    return browser.client.post(PAGE, data=values, content_type="multipart/form-data")


def published(world: World) -> dict[str, str]:
    with world.database.reading() as session:
        return {row.form_id: get_current_version(session, row).version for row in list_forms(session, world.here.id)}


def test_it_publishes_a_new_version_and_gives_the_file_back(world: World) -> None:
    browser = world.browser("coordinator")
    assert send(browser, "mini.md", RAISED.encode(), "check").status_code == 200
    assert published(world) == {"mini": "1"}, "a check publishes nothing"
    answer = send(browser, "carpeta/mini.md", RAISED.encode())
    assert answer.status_code == 303
    assert "mini versión 2 está publicado" in browser.get(answer.location).text
    assert "nada cambió" in browser.get(send(browser, "mini.md", RAISED.encode()).location).text
    assert published(world) == {"mini": "2"}
    file = browser.get(f"{PAGE}/mini/source")
    assert (file.data, file.headers["Content-Disposition"]) == (RAISED.encode(), "attachment; filename=mini.md")
    with world.database.reading() as session:
        mine = select(AuditRow.action).where(AuditRow.actor == f"person:{world.people['coordinator']}")
        done = list(session.scalars(mine.where(AuditRow.action.in_(("publish", "read-form-source")))))
        assert sorted(done) == ["publish", "read-form-source"]


def test_it_asks_for_the_files_that_a_form_reads_and_refuses_those_that_tell_the_design(world: World) -> None:
    browser = world.browser("coordinator")
    source = FORM_WITH_DATA.encode()
    answer = send(browser, "sited.md", source)
    assert (answer.status_code, "psus.csv" in answer.text) == (422, True)
    told = send(browser, "sited.md", source, data=[("psus.csv", b"name,label,area,arm\nA,A,1,programme\n")])
    assert (told.status_code, "revela el diseño" in told.text) == (422, True)
    assert "También lee: psus.csv" in send(browser, "sited.md", source, "check").text
    assert send(browser, "sited.md", source, data=[("psus.csv", PSUS)]).status_code == 303
    assert published(world) == {"mini": "1", "sited": "1"}


BROKEN = FORM.replace("${age} * 2", "${edad} * 2").replace("mini    | 1  ", "mini    | 2  ")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("mini.md", BROKEN.encode(), ("Hoja survey", "fila 9", "edad")),
        ("mini.md", FORM.replace("¿Se siente seguro?", "¿Está bien?").encode(), ("Falta cambiar la versión",)),
        ("mini.pdf", b"%PDF-1.7", ("no es un formulario que se pueda leer",)),
        ("mini.xlsx", b"PK\x03\x04 but no workbook", ("No se puede abrir el libro",)),
        ("mini.xlsx", b"", ("No se puede abrir el libro",)),
        ("", b"", ("Primero elija el archivo",)),
    ],
)
def test_it_says_where_a_form_is_wrong_and_publishes_nothing(
    world: World, name: str, content: bytes, says: tuple[str, ...]
) -> None:
    answer = send(world.browser("coordinator"), name, content)
    assert answer.status_code in (409, 422)
    assert [each for each in says if each not in answer.text] == []
    assert published(world) == {"mini": "1"}


def test_it_publishes_a_workbook_as_a_spreadsheet_saves_it(world: World) -> None:
    book = openpyxl.Workbook()
    survey, settings = book.active, book.create_sheet("settings")
    assert survey is not None
    survey.title = "survey"
    for sheet, rows in (
        (survey, [("type", "name", "label"), ("text", "remark", "¿Algo más?")]),
        (settings, [("form_title", "form_id", "version"), ("Corta", "corta", 1)]),
    ):
        for row in rows:
            sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    browser = world.browser("coordinator")
    assert send(browser, "corta.xlsx", kept.getvalue()).status_code == 303
    assert published(world)["corta"] == "1"
    with world.database.reading() as session:
        assert get_form(session, world.here.id, "corta").current_version_id
    assert browser.get(f"{PAGE}/nada/source").status_code == 404
    assert browser.get(f"{PAGE}/corta/source?id=7").status_code == 404
