"""Exports hold every submission once, under columns that follow the question and not its place."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import fastparquet
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from lxml import etree
from PIL import Image
from sqlalchemy import update

from survey_server.db.access.scopes import Reader
from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.media.files import FolderStore
from survey_server.db.media.pieces import Announcement, Hander, MediaIntake
from survey_server.db.models import Programme, SubmissionVersion
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave
from survey_server.exports import make as making
from survey_server.exports.attached import Files
from survey_server.exports.codebook import read_script
from survey_server.exports.make import FORMATS, make_export
from survey_server.exports.pictures import without_marks
from survey_server.exports.places import read_geometry
from survey_server.exports.plan import MAIN, Choice, Plan, Variable
from survey_server.problems import ExportIncomplete, NothingToExport
from tests.exports.conftest import FIRST, Send

SAFE = "<safe>1</safe><age>40</age><news>r t</news><remark>Bien</remark><place>14.6 -90.5 1500 4</place>"


def export(database: Database, home: Programme, kind: str, folder: Path, wave: str | None = None) -> Path:
    path = folder / f"out.{FORMATS[kind]}"
    make_export(database, home.code, "home", wave, kind, path)
    return path


def tables(path: Path) -> dict[str, list[dict[str, str]]]:
    """The CSV files of an export, by name."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                text = archive.read(name).decode("utf-8-sig")
                found[name] = list(csv.DictReader(io.StringIO(text)))
    return found


