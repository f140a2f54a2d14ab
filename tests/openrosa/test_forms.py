"""The list of forms, manifests and forms, read as Collect reads them: strict where it is strict."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from survey_server.db.publishing import publish_form
from tests.openrosa.field import FORM, Answer, Collect
from tests.web.field import FORM_WITH_DATA, PSUS

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


def as_collect_reads(answer: Answer, item: str) -> list[dict[str, str]]:
    """Collect wants this type and this header, and drops a whole list for one item that lacks something."""
    assert answer.status == 200
    assert "text/xml" in answer.headers["Content-Type"] and answer.headers["X-OpenRosa-Version"] == "1.0"
    root = ElementTree.fromstring(answer.body)
    return [
        {child.tag.rpartition("}")[2]: child.text or "" for child in each} | dict(each.attrib)
        for each in root.findall(item)
    ]


def forms(collect: Collect, query: str = "") -> list[dict[str, str]]:
    return as_collect_reads(collect.get(f"/formList{query}"), f"{LIST}xform")


def fetch(collect: Collect, url: str, **headers: str) -> Answer:
    parts = urlsplit(url)
    assert (parts.scheme, parts.port) == ("http", collect.server.port), "absolute, to this server"
    return collect.ask("GET", f"{parts.path}?deviceID=collect%3Ax", headers=headers)


def test_it_lists_the_forms_with_the_digest_of_the_very_bytes_that_it_serves(collect: Collect) -> None:
    [form] = forms(collect, "?deviceID=a&unknown=b")
    assert (form["formID"], form["name"], form["version"]) == ("visit", "Visita & puerta", "1")
    assert "manifestUrl" not in form and "descriptionText" not in form
    first, second = fetch(collect, form["downloadUrl"]), fetch(collect, form["downloadUrl"])
    assert form["hash"] == f"md5:{hashlib.md5(first.body).hexdigest()}"
    assert first.body == second.body and b"<h:title>Visita &amp; puerta" in first.body
    again = fetch(collect, form["downloadUrl"], **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_it_understands_the_parameters_of_the_standard(collect: Collect) -> None:
    publish_form(collect.database, collect.programme_id, "visit.md", FORM.format(version="2").encode())
    other = FORM.replace("visit ", "other ").format(version="1").encode()
    publish_form(collect.database, collect.programme_id, "other.md", other)
    assert [form["formID"] for form in forms(collect)] == ["other", "visit"]
    assert [form["version"] for form in forms(collect, "?formID=visit")] == ["2"]
    assert [form["version"] for form in forms(collect, "?formID=visit&listAllVersions=true")] == ["1", "2"]
    assert forms(collect, "?verbose=true")[0]["descriptionText"] == "Visita & puerta"
    assert forms(collect, "?formID=nobody") == []


def test_it_gives_another_digest_only_when_the_form_changes(collect: Collect) -> None:
    before = forms(collect)[0]
    publish_form(collect.database, collect.programme_id, "visit.md", FORM.format(version="1").encode())
    assert forms(collect)[0] == before
    publish_form(collect.database, collect.programme_id, "visit.md", FORM.format(version="2").encode())
    after = forms(collect)[0]
    assert (after["version"], after["hash"] == before["hash"]) == ("2", False)
    assert fetch(collect, before["downloadUrl"]).status == 200, "who is in the middle of it can go on"


def test_it_serves_the_files_of_a_form_by_its_manifest(collect: Collect) -> None:
    publish_form(collect.database, collect.programme_id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    [form] = forms(collect, "?formID=sited")
    [file] = as_collect_reads(fetch(collect, form["manifestUrl"]), f"{MANIFEST}mediaFile")
    assert (file["filename"], "type" in file) == ("psus.csv", False)
    answer = fetch(collect, file["downloadUrl"])
    assert answer.body == PSUS
    assert file["hash"] == f"md5:{hashlib.md5(PSUS).hexdigest()}"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_it_serves_no_file_of_another_form_or_programme(collect: Collect) -> None:
    publish_form(collect.database, collect.programme_id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    sited, visit = forms(collect)
    [file] = as_collect_reads(fetch(collect, sited["manifestUrl"]), f"{MANIFEST}mediaFile")
    number = urlsplit(visit["downloadUrl"]).path.rpartition("/")[2].removesuffix(".xml")
    digest = file["downloadUrl"].rpartition("/")[2]
    assert collect.get(f"/forms/{number}/files/{digest}").status == 404
    assert collect.get("/forms/1.xml").status == 404
    assert collect.get(f"/forms/{number}/files/{'0' * 64}").status == 404


@pytest.mark.parametrize("path", ["/nothing", "/forms/x.xml", "/forms/1/manifest", "/entities/1.csv"])
def test_it_answers_what_is_not_there_with_words_and_the_header_that_clients_look_for(
    collect: Collect, path: str
) -> None:
    answer = collect.get(path)
    assert answer.status == 404
    if path != "/nothing" and "x.xml" not in path:
        assert answer.message and answer.headers["X-OpenRosa-Version"] == "1.0"
