"""The frame of a wave holds every submission once, typed, with its site; only changes are read again."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import event, update

from survey_server.db.analysis import columns, frames
from survey_server.db.analysis.columns import Column, column_of, joined
from survey_server.db.analysis.frames import repeat_frame, wave_frame
from survey_server.db.analysis.growing import GrowingColumns
from survey_server.db.field.sites import set_sites
from survey_server.db.forms import get_form
from survey_server.db.intake.submissions import Arrival, Source, take_in
from survey_server.db.models import Programme, Submission, Wave, now
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from survey_server.db.waves import add_wave

HOUSEHOLD = """
| survey |
| | type                | name     | label    |
| | today               | today    |          |
| | text                | psu      | Place    |
| | decimal             | income   | Income   |
| | select_multiple how | news     | News     |
| | begin_repeat        | member   | Member   |
| | integer             | age      | Age      |
| | end_repeat          |          |          |
| choices |
| | list_name | name | label |
| | how       | 1    | Radio |
| | how       | 2    | Paper |
| settings |
| | form_title | form_id   | version |
| | Household  | household | 1       |
| design |
| | role | source   | field | note |
| | psu  | question | psu   |      |
"""


@pytest.fixture
def wave(database: Database, programme: Programme) -> Wave:
    publish_form(database, programme.id, "household.md", HOUSEHOLD.encode())
    with database.transaction() as session:
        set_sites(
            session,
            programme.id,
            [{"code": "A", "stratum": "S1", "weight": 2, "border": "yes"}, {"code": "B", "stratum": "S2"}],
            actor="command",
        )
        form = get_form(session, programme.id, "household")
        return add_wave(session, form, "1", date(2026, 3, 1), date(2026, 3, 31), state="open")


def send(
    database: Database, wave: Wave, number: int, income: str = "1.5", ages: Sequence[int] = (), psu: str = "A"
) -> None:
    members = "".join(f"<member><age>{age}</age></member>" for age in ages)
    xml = (
        f'<data id="household" version="1"><today>2026-03-05</today><psu>{psu}</psu><income>{income}</income>'
        f"<news>1 2</news>{members}<meta><instanceID>uuid:{number}</instanceID></meta></data>"
    )
    arrival = Arrival(f"uuid:{number}", "household", "1", xml.encode())
    take_in(database, Source(wave.programme_id, "demo", "command"), [arrival])


def frame_of(database: Database, wave: Wave) -> pd.DataFrame:
    with database.reading() as session:
        return wave_frame(session, wave)


def test_it_types_answers_and_adds_the_site(database: Database, wave: Wave) -> None:
    send(database, wave, 1)
    row = frame_of(database, wave).iloc[0].to_dict()
    assert (row["_id"], row["income"], row["news"], row["psu"]) == ("uuid:1", 1.5, "1 2", "A")
    assert (row["site.stratum"], row["site.weight"], row["site.border"], row["_wave"]) == ("S1", 2.0, "yes", 1)
    assert row["_collected_on"] == pd.Timestamp("2026-03-05")
    assert row["_received_at"].tz is not None


def test_it_has_its_columns_before_anything_came(database: Database, wave: Wave) -> None:
    frame = frame_of(database, wave)
    assert len(frame) == 0
    assert {"_id", "_issues", "_wave", "site.stratum", "site.arm", "site.weight"} <= set(frame.columns)


def test_it_leaves_the_site_missing_where_the_office_knows_none(database: Database, wave: Wave) -> None:
    send(database, wave, 1, psu="X")
    frame = frame_of(database, wave)
    assert pd.isna(frame["site.stratum"].iloc[0])
    assert frame["_issues"].iloc[0] == 1


def test_it_holds_each_submission_once_in_the_order_of_arrival(database: Database, wave: Wave) -> None:
    for number in range(5):
        send(database, wave, number)
        send(database, wave, number)
        assert list(frame_of(database, wave)["_id"]) == [f"uuid:{n}" for n in range(number + 1)]
    assert list(frame_of(database, wave)["_repeats"]) == [1.0] * 5


def test_it_reads_only_what_is_new(database: Database, wave: Wave) -> None:
    for number in range(3):
        send(database, wave, number)
    frame_of(database, wave)
    send(database, wave, 3)
    read: list[str] = []
    asked: list[int] = []

    def note(c: object, cursor: object, statement: str, parameters: Sized, *_: object) -> None:
        read.append(statement)
        if "answers" in statement:
            asked.append(len(parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.reading() as session:
        before = session.connection().connection.driver_connection
        assert before is not None
        frame = wave_frame(session, wave)
    answers = [statement for statement in read if "answers" in statement]
    assert (len(frame), len(answers)) == (4, 1)
    assert asked == [2]  # the programme and the one row that came
    read.clear()
    frame_of(database, wave)
    assert [statement for statement in read if "answers" in statement] == []


def test_it_reads_again_what_was_changed(database: Database, wave: Wave) -> None:
    send(database, wave, 1)
    frame_of(database, wave)
    with database.transaction() as session:
        session.execute(update(Submission).values(review_state="approved", changed_at=now()))
    assert list(frame_of(database, wave)["_review_state"]) == ["approved"]


def test_it_forgets_what_went_to_another_wave(database: Database, wave: Wave) -> None:
    send(database, wave, 1)
    send(database, wave, 2)
    frame_of(database, wave)
    with database.transaction() as session:
        session.execute(update(Submission).where(Submission.instance_id == "uuid:1").values(wave_id=None))
    assert list(frame_of(database, wave)["_id"]) == ["uuid:2"]


def test_it_gives_repeats_a_frame_of_their_own(database: Database, wave: Wave) -> None:
    send(database, wave, 1, ages=(40, 7))
    send(database, wave, 2)
    send(database, wave, 3, ages=(30,))
    with database.reading() as session:
        frame = repeat_frame(session, wave, "member")
        none = repeat_frame(session, wave, "other")
    assert frame[["_id", "_position", "age"]].to_numpy().tolist() == [
        ["uuid:1", 1.0, 40.0],
        ["uuid:1", 2.0, 7.0],
        ["uuid:3", 1.0, 30.0],
    ]
    assert len(none) == 0
    assert "age" not in frame_of(database, wave).columns


def test_it_hands_out_frames_that_can_be_changed_without_harm(database: Database, wave: Wave) -> None:
    send(database, wave, 1)
    mine = frame_of(database, wave)
    mine.loc[0, "income"] = 99
    assert frame_of(database, wave)["income"].iloc[0] == 1.5


def test_it_makes_a_column_of_numbers_only_when_all_are() -> None:
    assert plain([1, None, 2.5])[::2] == [1.0, 2.5]
    assert np.isnan(plain([None, None])).all()
    assert plain(["1", None, 2, 2.5]) == ["1", None, "2", "2.5"]


def test_it_turns_numbers_into_text_when_a_question_changed_its_type() -> None:
    both = joined(columns_of([{"a": 1, "b": 1}, {"a": None}]), columns_of([{"a": "x", "c": 2}]), 2)
    frame = columns.frame_of(both)
    assert frame["a"].astype(object).where(frame["a"].notna(), None).tolist() == ["1", None, "x"]
    assert frame["b"].iloc[0] == 1
    assert frame["b"][1:].isna().all()
    assert frame["c"][:2].isna().all()


def columns_of(rows: Sequence[dict[str, Any]]) -> dict[str, Column]:
    growing = GrowingColumns()
    for row in rows:
        growing.add([row])
    return growing.columns()


def test_it_grows_columns_by_documents_that_lack_questions_or_have_new_ones() -> None:
    rows: list[dict[str, Any]] = [
        {"a": 1, "b": ["2", "3"]},
        {"b": "4", "c": None},
        {"c": [{"d": 1}], "a": 2.5},
        {"e": "x"},
    ]
    growing = GrowingColumns()
    nested = [growing.add(rows[:2]), growing.add(rows[2:3]), growing.add([{"f": [{"d": 2}]}, *rows[3:]])]
    assert nested == [{}, {"c": [(0, [{"d": 1}])]}, {"f": [(0, [{"d": 2}])]}]
    frame = columns.frame_of(growing.columns()).astype(object)
    assert frame.where(frame.notna(), None).to_dict("list") == {
        "a": [1.0, None, 2.5, None, None],
        "b": ["2 3", "4", None, None, None],
        "c": [None] * 5,
        "e": [None, None, None, None, "x"],
    }


def plain(values: Sequence[Any]) -> list[Any]:
    """One column, as a frame gives it back."""
    series = columns.frame_of({"a": column_of(values)})["a"].astype(object)
    return [None if isinstance(value, float) and np.isnan(value) and "1" in values else value for value in series]


def in_a_new_process(database: Database, wave: Wave) -> tuple[pd.DataFrame, int]:
    """The frame as a process reads it that has only the files, and how many submissions it read from the database."""
    frames._kept.clear()
    taken: list[int] = []

    def count(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "answers" in statement:
            taken.append(len(parameters) - 1)

    event.listen(database.engine, "before_cursor_execute", count)
    try:
        return frame_of(database, wave), sum(taken)
    finally:
        event.remove(database.engine, "before_cursor_execute", count)


def test_it_goes_on_where_the_last_process_stopped(database: Database, wave: Wave, tmp_path: Path) -> None:
    database.keep_frames_in(tmp_path / "frames")
    for number in range(4):
        send(database, wave, number, ages=(40, number))
    before = frame_of(database, wave)
    after, read = in_a_new_process(database, wave)
    assert read == 0
    pd.testing.assert_frame_equal(before, after)
    send(database, wave, 4)
    after, read = in_a_new_process(database, wave)
    assert (len(after), read) == (5, 1)
    with database.reading() as session:
        assert len(repeat_frame(session, wave, "member")) == 8


@pytest.mark.parametrize("damage", [b"", b"{}\n", b'{"layout": 1}\n', b"\xff\xfe nonsense", None])
def test_it_reads_a_wave_again_when_its_file_is_damaged(
    database: Database, wave: Wave, tmp_path: Path, damage: bytes | None
) -> None:
    database.keep_frames_in(tmp_path / "frames")
    send(database, wave, 1)
    before = frame_of(database, wave)
    (file,) = (tmp_path / "frames").iterdir()
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    after, read = in_a_new_process(database, wave)
    assert read == 1
    pd.testing.assert_frame_equal(before, after)


def test_it_does_not_trust_a_file_that_knows_more_than_the_database(
    database: Database, wave: Wave, tmp_path: Path
) -> None:
    database.keep_frames_in(tmp_path / "frames")
    send(database, wave, 1)
    frame_of(database, wave)
    earlier = now() - timedelta(days=2)
    with database.transaction() as session:  # as after an older backup was restored
        session.execute(update(Submission).values(review_state="restored", changed_at=earlier))
    after, read = in_a_new_process(database, wave)
    assert (list(after["_review_state"]), read) == (["restored"], 1)