def test_it_writes_a_row_per_submission_and_a_file_per_repeat(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    jobs = "<member><years>40</years><job><what>pan</what></job><job><what>taxi</what></job></member>"
    send(1, SAFE + jobs + "<member><years>7</years></member>")
    send(2, "<safe>0</safe>")
    found = tables(export(database, home, "csv", tmp_path))
    assert [row["_id"] for row in found["home.csv"]] == ["uuid:1", "uuid:2"]
    assert [(row["_parent"], row["_key"], row["years"]) for row in found["home-member.csv"]] == [
        ("uuid:1", "uuid:1/member[1]", "40"),
        ("uuid:1", "uuid:1/member[2]", "7"),
    ]
    assert [(row["_parent"], row["what"]) for row in found["home-job.csv"]] == [
        ("uuid:1/member[1]", "pan"),
        ("uuid:1/member[1]", "taxi"),
    ]


def test_it_tells_what_was_not_asked_from_what_was_not_answered(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, "<safe>1</safe><age/><remark/>")
    send(2, "<safe>0</safe><remark/>")
    first, second = tables(export(database, home, "csv", tmp_path))["home.csv"]
    assert first["age"] == second["age"] == ""
    assert "age" in first["_blank"].split()
    assert "age" not in second["_blank"].split()


def test_it_keys_columns_by_path_and_type_over_the_versions(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    send(2, "<safe>1</safe><age>cuarenta</age>", version="2")
    first, second = tables(export(database, home, "csv", tmp_path))["home.csv"]
    assert (first["age"], first["age@2"], first["remark"]) == ("40", "", "Bien")
    assert (second["age"], second["age@2"], second["remark"]) == ("", "cuarenta", "")


@pytest.mark.parametrize("danger", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", " =1"])
def test_it_lets_no_spreadsheet_run_an_answer(
    database: Database, home: Programme, send: Send, tmp_path: Path, danger: str
) -> None:
    send(1, f"<safe>0</safe><remark>{danger}</remark>")
    send(2, "<safe>1</safe><age>-88</age>")
    first, second = tables(export(database, home, "csv", tmp_path))["home.csv"]
    assert first["remark"] == f"'{danger}"
    assert second["age"] == "-88"


def test_it_writes_a_workbook_in_which_text_is_text(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, "<safe>1</safe><age>40</age><remark>=1+1</remark><member><years>7</years></member>")
    send(2, "<safe>1</safe><age>cuarenta</age><remark>a &lt; b &amp; c</remark>")
    book = openpyxl.load_workbook(export(database, home, "xlsx", tmp_path))
    assert book.sheetnames == ["home", "member", "job", "codebook"]
    rows = list(book["home"].iter_rows())
    cells = dict(zip([cell.value for cell in rows[0]], rows[1], strict=True))
    assert (cells["age"].value, cells["remark"].value, cells["remark"].data_type) == (40, "=1+1", "s")
    cells = dict(zip(cells, rows[2], strict=True))
    assert [cells[name].value for name in ("age", "remark", "safe")] == ["cuarenta", "a < b & c", "1"]
    assert [[cell.value for cell in row] for row in book["member"].iter_rows()][1][:5] == [
        *("uuid:1", "uuid:1/member[1]", "uuid:1", 1, 7),
    ]


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_it_writes_labels_for_spss_and_stata(
    database: Database, home: Programme, send: Send, tmp_path: Path, kind: str
) -> None:
    send(1, SAFE)
    send(2, "<safe>88</safe>")
    with zipfile.ZipFile(export(database, home, kind, tmp_path)) as archive:
        archive.extract(f"home.{kind}", tmp_path)
    reading: Any = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}[kind]
    frame, about = reading(str(tmp_path / f"home.{kind}"), user_missing=True)
    assert len(frame) == 2
    assert about.column_names_to_labels["safe"] == "¿Se siente seguro?"
    assert about.variable_value_labels["safe"][1] == "Sí"
    assert frame["age"].iloc[0] == 40
    if kind == "sav":
        assert about.missing_ranges["safe"] == [{"lo": 88.0, "hi": 88.0}]


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_it_writes_texts_of_any_length_for_spss_and_stata(
    database: Database, home: Programme, send: Send, tmp_path: Path, kind: str
) -> None:
    remarks = ["ñ" * 150 + "fin", "Corto", "x" * 255, "áé" * 400, ""]
    for number, remark in enumerate(remarks, 1):
        send(number, f"<safe>{number % 2}</safe><remark>{remark}</remark>")
    send(9, "<safe>7777777x</safe><age>12</age><member><years>3</years></member>")
    with zipfile.ZipFile(export(database, home, kind, tmp_path)) as archive:
        archive.extractall(tmp_path)
    reading: Any = {"sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}[kind]
    frame, about = reading(str(tmp_path / f"home.{kind}"))
    assert about.number_rows in (len(frame), None)
    assert frame["remark"].tolist() == [*remarks, ""]
    assert frame["id"].tolist() == [f"uuid:{number}" for number in (1, 2, 3, 4, 5, 9)]
    assert frame["safe"].isna().tolist() == [False] * 5 + [True]
    assert len(reading(str(tmp_path / f"home-member.{kind}"))[0]) == 1
    assert len(reading(str(tmp_path / f"home-job.{kind}"))[0]) == 0


def test_it_writes_numbers_as_numbers_into_parquet(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    send(2, "<safe>0</safe>")
    with zipfile.ZipFile(export(database, home, "parquet", tmp_path)) as archive:
        archive.extract("home.parquet", tmp_path)
    with (tmp_path / "home.parquet").open("rb") as file:
        frame = fastparquet.ParquetFile(file).to_pandas()
    assert frame["age"].iloc[0] == 40.0
    assert pd.isna(frame["age"].iloc[1])
    assert frame["safe"].tolist() == ["1", "0"]


def test_it_writes_points_with_longitude_first(database: Database, home: Programme, send: Send, tmp_path: Path) -> None:
    send(1, SAFE)
    send(2, "<safe>0</safe>")
    (feature,) = json.loads(export(database, home, "geojson", tmp_path).read_text())["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-90.5, 14.6, 1500.0]}
    assert (feature["properties"]["_id"], feature["properties"]["question"]) == ("uuid:1", "place")


@pytest.mark.parametrize(
    ("kind", "value", "shape"),
    [
        ("geopoint", "14.6 -90.5 0 4", [-90.5, 14.6]),
        ("geotrace", "14 -90;15 -91", [[-90.0, 14.0], [-91.0, 15.0]]),
        ("geoshape", "14 -90;15 -91;14 -91", [[[-90.0, 14.0], [-91.0, 15.0], [-91.0, 14.0], [-90.0, 14.0]]]),
        ("geopoint", "nowhere", None),
        ("geopoint", "91 0", None),
        ("geotrace", "14 -90", None),
    ],
)
def test_it_reads_the_geometries_of_forms(kind: str, value: str, shape: Any) -> None:
    found = read_geometry(kind, value)
    assert (found["coordinates"] if found else None) == shape


def test_it_keeps_the_documents_as_they_came(database: Database, home: Programme, send: Send, tmp_path: Path) -> None:
    send(1, SAFE)
    with zipfile.ZipFile(export(database, home, "xml", tmp_path)) as archive:
        (name,) = archive.namelist()
        assert (name, b"<age>40</age>" in archive.read(name)) == ("uuid_1.xml", True)


def test_it_exports_a_document_that_is_no_longer_there_as_an_empty_one(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    with database.transaction() as session:
        session.execute(update(SubmissionVersion).values(xml=b""))
    with zipfile.ZipFile(export(database, home, "xml", tmp_path)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [b""]


def test_it_explains_every_column_with_its_versions_and_codes(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    with zipfile.ZipFile(export(database, home, "codebook", tmp_path)) as archive:
        lines = list(csv.DictReader(io.StringIO(archive.read("codebook.csv").decode("utf-8-sig"))))
        ddi = etree.fromstring(archive.read("codebook.xml"))
    codes = {line["code"]: line["code_label"] for line in lines if line["column"] == "safe" and line["code"]}
    assert codes == {"1": "Sí", "2": "A veces", "0": "No", "88": "No sabe"}
    versions = {line["column"]: line["versions"] for line in lines}
    assert (versions["remark"], versions["safe"], versions["age@2"]) == ("1", "1 2", "2")
    names = ddi.xpath("//d:var/@name", namespaces={"d": "ddi:codebook:2_5"})
    assert set(names) == {line["column"] for line in lines}


def test_it_says_the_checksum_of_the_very_bytes_and_how_far_it_is(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    told: list[tuple[int, int]] = []
    done = make_export(
        database, home.code, "home", "W1", "csv", tmp_path / "x.zip", progress=lambda n, of: told.append((n, of))
    )
    assert done.sha256 == hashlib.sha256((tmp_path / "x.zip").read_bytes()).hexdigest()
    assert (done.submissions, told[-1]) == (1, (1, 1))


def test_it_writes_nothing_when_rows_are_missing(
    database: Database, home: Programme, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(1, SAFE)
    send(2, SAFE)
    whole = making.read_rows
    monkeypatch.setattr(making, "read_rows", lambda *given: list(whole(*given))[:-1])
    with pytest.raises(ExportIncomplete):
        export(database, home, "csv", tmp_path)
    assert list(tmp_path.glob("out*")) == []


def test_it_says_that_there_is_nothing_to_export(database: Database, home: Programme, tmp_path: Path) -> None:
    with pytest.raises(NothingToExport):
        export(database, home, "csv", tmp_path, "W1")


def test_it_exports_no_code_by_which_a_person_could_be_found(
    database: Database, programme: Programme, tmp_path: Path
) -> None:
    role = "| | psu  | question | psu   |      |"
    source = FIRST.replace("| text                | remark ", "| text                | card   ")
    source = source.replace(role, f"{role}\n| | withdrawal | question | card | |")
    publish_form(database, programme.id, "home.md", source.encode())
    xml = (
        '<data id="home" version="1"><today>2026-03-05</today><psu>A</psu><safe>0</safe><card>AB12CD34</card>'
        "<meta><instanceID>uuid:card</instanceID></meta></data>"
    )
    take_in(database, Source(programme.id, "phone", "x"), [Arrival("uuid:card", "home", "1", xml.encode())])
    for kind in ("csv", "parquet", "xml", "codebook"):
        path = tmp_path / f"out.{kind}"
        assert make_export(database, programme.code, "home", None, kind, path).submissions == 1
        with zipfile.ZipFile(path) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
        assert b"AB12CD34" not in content
        assert b"uuid:card" in content or kind != "csv"


def test_it_exports_what_the_reader_may_read_alone(database: Database, programme: Programme, tmp_path: Path) -> None:
    publish_form(database, programme.id, "home.md", FIRST.encode())
    with database.transaction() as session:
        form = get_form(session, programme.id, "home")
        add_wave(session, form, "L", date(2026, 3, 1), date(2026, 3, 20), state="locked")
        add_wave(session, form, "O", date(2026, 9, 1), date(2026, 9, 20), state="open")
    for day, name in (("2026-03-05", "uuid:l"), ("2026-09-05", "uuid:o")):
        xml = (
            f'<data id="home" version="1"><today>{day}</today><psu>A</psu><safe>0</safe>'
            f"<meta><instanceID>{name}</instanceID></meta></data>"
        )
        take_in(database, Source(programme.id, "phone", "x"), [Arrival(name, "home", "1", xml.encode())])
    analyst = Reader(0, frozenset({"analyst"}))
    made = make_export(database, programme.code, "home", None, "csv", tmp_path / "a.zip", reader=analyst)
    assert made.submissions == 1
    assert make_export(database, programme.code, "home", None, "xml", tmp_path / "b.zip").submissions == 2


def test_it_keeps_positions_back_where_the_policy_has_none(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    with database.transaction() as session:
        set_sites(session, home.id, [{"code": "A"}, {"code": "B", "risk_tier": 3}], actor="command")
    send(1, SAFE)
    send(2, SAFE, site="B")
    send(3, SAFE, site="unknown")
    first, *others = tables(export(database, home, "csv", tmp_path))["home.csv"]
    assert (first["place"], [other["place"] for other in others]) == ("14.6 -90.5 1500 4", ["", ""])
    (feature,) = json.loads(export(database, home, "geojson", tmp_path).read_text())["features"]
    assert feature["properties"]["_id"] == "uuid:1"
    with zipfile.ZipFile(export(database, home, "xml", tmp_path)) as archive:
        assert [b"14.6" in archive.read(f"uuid_{number}.xml") for number in (1, 2, 3)] == [True, False, False]


def test_it_puts_what_would_put_a_neighbour_at_risk_into_no_file(
    database: Database, programme: Programme, tmp_path: Path
) -> None:
    source = FIRST.replace("| Hogar      | home    |", "| Hogar      | ssr_committee |").replace("safe", "v_sens")
    publish_form(database, programme.id, "ssr_committee.md", source.encode())
    for name, risk in (("calm", "0"), ("risky", "1")):
        xml = (
            f'<data id="ssr_committee" version="1"><today>2026-03-05</today><psu>A</psu><v_sens>{risk}</v_sens>'
            f"<meta><instanceID>uuid:{name}</instanceID></meta></data>"
        )
        taken = [Arrival(f"uuid:{name}", "ssr_committee", "1", xml.encode())]
        assert take_in(database, Source(programme.id, "phone", "x"), taken)[0].status == 201
    everybody = Reader(0, frozenset({"coordinator", "analyst", "liaison"}))
    for kind in set(FORMATS) - {"research"}:
        made = make_export(database, programme.code, "ssr_committee", None, kind, tmp_path / kind, reader=everybody)
        assert made.submissions == 1
    with zipfile.ZipFile(tmp_path / "xml") as archive:
        assert archive.namelist() == ["uuid_calm.xml"]


def test_it_puts_restricted_reports_into_no_file(database: Database, programme: Programme, tmp_path: Path) -> None:
    source = FIRST.replace("| Hogar      | home    |", "| Hogar      | ssr_restricted |")
    publish_form(database, programme.id, "ssr_restricted.md", source.encode())
    xml = (
        '<data id="ssr_restricted" version="1"><today>2026-03-05</today><psu>A</psu><safe>0</safe>'
        "<meta><instanceID>uuid:l</instanceID></meta></data>"
    )
    taken = [Arrival("uuid:l", "ssr_restricted", "1", xml.encode())]
    assert take_in(database, Source(programme.id, "phone", "x"), taken)[0].status == 201
    everybody = Reader(0, frozenset({"integrity-officer", "analyst"}))
    for kind, reader in [(kind, None) for kind in FORMATS] + [("csv", everybody)]:
        with pytest.raises(NothingToExport):
            make_export(database, programme.code, "ssr_restricted", None, kind, tmp_path / "x", reader=reader)


def test_it_puts_photos_beside_the_table_without_where_they_were_taken(
    database: Database, home: Programme, send: Send, tmp_path: Path
) -> None:
    send(1, SAFE)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "casa de Ana"
    exif.get_ifd(0x8825)[1] = "N"
    drawn = io.BytesIO()
    picture = Image.new("RGB", (40, 30), "teal")
    picture.save(drawn, "JPEG", exif=exif, comment=b"casa de Ana")
    store = FolderStore(tmp_path / "media")
    intake, door = MediaIntake(database, store), Hander(home.id, "phone", "device:1")
    intake.keep(door, "uuid:1", "../=plaza.jpg", "image/jpeg", drawn.getvalue())
    intake.keep(door, "uuid:1", "audit.csv", "text/csv", b"event,node,start,end")
    intake.announce(door, Announcement("uuid:1", "voz.m4a", "audio/mp4", 9, "ab" * 32))
    path = tmp_path / "out.zip"
    make_export(database, home.code, "home", None, "csv-media", path, files=Files(store))
    with zipfile.ZipFile(path) as archive:
        listed = list(csv.DictReader(io.StringIO(archive.read("media.csv").decode("utf-8-sig"))))
        found = {line["name"]: line for line in listed}
        assert {name: line["state"] for name, line in found.items()} == {
            "../=plaza.jpg": "here",
            "audit.csv": "here",
            "voz.m4a": "arriving",
        }
        photo = archive.read(found["../=plaza.jpg"]["file"])
        assert archive.read(found["audit.csv"]["file"]) == b"event,node,start,end"
        assert not any(part == ".." for name in archive.namelist() for part in name.split("/"))
    assert found["../=plaza.jpg"]["sha256"] == hashlib.sha256(photo).hexdigest()
    assert b"casa de Ana" in drawn.getvalue()
    assert b"casa de Ana" not in photo
    with Image.open(io.BytesIO(photo)) as shown:
        assert dict(shown.getexif()) == {0x0112: 6}
        assert shown.tobytes() == Image.open(drawn).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_it_takes_what_the_camera_noted_out_of_other_pictures(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "casa de Ana"
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, kind, exif=exif)
    bare = without_marks(drawn.getvalue())
    assert b"casa de Ana" in drawn.getvalue()
    assert b"casa de Ana" not in bare
    with Image.open(io.BytesIO(bare)) as shown:
        assert shown.tobytes() == Image.open(drawn).tobytes()
    assert without_marks(drawn.getvalue()[:40]) != drawn.getvalue()
    assert without_marks(b"%PDF-1.7") == b"%PDF-1.7"


def test_it_writes_a_script_for_r_that_reads_the_same_in_every_locale() -> None:
    labels = {"es": 'Petén "norte" \\ sur\nfin', "en": "Petén"}
    choices = (Choice("1", {"es": "Sí"}), Choice("1", {"es": "Sí, otra vez"}), Choice("2", {"es": "No 😀"}))
    place = Variable("lugar", "lugar", "/data/lugar", MAIN, "one", labels, (Choice("GT17", labels), *choices))
    number = Variable("edad", "edad", "/data/edad", MAIN, "int", {"es": "¿Edad?"})
    script = read_script(Plan("año 1", {}, {MAIN: (place, number)}, {}), "es").decode("ascii")
    assert "<- read_export(" in script
    line = next(line for line in script.splitlines() if "factor(" in line)
    assert line.count('"1"') == 1  # R refuses a level that is there twice
    assert '"Pet\\U{e9}n \\"norte\\" \\\\ sur\\nfin", "S\\U{ed}", "No \\U{1f600}"' in line
    assert '[["edad"]] <- as.numeric(' in script
