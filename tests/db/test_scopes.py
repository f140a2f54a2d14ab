"""Who may read which submissions: every role times every form, against a table written out by hand."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import select

from survey_server.db.access.matrix import LETTERS, MATRIX, grants_of, matrix_as_markdown, read_matrix, reads_others
from survey_server.db.access.people import add_person, set_roles
from survey_server.db.access.scopes import (
    Reader,
    find_reader,
    keep_visible,
    may_see_cases,
    may_see_submission,
    set_scope,
    visible_submissions,
)
from survey_server.db.field.devices import add_device
from survey_server.db.models import Form, Programme, Submission, SubmissionVersion, Team, Wave, now
from survey_server.db.review.restricted import count_restricted, list_restricted
from survey_server.db.session import Database, Session

FORMS = tuple(LETTERS.values())
# What each role reads: "open" and "locked" are the wave's state; o: one's own, t: of one's team, u: of one's unit.
READS = {
    "enumerator": "",
    "supervisor": "A:t H:t K:t M:t",
    "observer": "B:o",
    "observer-lead": "B:o",
    "training-officer": "C:o",
    "unit-clerk": "D:u E:u",
    "justice-clerk": "I:u",
    "liaison": "F:o",
    "coordinator": "A:locked H:locked K:locked B:locked C:all D:all E:all I:all F:calm J:all",
    "analyst": "A:locked H:locked K:locked B:locked C:all D:all E:all I:all F:calm G:locked J:all",
    "integrity-officer": "B:flagged F:risky L:all",
    "registrar": "",
    "data-protection": "M:all",
    "security": "M:all",
    "administrator": "",
    "nobody-knows": "",
}
KINDS = ("plain", "mine", "team", "unit", "risky", "flagged")


@pytest.fixture
def data(database: Database, programme: Programme) -> dict[tuple[str, str, str], int]:
    """(letter, wave state, kind) -> a submission; one of each in this programme, and a plain one in another."""
    found: dict[tuple[str, str, str], int] = {}
    with database.transaction() as session:
        supervisor = add_person(session, "supe", "Supe")
        team = Team(programme_id=programme.id, code="N1", name="Norte", supervisor_id=supervisor.id)
        session.add(team)
        session.flush()
        device, _ = add_device(session, programme.id, "T-1", "EN1")
        device.team_id = team.id
        for form_id, letter in LETTERS.items():
            form = Form(programme_id=programme.id, form_id=form_id)
            session.add(form)
            session.flush()
            for ordinal, state in enumerate(("open", "locked"), 1):
                wave = Wave(programme_id=programme.id, form_row=form.id, ordinal=ordinal, name=f"W{ordinal}")
                wave.starts = wave.ends = date(2026, ordinal, 1)
                wave.state = state
                session.add(wave)
                session.flush()
                for kind in KINDS:
                    found[letter, state, kind] = _add(session, form, wave, kind, device.id)
        return found


def _add(session: Session, form: Form, wave: Wave, kind: str, device_id: int) -> int:
    answers = {"risky": '{"item":[{"v_sens":"0"},{"v_sens":"1"}]}', "flagged": '{"n_flags":"2","x":"1"}'}
    one = Submission(
        programme_id=form.programme_id,
        form_row=form.id,
        version="1",
        wave_id=wave.id,
        instance_id=f"uuid:{form.form_id}{wave.ordinal}{kind}",
        received_at=now(),
        changed_at=now(),
        device_id=device_id if kind == "team" else None,
        interviewer="OB1" if kind == "mine" else "EN9",
        site_code="U1" if kind == "unit" else "U9",
    )
    session.add(one)
    session.flush()
    version = SubmissionVersion(
        programme_id=form.programme_id,
        submission_id=one.id,
        number=1,
        form_row=form.id,
        instance_id=one.instance_id,
        sha256="x",
        source="phone",
        received_at=now(),
        answers=answers.get(kind, '{"n_flags":"0","v_sens":"0"}'),
        xml=b"<data/>",
    )
    session.add(version)
    session.flush()
    return one.id


def expected(role: str, letter: str, state: str, kind: str) -> bool:
    how = dict(part.split(":") for part in READS[role].split()).get(letter, "")
    return {
        "": False,
        "all": True,
        "locked": state == "locked",
        "t": kind == "team",
        "o": kind == "mine",
        "u": kind == "unit",
        "calm": kind != "risky",
        "risky": kind == "risky",
        "flagged": kind == "flagged",
    }[how]


def test_it_lets_every_role_read_what_the_matrix_says_of_every_form_and_nothing_else(
    database: Database, programme: Programme, data: dict[tuple[str, str, str], int]
) -> None:
    with database.reading() as session:
        supervisor = session.scalars(select(Team.supervisor_id)).one()
        assert supervisor is not None
        for role in READS:
            reader = Reader(supervisor, frozenset({role}), frozenset({"OB1"}), frozenset({"U1"}))
            seen = set(session.scalars(select(Submission.id).where(visible_submissions(session, reader, programme.id))))
            wanted = {one for key, one in data.items() if expected(role, *key)}
            assert seen == wanted, role
            assert keep_visible(session, reader, programme.id, list(data.values())) == wanted
            assert not list(session.scalars(select(Submission.id).where(visible_submissions(session, reader, 999))))


def test_it_opens_a_wave_only_to_who_may_read_something_in_it(
    database: Database, programme: Programme, data: dict[tuple[str, str, str], int]
) -> None:
    with database.reading() as session:
        waves = {(wave.form_row, wave.state): wave for wave in session.scalars(select(Wave))}
        forms = {LETTERS[form.form_id]: form.id for form in session.scalars(select(Form))}
        for role in READS:
            reader = Reader(1, frozenset({role}))
            for letter in FORMS:
                for state in ("open", "locked"):
                    may = may_see_cases(session, reader, waves[forms[letter], state])
                    assert may == any(expected(role, letter, state, kind) for kind in KINDS), (role, letter, state)
        stranger = Reader(10**6, frozenset({"supervisor"}))  # of no team
        assert not may_see_submission(session, stranger, programme.id, data["A", "open", "team"])


def test_it_takes_staff_codes_and_units_from_the_persons_roles(
    database: Database, programme: Programme, data: dict[tuple[str, str, str], int]
) -> None:
    with database.transaction() as session:
        person = add_person(session, "clerk", "Clerk")
        set_roles(
            session, person, session.get_one(Programme, programme.id), ["unit-clerk", "observer"], actor="command"
        )
        set_scope(session, programme.id, person.id, ["OB1"], ["U1"], actor="command")
    with database.reading() as session:
        reader = find_reader(session, programme.id, person.id)
        assert (reader.codes, reader.units) == (frozenset({"OB1"}), frozenset({"U1"}))
        assert may_see_submission(session, reader, programme.id, data["D", "open", "unit"])
        assert may_see_submission(session, reader, programme.id, data["B", "open", "mine"])
        assert not may_see_submission(session, reader, programme.id, data["D", "open", "plain"])
        assert find_reader(session, 999, person.id).roles == frozenset()


def test_it_reads_an_unknown_form_like_an_interview_unless_the_programme_says_otherwise(
    database: Database, programme: Programme, data: dict[tuple[str, str, str], int]
) -> None:
    with database.transaction() as session:
        form = Form(programme_id=programme.id, form_id="own_form")
        session.add(form)
        session.flush()
        wave = session.scalars(select(Wave).where(Wave.state == "open")).first()
        assert wave is not None
        one = _add(session, form, wave, "plain", 0)
    coordinator, officer = (Reader(1, frozenset({role})) for role in ("coordinator", "integrity-officer"))
    with database.transaction() as session:
        assert not may_see_submission(session, coordinator, programme.id, one)
        session.get_one(Programme, programme.id).policies = {"letters": {"own_form": "L", "ssr_restricted": "C"}}
    with database.reading() as session:
        assert may_see_submission(session, officer, programme.id, one)
        assert not may_see_submission(session, coordinator, programme.id, one)
        # what is shipped as restricted stays so, whatever a programme says
        assert not may_see_submission(session, coordinator, programme.id, data["L", "locked", "plain"])


def test_it_lists_restricted_reports_for_the_integrity_officer_and_counts_quarters_from_three_on(
    database: Database, programme: Programme, data: dict[tuple[str, str, str], int]
) -> None:
    with database.reading() as session:
        officer = Reader(1, frozenset({"integrity-officer"}))
        assert len(list_restricted(session, officer, programme.id)) == 2 * len(KINDS)
        for role in READS.keys() - {"integrity-officer"}:
            assert list_restricted(session, Reader(1, frozenset({role})), programme.id) == []
        assert [n for _, n in count_restricted(session, programme.id)] == [2 * len(KINDS)]
        assert count_restricted(session, 999) == []


def test_it_is_one_table_that_names_every_form_of_the_access_matrix_once() -> None:
    lines = MATRIX.strip().splitlines()
    assert sorted(",".join(lines[0].split()[1:]).split(",")) == sorted(set(FORMS))
    assert all(len(a.split()) == len(b.split()) for a, b in pairwise(lines))
    assert {role for role, _ in read_matrix()} == READS.keys() - {"nobody-knows"}
    assert grants_of(frozenset({"nobody-knows"}), "A") == frozenset()
    assert {role for role in READS if reads_others(role)} == {
        "supervisor",
        "coordinator",
        "analyst",
        "integrity-officer",
        "data-protection",
        "security",
    }
    assert matrix_as_markdown().count("\n") == len(lines)
