"""The site table as it comes: files of every kind, faults by row and column, who may write the design."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from survey_server.db.field.policies import policy_of
from survey_server.db.field.site_files import read_site_file, take_site_file
from survey_server.db.field.sites import edit_site, get_site, list_sites, stamp_of
from survey_server.db.models import Programme, Site
from survey_server.db.session import Database
from survey_server.problems import (
    EditedMeanwhile,
    NotAllowed,
    UnfitSites,
    UnreadableTable,
)
from tests.db.fieldwork import ME


def upload(database: Database, programme: Programme, name: str, content: bytes, *, may_design: bool = True) -> int:
    with database.transaction() as session:
        return take_site_file(session, programme.id, read_site_file(name, content), may_design=may_design, actor=ME)


def workbook(rows: list[list[object]]) -> bytes:
    book, kept = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(kept)
    return kept.getvalue()


GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "GT1", "name": "Aldea", "country": "GT", "target": 10},
                "geometry": {"type": "Point", "coordinates": [-90.5, 14.6]},
            }
        ],
    }
).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "code,name,country,latitude,longitude,target\nGT1,Aldea,GT,14.6,-90.5,10\n".encode("utf-8-sig")),
        (
            "a.xlsx",
            workbook(
                [
                    ["code", "name", "country", "latitude", "longitude", "target"],
                    ["GT1", "Aldea", "GT", 14.6, -90.5, 10],
                ]
            ),
        ),
        ("a.geojson", GEOJSON),
    ],
)
def test_it_reads_a_site_table_of_any_kind(database: Database, programme: Programme, name: str, content: bytes) -> None:
    assert upload(database, programme, name, content) == 1
    with database.reading() as session:
        site = get_site(session, programme.id, "GT1")
    assert (site.name, site.latitude, site.longitude, site.target) == ("Aldea", 14.6, -90.5, 10)


@pytest.mark.parametrize(
    ("name", "content", "problem", "says"),
    [
        ("a.csv", b"codigo,name\nA,x\n", UnfitSites, "no column code"),
        ("a.csv", b"code,departmnt\nA,x\n", UnfitSites, "write department"),
        ("a.csv", b"code,target\nA,5\nB,five\n", UnfitSites, "row 3, column target: 'five'"),
        ("a.csv", b"code\nA\nB\nA\n", UnfitSites, "row 4, column code: 'A' is in row 2 too"),
        ("a.csv", b"code,country,department\nA,GT,GT99\n", UnfitSites, "row 2, column department"),
        ("a.csv", b"code,municipality\nA,Flores\n", UnfitSites, "row 2, column department: it is blank"),
        ("a.csv", b"code,country,latitude,longitude\nA,GT,-90.5,14.6\n", UnfitSites, "row 2, column latitude"),
        ("a.csv", b"code,latitude\nA,14.6\n", UnfitSites, "give both"),
        ("a.csv", b"code,gps\nA,maybe\n", UnfitSites, "row 2, column gps: 'maybe'"),
        ("a.csv", b"code,name\nA\n", UnfitSites, "row 2: it has 1 cells"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), UnreadableTable, "says that it is .csv"),
        ("a.csv", workbook([["code"], ["A"]]), UnreadableTable, "its content is .xlsx"),
        ("a.xlsx", b"code\nA\n", UnreadableTable, "its content is .csv"),
        ("a.geojson", b'{"type": "Feature"}', UnreadableTable, "FeatureCollection"),
        ("a.geojson", b'{"features": [{"geometry": {"type": "Polygon"}}]}', UnfitSites, "row 1: it isn't a point"),
        ("a.pdf", b"code\nA\n", UnreadableTable, ".geojson"),
        ("a.csv", b"", UnreadableTable, "something else"),
    ],
)
def test_it_refuses_a_faulty_table_saying_where_and_keeps_nothing_of_it(
    database: Database, programme: Programme, name: str, content: bytes, problem: type[Exception], says: str
) -> None:
    with pytest.raises(problem, match=says.replace("(", r"\(")):
        upload(database, programme, name, content)
    with database.reading() as session:
        assert list_sites(session, programme.id) == []


def test_it_leaves_alone_what_a_table_does_not_speak_of(database: Database, programme: Programme) -> None:
    upload(database, programme, "a.csv", b"code,name,arm,target,gps\nA,Uno,programme,10,0\n")
    upload(database, programme, "b.csv", b"code,target\nA,12\n", may_design=False)
    with database.reading() as session:
        site = get_site(session, programme.id, "A")
    assert (site.name, site.arm, site.target, site.policies) == ("Uno", "programme", 12, {"gps": False})


def test_it_takes_columns_of_the_design_only_from_those_who_may_see_it(
    database: Database, programme: Programme
) -> None:
    with pytest.raises(NotAllowed, match="arm"):
        upload(database, programme, "a.csv", b"code,arm\nA,programme\n", may_design=False)


def test_it_tells_the_second_of_two_who_edit_a_site(database: Database, programme: Programme) -> None:
    upload(database, programme, "a.csv", b"code,name\nA,Uno\n")
    with database.reading() as session:
        seen = get_site(session, programme.id, "A")
    for place, name in enumerate(("Dos", "Tres")):
        try:
            with database.transaction() as session:
                edit_site(session, programme.id, seen.id, {"name": name}, seen=stamp_of(seen.changed_at), actor=ME)
        except EditedMeanwhile:
            assert place == 1
    with database.reading() as session:
        assert get_site(session, programme.id, "A").name == "Dos"


@pytest.mark.parametrize(
    ("tier", "own", "gps", "night", "pairs"),
    [
        (None, {}, True, False, False),
        (1, {}, True, True, False),
        (2, {"gps": False, "pairs": True}, False, False, True),
        (3, {"gps": True, "pairs": False, "night": True}, False, True, True),
    ],
)
def test_it_knows_the_policies_of_a_site(
    tier: int | None, own: dict[str, bool], gps: bool, night: bool, pairs: bool
) -> None:
    policy = policy_of(Site(risk_tier=tier, policies=own))
    assert (policy.gps, policy.night, policy.pairs) == (gps, night, pairs)
