"""Submissions by OpenRosa: the named cases of ODK Central's own tests, each byte on the wire written here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from survey_server.db.field.devices import get_device_by_id, set_device_revoked
from survey_server.db.forms import get_form
from survey_server.db.intake.erased import add_erased
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import Form
from survey_server.db.publishing import publish_form
from tests.openrosa.field import BOUNDARY, FORM, OPENROSA, Collect, body_of, interview, new_id, part, upload
from tests.openrosa.stored import conflicts, files, issues, quarantine, submissions, versions, wave_of

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\r\n--" + b"not the boundary\r\n"


def set_state(collect: Collect, state: str) -> None:
    with collect.database.transaction() as session:
        form = session.merge(get_form(session, collect.programme_id, "visit"))
        assert isinstance(form, Form)
        form.state = state
        touch_fieldwork(session, collect.programme_id)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_it_tells_before_a_submission_where_it_goes_and_how_large_it_may_be(collect: Collect, method: str) -> None:
    answer = collect.ask(method, f"{collect.path}/submission?deviceID=a", headers=OPENROSA)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.headers["X-OpenRosa-Accept-Content-Length"] == str(3 << 20)
    assert answer.headers["Location"] == f"http://127.0.0.1:{collect.server.port}{collect.path}/submission"
    assert "Content-Type" not in answer.headers and answer.headers["Date"].endswith("GMT")


@pytest.mark.parametrize("version", [None, "2.0"])
def test_it_refuses_a_client_that_does_not_speak_openrosa_1(collect: Collect, version: str | None) -> None:
    headers = {} if version is None else {"X-OpenRosa-Version": version}
    assert collect.ask("HEAD", f"{collect.path}/submission", headers=headers).status == 400
    headers |= {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = collect.ask("POST", f"{collect.path}/submission", upload(interview(new_id())), headers)
    assert (answer.status, answer.nature) == (400, "error")
    assert "ODK Collect" in answer.message
    assert submissions(collect) == []


def test_it_asks_for_a_password_where_no_key_is_in_the_address(collect: Collect) -> None:
    for method, body in (("HEAD", None), ("POST", upload(interview(new_id())))):
        told = OPENROSA | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        answer = collect.ask(method, f"/v1/projects/{collect.code}/submission", body, told)
        assert answer.status == 401
        schemes = [each.split()[0] for each in answer.headers.get_all("WWW-Authenticate", [])]
        assert schemes == ["Digest", "Digest", "Basic"]


@pytest.mark.parametrize("key", ["a" * 64, "1.nobody", "x", "a" * 500])
def test_it_answers_403_to_a_key_that_was_never_given_out(collect: Collect, key: str) -> None:
    collect.key = key
    for answer in (collect.get("/formList"), collect.get("/submission"), collect.send(interview(new_id()))):
        assert answer.status == 403
        assert "WWW-Authenticate" not in answer.headers


def test_it_knows_no_form_of_another_programme_by_a_key(collect: Collect, empty: Collect) -> None:
    answer = collect.ask("GET", collect.path.replace(f"/{collect.code}", "/other") + "/formList", headers=OPENROSA)
    assert answer.status == 404


def test_it_takes_an_interview_into_its_wave_with_its_issues(collect: Collect) -> None:
    instance_id = new_id()
    answer = collect.send(interview(instance_id, age="17"))
    assert (answer.status, answer.nature) == (201, "submit_success")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    [stored] = submissions(collect)
    assert (stored.instance_id, wave_of(collect, stored), stored.interviewer) == (instance_id, "Antes", "EN001")
    assert stored.device_id == collect.device_id
    assert issues(collect) == ["constraint"]
    [version] = versions(collect)
    assert version.xml == interview(instance_id, age="17")
    assert version.source == "openrosa"


def test_it_notes_which_device_and_program_sent_it(collect: Collect) -> None:
    collect.post(
        upload(interview(new_id())), query="?deviceID=collect%3A1&x=y", **{"User-Agent": "a/1", "X-ODK-Client": "b/2"}
    )
    collect.post(upload(interview(new_id())), query="?deviceID=", **{"User-Agent": "z" * 400})
    told, bare = (version.client for version in versions(collect))
    assert told == {"device": "collect:1", "agent": "a/1", "odk_client": "b/2"}
    assert bare == {"agent": "z" * 255}


def test_it_finds_the_interview_part_wherever_it_is_and_needs_it(collect: Collect) -> None:
    instance_id = new_id()
    xml = part("xml_submission_file", interview(instance_id, photo="1.jpg"), "x.xml", "text/xml")
    answer = collect.post(body_of([part("1.jpg", PHOTO, "1.jpg"), part("note", b"hello"), xml]))
    assert answer.status == 201
    assert list(files(collect, instance_id)) == ["1.jpg"]
    answer = collect.post(body_of([part("other", interview(new_id()), "x.xml")]))
    assert (answer.status, len(submissions(collect))) == (400, 1)
    bare = collect.ask(
        "POST", f"{collect.path}/submission", interview(new_id()), OPENROSA | {"Content-Type": "text/xml"}
    )
    assert (bare.status, bare.nature) == (400, "error")


@pytest.mark.parametrize("media_type", ["text/xml", "application/xml", "text/xml; charset=UTF-8", ""])
def test_it_takes_the_interview_whatever_its_part_says_it_is(collect: Collect, media_type: str) -> None:
    xml = part("xml_submission_file", interview(new_id()), "x.xml", media_type)
    assert collect.post(body_of([xml])).status == 201


@pytest.mark.parametrize(
    "content", [b"<test", b"", b"\x00\x01", b"<data/>", b'<!DOCTYPE a [<!ENTITY b "c">]><data id="visit">&b;</data>']
)
def test_it_keeps_what_it_can_not_read_and_says_so(collect: Collect, content: bytes) -> None:
    answer = collect.send(content)
    assert answer.status == 400
    assert "Guardó" in answer.message or "guardó" in answer.message
    [kept] = quarantine(collect)
    assert (kept.content, kept.source, kept.device_id) == (content, "openrosa", collect.device_id)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        (f"multipart/form-data; boundary={BOUNDARY}", b""),
        (f"multipart/form-data; boundary={BOUNDARY}", upload(interview(new_id()))[:-10]),
        (f"multipart/form-data; boundary={BOUNDARY}", upload(interview(new_id()), ("1.jpg", PHOTO))[:900]),
        ("multipart/form-data; boundary=other", upload(interview(new_id()))),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a"\r\n'
            b'Content-Type: text/xml\r\n\r\n--B\r\nContent-Disposition: form-data; name="c"\r\n\r\nx\r\n--B--\r\n\r\n',
        ),
        ("multipart/form-data; boundary=B", b"--B\r\nnothing here\r\n\r\nx\r\n--B--\r\n"),
        ("multipart/form-data; boundary=B", b"--Bx\r\n\r\nx\r\n--B--\r\n"),
    ],
    ids=["no boundary", "empty", "no end", "cut in a file", "other boundary", "no content", "no name", "glued"],
)
def test_it_stores_nothing_of_an_upload_whose_parts_make_no_sense(
    collect: Collect, content_type: str, body: bytes
) -> None:
    answer = collect.ask("POST", f"{collect.path}/submission", body, OPENROSA | {"Content-Type": content_type})
    assert (answer.status, answer.nature) == (400, "error")
    assert "otra vez" in answer.message
    assert submissions(collect) == quarantine(collect) == []


def test_it_says_404_for_a_form_or_version_that_it_does_not_know_and_keeps_the_bytes(collect: Collect) -> None:
    strange, newer = interview(new_id(), form="nobody"), interview(new_id(), version="9")
    assert (collect.send(strange).status, collect.send(newer).status) == (404, 404)
    assert {row.content: row.reason for row in quarantine(collect)} == {
        strange: "form-not-here",
        newer: "unknown-version",
    }
    assert submissions(collect) == []


def test_it_takes_interviews_of_a_version_that_was_replaced(collect: Collect) -> None:
    publish_form(collect.database, collect.programme_id, "visit.md", FORM.format(version="2").encode())
    assert collect.send(interview(new_id(), version="1")).status == 201
    assert collect.send(interview(new_id(), version="2")).status == 201
    assert [row.version for row in submissions(collect)] == ["1", "2"]
    assert issues(collect) == []


def test_it_hides_a_form_that_is_closing_and_refuses_one_that_is_closed(collect: Collect) -> None:
    known = interview(new_id(), photo="1.jpg")
    collect.send(known)
    set_state(collect, "closing")
    assert b"<xform>" not in collect.get("/formList").body
    assert collect.send(interview(new_id())).status == 201
    set_state(collect, "closed")
    late = interview(new_id())
    answer = collect.send(late)
    assert answer.status == 409
    assert [row.content for row in quarantine(collect)] == [late]
    assert collect.send(known, ("1.jpg", PHOTO)).status == 201, "files of an interview that is here"
    assert len(submissions(collect)) == 2


def test_it_answers_201_again_to_the_same_bytes_and_stores_them_once(collect: Collect) -> None:
    xml = interview(new_id())
    first, second = collect.send(xml), collect.send(xml)
    assert (first.status, second.status) == (201, 201)
    assert len(submissions(collect)) == len(versions(collect)) == 1
    assert first.message.split()[-1] == second.message.split()[-1], "the same receipt"


def test_it_keeps_both_when_an_interview_changes_between_two_uploads(collect: Collect) -> None:
    instance_id = new_id()
    collect.send(interview(instance_id))
    other = interview(instance_id, person="Otra")
    answer = collect.send(other)
    assert (answer.status, answer.nature) == (409, "error")
    assert [row.xml for row in conflicts(collect)] == [other]
    assert len(versions(collect)) == 1


def test_it_never_takes_back_what_was_erased(collect: Collect, media_folder: Path) -> None:
    instance_id = new_id()
    with collect.database.transaction() as session:
        add_erased(session, collect.programme_id, instance_id)
    photo = PHOTO + instance_id.encode()
    answer = collect.send(interview(instance_id, photo="1.jpg"), ("1.jpg", photo))
    assert answer.status == 409 and "borrada" in answer.message
    assert submissions(collect) == quarantine(collect) == []
    digest = hashlib.sha256(photo).hexdigest()
    assert not list(media_folder.rglob(digest)), "nor its photo"


def test_it_has_no_conflict_with_the_same_id_in_another_form(collect: Collect) -> None:
    other = FORM.replace("visit ", "other ").format(version="1").encode()
    publish_form(collect.database, collect.programme_id, "other.md", other)
    instance_id = new_id()
    assert collect.send(interview(instance_id)).status == 201
    assert collect.send(interview(instance_id, form="other")).status == 201
    assert len(submissions(collect)) == 2


def test_it_refuses_an_interview_without_an_id_because_a_retry_would_double_it(collect: Collect) -> None:
    assert collect.send(interview("")).status == 400
    assert (submissions(collect), len(quarantine(collect))) == ([], 1)


def test_it_keeps_files_byte_by_byte_under_the_names_of_the_interview(collect: Collect, media_folder: Path) -> None:
    instance_id = new_id()
    audit = b"event,node,start,end\nform start,,1,\n"
    xml = interview(instance_id, photo="1.jpg", sound="2.m4a", papers=["3.pdf"], audit="audit.csv")
    sent = {"1.jpg": PHOTO, "2.m4a": b"\x00\x00\x00\x18ftypM4A ", "3.pdf": b"%PDF-1.7", "audit.csv": audit}
    assert collect.send(xml, *sent.items()).status == 201
    kept = files(collect, instance_id)
    assert kept.keys() == sent.keys()
    for name, content in sent.items():
        digest = hashlib.sha256(content).hexdigest()
        assert (kept[name].sha256, kept[name].size) == (digest, len(content))
        assert (media_folder / str(collect.programme_id) / digest[:2] / digest).read_bytes() == content
    assert (kept["1.jpg"].found_type, kept["1.jpg"].source) == ("image/jpeg", "openrosa")


def test_it_ignores_files_that_the_interview_does_not_name(collect: Collect) -> None:
    instance_id = new_id()
    assert collect.send(interview(instance_id, photo="1.jpg"), ("1.jpg", PHOTO), ("evil.jpg", b"x")).status == 201
    assert list(files(collect, instance_id)) == ["1.jpg"]


def test_it_takes_the_same_file_twice_and_one_file_for_two_questions(collect: Collect) -> None:
    instance_id = new_id()
    xml = interview(instance_id, photo="1.jpg", sound="2.jpg", papers=["1.jpg", "1.jpg"])
    assert collect.send(xml, ("1.jpg", PHOTO), ("2.jpg", PHOTO), ("1.jpg", PHOTO)).status == 201
    kept = files(collect, instance_id)
    assert sorted(kept) == ["1.jpg", "2.jpg"]
    assert kept["1.jpg"].sha256 == kept["2.jpg"].sha256


def test_it_takes_the_files_that_are_missing_in_later_uploads(collect: Collect) -> None:
    instance_id = new_id()
    xml = interview(instance_id, photo="1.jpg", sound="2.m4a")
    assert collect.send(xml, ("1.jpg", PHOTO), incomplete=True).status == 201
    assert collect.send(xml, ("2.m4a", b"sound")).status == 201
    assert sorted(files(collect, instance_id)) == ["1.jpg", "2.m4a"]
    assert len(versions(collect)) == 1


def test_it_takes_a_hundred_and_twenty_files_in_two_uploads_as_collect_cuts_them(collect: Collect) -> None:
    instance_id = new_id()
    names = [f"hoja {number}.pdf" for number in range(120)]
    xml = interview(instance_id, papers=names)
    sent = [(name, f"%PDF- {name}".encode()) for name in names]
    assert collect.send(xml, *sent[:100], incomplete=True).status == 201
    assert len(files(collect, instance_id)) == 100
    assert collect.send(xml, *sent[100:]).status == 201
    assert sorted(files(collect, instance_id)) == sorted(names)
    again = new_id()
    assert collect.send(interview(again, papers=names), *sent).status == 201, "all in one"
    assert len(files(collect, again)) == 120


NAMES = {
    "utf8": ("fîlé ñandú 😂.jpg", 'name="a"; filename="fîlé ñandú 😂.jpg"'.encode()),
    "latin1": ("fîlé ñandú.jpg", 'name="a"; filename="fîlé ñandú.jpg"'.encode("latin-1")),
    "rfc5987": (
        "fîlé ñandú 😂.jpg",
        b"name=a; filename=x.jpg; filename*=UTF-8''f%C3%AEl%C3%A9%20%C3%B1and%C3%BA%20%F0%9F%98%82.jpg",
    ),
    "folder": ("1.jpg", b'name="../../1.jpg"; filename="../../../etc/1.jpg"'),
    "windows": ("1.jpg", b'name="a"; filename="C:\\\\fotos\\\\1.jpg"'),
    "quoted": ('una "foto".jpg', b'name="a"; filename="una \\"foto\\".jpg"'),
    "bare": ("1.jpg", b"name=a;filename=1.jpg"),
}


@pytest.mark.parametrize("case", NAMES)
def test_it_matches_files_by_name_however_the_name_is_written(collect: Collect, case: str) -> None:
    name, disposition = NAMES[case]
    instance_id = new_id()
    head = b"Content-Disposition: form-data; " + disposition + b"\r\nContent-Type: image/jpeg\r\n\r\n"
    xml = part("xml_submission_file", interview(instance_id, photo=name.replace('"', "&quot;")), "x.xml", "text/xml")
    assert collect.post(body_of([xml, head + PHOTO])).status == 201
    assert list(files(collect, instance_id)) == [name]


def test_it_takes_no_name_for_a_path(collect: Collect, media_folder: Path) -> None:
    instance_id = new_id()
    for name in ("..", ".", "/", "a/..", "x\x00.jpg"):
        xml = part("xml_submission_file", interview(instance_id, photo="..", sound="../../boom.db"), "x.xml")
        assert collect.post(body_of([xml, part(name, b"boom", name)])).status == 201
    assert (
        collect.send(interview(instance_id, photo="..", sound="../../boom.db"), ("../../boom.db", b"x")).status == 201
    )
    assert files(collect, instance_id) == {}
    assert not list(media_folder.parent.rglob("boom*"))


def test_it_makes_an_edit_the_next_version_and_keeps_the_one_before(collect: Collect) -> None:
    first, second, third = new_id(), new_id(), new_id()
    collect.send(interview(first, person="Uno", photo="1.jpg"), ("1.jpg", PHOTO))
    edited = interview(second, person="Dos", photo="1.jpg", deprecated=first)
    assert collect.send(edited).status == 201
    assert collect.send(edited).status == 201, "the same edit sent again"
    assert collect.send(interview(third, person="Tres", deprecated=second)).status == 201
    [stored] = submissions(collect)
    assert (stored.number, stored.review_state) == (3, "edited")
    assert [b"Uno" in row.xml for row in versions(collect)] == [True, False, False]
    assert [row.instance_id for row in versions(collect)] == [first, second, third]


def test_it_keeps_an_edit_of_what_was_edited_meanwhile_as_a_conflict(collect: Collect) -> None:
    first = new_id()
    collect.send(interview(first))
    collect.send(interview(new_id(), deprecated=first, person="Quicker"))
    late = interview(new_id(), deprecated=first, person="Later")
    answer = collect.send(late)
    assert answer.status == 409 and "antes que usted" in answer.message
    assert [row.xml for row in conflicts(collect)] == [late]


def test_it_does_not_know_an_edit_of_what_never_came_but_keeps_it(collect: Collect) -> None:
    orphan = interview(new_id(), deprecated=new_id())
    assert collect.send(orphan).status == 404
    assert [row.content for row in quarantine(collect)] == [orphan]


def test_it_refuses_an_edit_whose_new_id_is_taken(collect: Collect) -> None:
    first, other = new_id(), new_id()
    collect.send(interview(first))
    collect.send(interview(other, person="Otra"))
    assert collect.send(interview(other, deprecated=first)).status == 409
    assert [row.number for row in submissions(collect)] == [1, 1]


def test_it_keeps_apart_what_a_revoked_device_still_sends(collect: Collect) -> None:
    with collect.database.transaction() as session:
        device = get_device_by_id(session, collect.programme_id, collect.device_id)
        set_device_revoked(session, device, "lost", actor="command")
    assert (collect.get("/formList").status, collect.get("/submission").status) == (403, 403)
    xml = interview(new_id(), photo="1.jpg")
    answer = collect.send(xml, ("1.jpg", PHOTO))
    assert answer.status == 403
    assert [row.content for row in quarantine(collect)] == [xml]
    assert submissions(collect) == []
