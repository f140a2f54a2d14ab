"""OpenRosa as a whole: Collect's own sequence, and the cases that any server for Collect has to know, each by its test.

The cases are those of ODK Central's own tests of its submission endpoint, in other words. The doors of `serve` and of
another WSGI server take the same chunks.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from survey_server.db.field.devices import get_device_by_id, set_device_revoked
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import open_database
from tests.bench.bench_serving import GUNICORN
from tests.openrosa.field import FORM, OPENROSA, Answer, Collect, interview, new_id, upload
from tests.openrosa.stored import files, submissions, versions
from tests.serving import Server
from tests.web.field import FORM_WITH_DATA, PSUS

CASES = {
    "HEAD and GET of the submission address": "tells_before_a_submission_where_it_goes",
    "no version header": "refuses_a_client_that_does_not_speak",
    "no credentials": "asks_for_a_password_where_no_key",
    "digest and basic": "lets_in_who_answers_its_challenge",
    "a broken key": "answers_403_to_a_key",
    "a revoked key": "keeps_apart_what_a_revoked_device",
    "no rights on the form": "knows_no_form_of_another_programme",
    "no interview part": "finds_the_interview_part_wherever",
    "an interview that isn't XML": "keeps_what_it_can_not_read",
    "no boundary, no end, a malformed head": "stores_nothing_of_an_upload_whose_parts",
    "cut off at any kilobyte": "stores_nothing_of_an_upload_that_breaks_off",
    "an unknown form or version": "says_404_for_a_form_or_version",
    "an old version": "takes_interviews_of_a_version_that_was_replaced",
    "a form that is closing, one that is closed": "hides_a_form_that_is_closing",
    "device, program and client are noted": "notes_which_device_and_program",
    "files, binary, with an audit log": "keeps_files_byte_by_byte",
    "names in every writing": "matches_files_by_name_however",
    "the same file twice, one file for two questions": "takes_the_same_file_twice",
    "files that nobody named": "ignores_files_that_the_interview",
    "files in later uploads": "takes_the_files_that_are_missing",
    "more than a hundred files": "takes_a_hundred_and_twenty_files",
    "expected files are known": "tells_the_office_which_files_are_missing",
    "files carried over an edit, and replaced by it": "gives_an_edit_its_own_file",
    "the same again": "answers_201_again_to_the_same_bytes",
    "another interview under the same id": "keeps_both_when_an_interview_changes",
    "the same id in another form": "has_no_conflict_with_the_same_id",
    "no id": "refuses_an_interview_without_an_id",
    "one that was deleted": "never_takes_back_what_was_erased",
    "an edit, the same edit again, the review state": "makes_an_edit_the_next_version",
    "an edit of what was edited meanwhile": "keeps_an_edit_of_what_was_edited",
    "an edit of what never came": "does_not_know_an_edit_of_what_never_came",
    "an edit whose new id is taken": "refuses_an_edit_whose_new_id_is_taken",
    "encrypted submissions": "serves_the_key_in_the_form_and_opens",
    "encrypted, the last file missing": "waits_sealed_until_the_last_file",
    "drafts, and a wrong key for them": "checks_a_practice_interview",
    "chunks, gzip, Expect": "takes_an_upload_in_chunks",
    "pictures are shown, other files are downloads": "gives_a_file_as_a_download_only",
    "entities: create and update": "creates_and_updates_in_the_transaction",
    "entities: offline branches": "follows_a_branch_that_was_made_offline",
    "entities: conflicts": "notes_a_conflict_and_whether",
    "entities: integrity of the list": "tells_which_entities_were_deleted",
}
TESTS = Path(__file__).parents[1]


def names_of_tests() -> list[str]:
    """Every test about OpenRosa, and the office's about files."""
    sources = [*(TESTS / "openrosa").glob("test_*.py"), *(TESTS / "office").glob("test_media*.py")]
    trees = (ast.parse(path.read_text()) for path in sources)
    return [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("case", CASES)
def test_it_has_a_test_for_each_case(case: str) -> None:
    assert sum(name.startswith(f"test_it_{CASES[case]}") for name in names_of_tests()) == 1


def read(answer: Answer, name: str) -> dict[str, str]:
    """The first element of a list, its children by name."""
    assert (answer.status, answer.headers["X-OpenRosa-Version"]) == (200, "1.0")
    assert answer.headers["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.body)
    found = next(each for each in root.iter() if each.tag.rpartition("}")[2] == name)
    return {child.tag.rpartition("}")[2]: child.text or "" for child in found}


def fetch(collect: Collect, url: str) -> Answer:
    """Follow an absolute address of the list."""
    assert urlsplit(url).port == collect.server.port
    return collect.ask("GET", urlsplit(url)._replace(scheme="", netloc="").geturl(), headers=OPENROSA)


def test_it_goes_with_collect_from_the_list_of_forms_to_an_edit_and_the_end(collect: Collect) -> None:
    """List, form, manifest, file; ask before sending; two posts; the same again; an edit; a key that ends."""
    publish_form(collect.database, collect.programme_id, "sited.md", FORM_WITH_DATA.encode(), {"psus.csv": PSUS})
    listed = read(collect.get("/formList?formID=sited"), "xform")
    document = fetch(collect, listed["downloadUrl"]).body
    assert listed["hash"] == f"md5:{hashlib.md5(document).hexdigest()}"
    file = read(fetch(collect, listed["manifestUrl"]), "mediaFile")
    assert fetch(collect, file["downloadUrl"]).body == PSUS
    before = collect.ask("HEAD", f"{collect.path}/submission?deviceID=collect%3Aabc", headers=OPENROSA)
    assert (before.status, int(before.headers["X-OpenRosa-Accept-Content-Length"]) > 1_000_000) == (204, True)
    first, second = new_id(), new_id()
    xml = interview(first, photo="1.jpg", sound="2.m4a")
    assert collect.send(xml, ("1.jpg", b"\xff\xd8\xff1"), incomplete=True).status == 201
    assert collect.send(xml, ("2.m4a", b"sound")).status == 201
    assert collect.send(xml, ("2.m4a", b"sound")).status == 201
    assert set(files(collect, first)) == {"1.jpg", "2.m4a"}
    edited = interview(second, person="Otra", photo="1.jpg", sound="2.m4a", deprecated=first)
    assert collect.send(edited).status == 201
    assert [row.instance_id for row in versions(collect)] == [first, second]
    with collect.database.transaction() as session:
        device = get_device_by_id(session, collect.programme_id, collect.device_id)
        set_device_revoked(session, device, "returned", actor="command")
    assert {collect.get("/formList").status, collect.send(interview(new_id())).status} == {403}


def test_it_gives_an_edit_its_own_file_and_leaves_the_version_before_its_own(collect: Collect) -> None:
    first, second = new_id(), new_id()
    collect.send(interview(first, photo="1.jpg"), ("1.jpg", b"\xff\xd8\xffbefore"))
    edited = interview(second, photo="1.jpg", deprecated=first)
    assert collect.send(edited, ("1.jpg", b"\xff\xd8\xffafter")).status == 201
    digests = [files(collect, one)["1.jpg"].sha256 for one in (first, second)]
    assert digests == [hashlib.sha256(b"\xff\xd8\xff" + word).hexdigest() for word in (b"before", b"after")]


def test_it_takes_chunks_behind_another_server_too(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    with database.transaction() as session:
        programme_id = add_programme(session, "norte", "Norte").id
        device, key = add_app_user(session, programme_id, "Tableta", "EN001")
    publish_form(database, programme_id, "visit.md", FORM.format(version="1").encode())
    server = Server(tmp_path, sqlite_url)
    server.begin = (GUNICORN,)
    server.start()
    try:
        collect = Collect(server, database, programme_id, "norte", key, device.id)
        sent = new_id()
        body = upload(interview(sent, photo="1.jpg"), ("1.jpg", bytes(range(256)) * 400))
        told = OPENROSA | {"Content-Type": "multipart/form-data; boundary=----collect7f1"}
        pieces = [body[start : start + 7_777] for start in range(0, len(body), 7_777)]
        for _ in range(2):
            answer = collect.ask("POST", f"{collect.path}/submission", iter(pieces), told)
            assert answer.status == 201, answer.body
    finally:
        server.kill()
    assert [row.instance_id for row in submissions(collect)] == [sent]
    assert files(collect, sent)["1.jpg"].size == 102_400
