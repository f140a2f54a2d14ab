"""Decisions on reports: two people sign what was written on those very figures, and nothing is changed afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from survey_server.db.access.people import add_person, set_roles
from survey_server.db.analysis.decisions import (
    find_decision,
    list_rulings,
    note_report,
    sign_decision,
    withdraw_decision,
    write_decision,
)
from survey_server.db.audit import find_broken_link
from survey_server.db.models import AuditRow, Decision, MadeReport, Programme
from survey_server.db.session import Database
from survey_server.problems import NotThere, UnfitDecision

WORDS = {"reading": "extend", "decision": "Seguir un año", "reasons": "Mejoró la confianza", "dissent": ""}


def prepare(database: Database, programme: Programme, *, interim: bool = False) -> tuple[MadeReport, list[int]]:
    with database.transaction() as session:
        people = [add_person(session, login, login.title()) for login in ("ana", "luis", "eva")]
        for person in people:
            set_roles(session, person, session.get_one(Programme, programme.id), ["coordinator"], actor="command")
        made = note_report(
            session,
            programme.id,
            "0123456789abcdef",
            sha256="figures",
            edition="full",
            language="es",
            waves=["W1", "W2"],
            interim=interim,
            asked_by="person:1",
            files={"wave-summary.pdf": b"%PDF"},
            evidence={"rows": [{"key": "opinion", "sign": "up"}]},
        )
        return made, [person.id for person in people]


def write(database: Database, made: MadeReport, person_id: int, **words: str) -> Decision:
    with database.transaction() as session:
        found = session.get_one(MadeReport, (made.programme_id, made.id))
        return write_decision(session, found, {**WORDS, **words}, person_id=person_id, actor=f"person:{person_id}")


def sign(database: Database, decision: Decision, person_id: int, seen: str | None = None, dissent: str = "") -> None:
    with database.transaction() as session:
        sign_decision(
            session,
            decision.programme_id,
            decision.id,
            person_id=person_id,
            proof="password+code",
            dissent=dissent,
            seen=decision.sha256 if seen is None else seen,
        )


def test_it_counts_once_two_different_people_have_signed(database: Database, programme: Programme) -> None:
    made, (ana, luis, eva) = prepare(database, programme)
    decision = write(database, made, ana)
    sign(database, decision, ana)
    with pytest.raises(UnfitDecision):
        sign(database, decision, ana)
    with database.reading() as session:
        waiting = find_decision(session, programme.id, "figures")
        assert waiting is not None and not waiting.complete
    sign(database, decision, luis, dissent="Falta el grupo de comparación")
    with database.reading() as session:
        ruling = find_decision(session, programme.id, "figures")
        assert ruling is not None and ruling.complete
        assert (ruling.reading, ruling.decision, ruling.written_by) == ("extend", "Seguir un año", "Ana")
        assert [(one.name, one.roles, one.dissent) for one in ruling.signatures] == [
            ("Ana", ("coordinator",), ""),
            ("Luis", ("coordinator",), "Falta el grupo de comparación"),
        ]
        assert find_decision(session, programme.id, "other figures") is None
        assert find_decision(session, programme.id + 1, "figures") is None
        actions = session.scalars(select(AuditRow.action).where(AuditRow.programme_id == programme.id)).all()
        assert {"report-made", "write-decision", "sign-decision"} <= set(actions)
        assert find_broken_link(session, programme.id) is None
    with pytest.raises(UnfitDecision), database.transaction() as session:
        withdraw_decision(session, programme.id, decision.id, person_id=eva)
    with pytest.raises(UnfitDecision):
        write(database, made, eva, decision="Otra cosa")


def test_it_signs_only_what_was_read_and_what_was_not_touched_since(database: Database, programme: Programme) -> None:
    made, (ana, luis, _) = prepare(database, programme)
    decision = write(database, made, ana)
    with pytest.raises(UnfitDecision):
        sign(database, decision, luis, seen="something else")
    with database.transaction() as session:
        row = session.get_one(Decision, (programme.id, decision.id))
        row.content = {**row.content, "decision": "Terminar"}
    with pytest.raises(UnfitDecision):
        sign(database, decision, luis)


def test_it_lets_a_decision_be_withdrawn_before_it_counts_and_another_be_written(
    database: Database, programme: Programme
) -> None:
    made, (ana, luis, _) = prepare(database, programme)
    first = write(database, made, ana)
    sign(database, first, ana)
    with database.transaction() as session:
        withdraw_decision(session, programme.id, first.id, person_id=luis)
    with pytest.raises(UnfitDecision):
        sign(database, first, luis)
    second = write(database, made, luis, reading="pause")
    with database.reading() as session:
        found = find_decision(session, programme.id, "figures")
        assert found is not None and found.id == second.id
        assert len(list_rulings(session, programme.id)) == 2


@pytest.mark.parametrize("words", [{"reading": "win"}, {"decision": " "}, {"reasons": ""}])
def test_it_refuses_what_says_too_little(database: Database, programme: Programme, words: dict[str, str]) -> None:
    made, (ana, _, _) = prepare(database, programme)
    with pytest.raises(UnfitDecision):
        write(database, made, ana, **words)


def test_it_rests_no_decision_on_a_preliminary_report(database: Database, programme: Programme) -> None:
    made, (ana, _, _) = prepare(database, programme, interim=True)
    with pytest.raises(UnfitDecision):
        write(database, made, ana)
    with pytest.raises(NotThere), database.transaction() as session:
        sign_decision(session, programme.id, 5, person_id=ana, proof="password", dissent="", seen="")
