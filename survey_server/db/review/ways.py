"""The way to the rows of a list: along which index, in the order of arrival, whatever else is looked up beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    column,
    exists,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from survey_server.db.access.matrix import OPENING, RESTRICTED, Grant, grants_of
from survey_server.db.access.scopes import Reader, devices_of, letters_of, visible_submissions
from survey_server.db.intake.receipts import read_receipt
from survey_server.db.models import Device, Programme, Submission, SubmissionIssue, SubmissionText, Wave
from survey_server.db.review.words import phone_word, words_asked

_MOST_WAYS = 120
_FEW_DAYS = timedelta(days=3)


@dataclass(frozen=True)
class Filter:
    """Which submissions to list, of those that the reader may read."""

    reader: Reader
    words: str = ""
    """Instance id, case, receipt, interviewer, site, or words of answers that were typed; each may be a beginning."""
    ids: tuple[int, ...] = ()
    wave_id: int | None = None
    form_row: int | None = None
    site: str | None = None
    team_id: int | None = None
    interviewer: str | None = None
    state: str | None = None
    issue: str | None = None
    flagged: bool = False
    media: bool = False
    first: date | None = None
    last: date | None = None
    before: int | None = None
    """Only submissions that came before this one: the next page."""


@dataclass(frozen=True)
class Way:
    """One way to the rows: a query of their ids that an index answers in the order of arrival."""

    query: Select[Any]
    id: Any

    def newest(self, limit: int, before: int | None) -> Select[Any]:
        query = self.query if before is None else self.query.where(self.id < before)
        return query.order_by(self.id.desc()).limit(limit)


@dataclass
class Ways:
    """Finds the rows of a search, and by which index each part of them is found."""

    session: Session
    programme: Programme
    chosen: Filter

    def choose(self) -> list[Way]:
        """The ways to all rows that fit, no row on two of them."""
        chosen = self.chosen
        if chosen.ids:
            return [self._along(None, Submission.id.in_(chosen.ids))]
        if chosen.words.strip():
            return [self._by_words()]
        if chosen.site:
            return [self._along("ix_submission_site", Submission.site_code == chosen.site)]
        if chosen.interviewer:
            return [self._along("ix_submission_interviewer", Submission.interviewer == chosen.interviewer)]
        if chosen.issue:
            return [self._by_issue()]
        devices = self._devices
        if devices is not None:
            return self._each("ix_submission_device", [Submission.device_id == device for device in devices])
        if chosen.state and chosen.state != "received":
            return [self._along("ix_submission_state", Submission.review_state == chosen.state)]
        return self._by_wave()

    @cached_property
    def _devices(self) -> list[int] | None:
        """The phones whose submissions alone can fit; None when it isn't phones that tell."""
        if self.chosen.team_id is not None:
            query = select(Device.id).where(
                Device.programme_id == self.programme.id, Device.team_id == self.chosen.team_id
            )
            return list(self.session.scalars(query))
        grants = {grant for letter in set(self._letters.values()) for grant in self._grants(letter)}
        return devices_of(self.session, self.chosen.reader, self.programme.id) if grants == {Grant.TEAM} else None

    def _by_words(self) -> Way:
        """By the words that a submission has, or by the number on its receipt."""
        number = read_receipt(self.chosen.words)
        if number is not None and self._is_there(number):
            return self._along(None, Submission.id == number)
        words = words_asked(self.chosen.words)
        if not words:
            return self._along(None, text("0 = 1"))
        sqlite = self.session.get_bind().dialect.name == "sqlite"
        phones = self._phone_words(" OR " if sqlite else " | ")
        if sqlite:
            asked_for = " AND ".join([*phones, *(f'"{word}"*' for word in words)])
            fits = exists().where(Submission.id == _WORDS.c.rowid, *self._conditions)
            query = select(_WORDS.c.rowid.label("id")).where(_WORDS.c.submission_words.match(asked_for), fits)
            return Way(query, _WORDS.c.rowid)
        asked: ColumnElement[Any] = bindparam("asked", " & ".join([*phones, *(f"'{word}':*" for word in words)]))
        query = (
            select(Submission.id)
            .join(
                SubmissionText,
                and_(
                    SubmissionText.programme_id == Submission.programme_id,
                    SubmissionText.submission_id == Submission.id,
                ),
            )
            .where(_VECTOR.op("@@")(asked.op("::")(literal_column("tsquery"))))
        )
        return Way(query.where(*self._conditions), Submission.id)

    def _phone_words(self, either: str) -> list[str]:
        """Only what these phones sent, where it is phones that tell what may be read."""
        devices = self._devices
        if not devices or len(devices) > _MOST_WAYS:
            return []
        return [f"({either.join(phone_word(device) for device in devices)})"]

    def _is_there(self, number: int) -> bool:
        query = select(exists().where(Submission.programme_id == self.programme.id, Submission.id == number))
        return bool(self.session.scalar(query))

    def _by_issue(self) -> Way:
        issue = SubmissionIssue
        query = (
            select(issue.submission_id.label("id"))
            .distinct()
            .join(
                Submission,
                and_(Submission.programme_id == issue.programme_id, Submission.id == issue.submission_id),
            )
            .where(
                issue.programme_id == self.programme.id,
                issue.kind == self.chosen.issue,
                issue.resolved_at.is_(None),
                *self._conditions,
            )
        )
        return Way(query, issue.submission_id)

    def _by_wave(self) -> list[Way]:
        """Wave by wave, for the waves that the reader may read in."""
        chosen = self.chosen
        index = "ix_submission_wave_id"
        if chosen.media:
            index = "ix_submission_files"
        elif chosen.flagged:
            index = "ix_submission_flagged"
        ways: list[tuple[str, ColumnElement[bool]]] = []
        for wave_id, dates in self._waves():
            of_wave = Submission.wave_id == wave_id if wave_id else Submission.wave_id.is_(None)
            ways.append((self._by_day(dates) or index, of_wave))
        if len(ways) > _MOST_WAYS:
            return [self._along(None)]
        return [self._along(name, condition) for name, condition in ways] or [self._along(None, text("0 = 1"))]

    def _by_day(self, dates: tuple[date, date] | None) -> str | None:
        """The index by day, where few of a wave's interviews can be of the days that are looked for."""
        chosen = self.chosen
        if chosen.first is None and chosen.last is None:
            return None
        first, last = chosen.first or date.min, chosen.last or date.max
        outside = dates is None or last < dates[0] or dates[1] < first
        return "ix_submission_collected" if outside or last - first <= _FEW_DAYS else None

    def _waves(self) -> Iterator[tuple[int | None, tuple[date, date] | None]]:
        """The waves in which something may be read, and what belongs to no wave; each with its days."""
        query = select(Wave.id, Wave.form_row, Wave.state, Wave.starts, Wave.ends).where(
            Wave.programme_id == self.programme.id
        )
        for wave in self.session.execute(query.order_by(Wave.id)).all():
            grants = self._grants(self._letters.get(wave.form_row, RESTRICTED))
            open_to = grants - {Grant.LOCKED} or (grants and wave.state == "locked")
            asked = self.chosen.wave_id in (None, wave.id) and self.chosen.form_row in (None, wave.form_row)
            if open_to and asked:
                yield wave.id, (wave.starts, wave.ends)
        if self.chosen.wave_id is None:
            yield None, None

    @cached_property
    def _letters(self) -> dict[int, str]:
        return letters_of(self.session, self.programme.id)

    def _grants(self, letter: str) -> frozenset[Grant]:
        return grants_of(self.chosen.reader.roles, letter) & OPENING

    def _each(self, index: str, conditions: Sequence[ColumnElement[bool]]) -> list[Way]:
        if not conditions:
            return [self._along(None, text("0 = 1"))]
        if len(conditions) > _MOST_WAYS:
            return [self._along(None, or_(*conditions))]
        return [self._along(index, condition) for condition in conditions]

    def _along(self, index: str | None, *conditions: Any) -> Way:
        """Along an index; SQLite, which keeps no figures of our data, is told which."""
        query = select(Submission.id).where(*conditions, *self._conditions)
        if index is not None:
            query = query.with_hint(Submission, f"INDEXED BY {index}", "sqlite")
        return Way(query, Submission.id)

    @cached_property
    def _conditions(self) -> list[ColumnElement[bool]]:
        """Everything that is asked, and what the reader may read."""
        return list(self._asked())

    def _asked(self) -> Iterator[ColumnElement[bool]]:
        chosen, one = self.chosen, Submission
        yield one.programme_id == self.programme.id
        yield visible_submissions(self.session, chosen.reader, self.programme.id)
        equal = {
            one.wave_id: chosen.wave_id,
            one.form_row: chosen.form_row,
            one.site_code: chosen.site,
            one.interviewer: chosen.interviewer,
            one.review_state: chosen.state,
        }
        yield from (column == value for column, value in equal.items() if value)
        if chosen.team_id is not None:
            yield one.device_id.in_(self._devices or [])
        if chosen.flagged:
            yield literal_column("submission.issue_count > 0")  # in the words of the index
        if chosen.media:
            yield literal_column("submission.files > 0")
        if chosen.first is not None:
            yield one.collected_on >= chosen.first
        if chosen.last is not None:
            yield one.collected_on <= chosen.last
        if chosen.issue and (chosen.ids or chosen.words.strip() or chosen.site or chosen.interviewer):  # else it leads
            yield exists().where(
                SubmissionIssue.programme_id == one.programme_id,
                SubmissionIssue.submission_id == one.id,
                SubmissionIssue.kind == chosen.issue,
                SubmissionIssue.resolved_at.is_(None),
            )


_WORDS = table("submission_words", column("rowid", BigInteger), column("submission_words"))
_VECTOR: ColumnElement[Any] = literal_column("array_to_tsvector(string_to_array(submission_text.words, ' '))")
