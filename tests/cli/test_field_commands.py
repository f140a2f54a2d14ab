"""A programme is set up from the command line, from nothing to a phone that knows its form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from survey_server.app import create_app
from survey_server.cli import cli
from survey_server.config import Config
from survey_server.db.models import WavePaper
from survey_server.db.session import open_database
from survey_server.problems import Problem, UnfitSites, VersionNotRaised, WaveNotReady
from tests.web.field import FORM, FORM_WITH_DATA, PSUS, Phone

OPENED = ("--state", "open", "--despite", "Prueba de los comandos")


@pytest.fixture
def folder(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SURVEY_BASE_URL", "https://encuesta.example")
    (tmp_path / "mini.md").write_text(FORM)
    (tmp_path / "sited.md").write_text(FORM_WITH_DATA)
    (tmp_path / "psus.csv").write_bytes(PSUS)
    (tmp_path / "sites.csv").write_text("code,name,stratum,weight\nA,Aldea A,S1,2.5\nB,Aldea B,S2,\n")
    return tmp_path


def run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if isinstance(result.exception, Problem):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def test_it_sets_up_a_programme_that_a_phone_can_join(folder: Path) -> None:
    run("programme", "create", "frontera", "Frontera norte")
    run("form", "publish", "frontera", folder / "mini.md")
    run("wave", "create", "frontera", "mini", "Antes", "2026-03-01", "2026-03-20", *OPENED)
    run("site", "load", "frontera", folder / "sites.csv", "--wave", "mini/Antes")
    shown = run("device", "enrol", "frontera", "Equipo 1").output
    link = re.search(r"https://encuesta\.example/#enrol=([^&\s]+)", shown)
    assert link is not None
    app = create_app(Config.from_environment())
    told = app.test_client().post("/api/v1/enrol", json={"code": link[1]}).get_json()
    forms = Phone(app, told["token"], int(told["device"]["id"])).get("/api/v1/phone").get_json()["forms"]
    assert [(form["id"], form["wave"]["name"]) for form in forms] == [("mini", "Antes")]
    assert run("programme", "list").output == "frontera\tFrontera norte\n"
    assert run("site", "list", "frontera").output == "A\tAldea A\tS1\t\t2.5\nB\tAldea B\tS2\t\t\n"
    assert "Equipo 1" in run("device", "list", "frontera").output
    run("device", "revoke", "frontera", told["device"]["id"], "robado")
    assert "revoked" in run("device", "list", "frontera").output
    run("wave", "set", "frontera", "mini", "1", "closed")
    assert run("wave", "list", "frontera").output == "mini\t1\tAntes\t2026-03-01 to 2026-03-20\tclosed\n"


def test_it_says_what_publishing_did(folder: Path) -> None:
    run("programme", "create", "frontera", "Frontera norte")
    publish = ("form", "publish", "frontera", folder / "sited.md", "--data", folder / "psus.csv")
    assert run(*publish).output == "sited version 1 is published.\n"
    assert run(*publish).output == "sited version 1 was published before.\n"
    assert run("form", "list", "frontera").output.startswith("sited\t1\t")
    (folder / "sited.md").write_text(FORM_WITH_DATA.replace("Punto", "Lugar"))
    with pytest.raises(VersionNotRaised):
        run(*publish)


def test_it_names_the_row_of_every_complaint(folder: Path) -> None:
    (folder / "mini.md").write_text(FORM.replace(". >= 18", ". >== 18").replace("${age} * 2", "${agee} * 2"))
    result = run("form", "check", folder / "mini.md", status=1)
    assert "survey, row" in result.output


def test_it_names_the_file_that_a_form_still_needs(folder: Path) -> None:
    assert "--data psus.csv" in run("form", "check", folder / "sited.md").output


def test_it_names_the_cell_of_a_site_table_that_is_wrong(folder: Path) -> None:
    run("programme", "create", "frontera", "Frontera norte")
    (folder / "sites.csv").write_text("code,weight\nA,2.5\nB,dos\n")
    with pytest.raises(UnfitSites, match="row 3, column weight: 'dos'"):
        run("site", "load", "frontera", folder / "sites.csv")


def test_it_opens_no_wave_without_what_must_be_in_place_unless_a_reason_is_kept(folder: Path, sqlite_url: str) -> None:
    run("programme", "create", "frontera", "Frontera norte")
    run("form", "publish", "frontera", folder / "mini.md")
    run("wave", "create", "frontera", "mini", "Antes", "2026-03-01", "2026-03-20")
    with pytest.raises(WaveNotReady, match=r"ethics.*--despite"):
        run("wave", "set", "frontera", "mini", "1", "open")
    assert run("wave", "list", "frontera").output.endswith("planned\n")
    run("wave", "set", "frontera", "mini", "1", "open", "--despite", "Ensayo con el equipo de la oficina")
    assert run("wave", "list", "frontera").output.endswith("open\n")
    with open_database(sqlite_url).reading() as session:
        papers = session.scalars(select(WavePaper)).all()
    assert [(one.kind, one.reference, one.added_by) for one in papers] == [
        ("override", "Ensayo con el equipo de la oficina", "command")
    ]
