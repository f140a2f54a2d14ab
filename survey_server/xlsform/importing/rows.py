"""Rows of a table become finished interviews: each is answered with the engine, as a phone would, and serialised.

The same row makes the same bytes every time: its id comes from its key, its dice from its id, its clock from the wave.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from survey_server.xlsform.expressions.documents import serialize
from survey_server.xlsform.filling.interview import Interview, prune
from survey_server.xlsform.form import Form
from survey_server.xlsform.importing.mapping import ImportMapping, Source
from survey_server.xlsform.importing.tables import Row, Table
from survey_server.xlsform.importing.values import Choices, Misfit, is_ticked, read_day, read_value

_NAMESPACE = uuid.UUID("5b7cf3a1-9d0e-5f0c-8d67-1f3b0f6d2a10")
_CLOCKS = frozenset({"start", "end", "today"})


@dataclass(frozen=True)
class RowNote:
    """Something about a row for the report: refused, or stored without this value."""

    row: int
    column: str
    value: str
    outcome: str
    reason: str
    cure: str


@dataclass(frozen=True)
class FilledRow:
    """One row: the interview that it makes, unless it is refused (no xml), and what there is to say about it."""

    number: int
    instance_id: str
    xml: bytes
    collected_on: date
    notes: tuple[RowNote, ...] = ()


@dataclass
class RowFiller:
    """Fills one form from the rows of one table. `place` names programme, form and wave: rows are known within it.

    `day` is when the interviews count as collected where the table doesn't say.
    """

    form: Form
    table: Table
    mapping: ImportMapping
    place: str
    day: date
    _keys: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = {bind.ref: index for index, bind in enumerate(self.form.binds)}
        self._sources = sorted(self.mapping.sources, key=lambda source: order.get(source.question.ref, 0))
        told = {source.question.ref for source in self._sources}
        clocks = {bind.ref: bind.preload_params for bind in self.form.binds if bind.preload_params in _CLOCKS}
        self._ends = [ref for ref, clock in clocks.items() if clock == "end"]
        # Nobody knows when these interviews began and ended; the day is known where a column tells it.
        kept = {"today"} if self.mapping.collected else set()
        self._unknown = [ref for ref, clock in clocks.items() if clock not in kept and ref not in told]

    def fill(self, rows: Sequence[Row]) -> Iterator[FilledRow]:
        """The rows as interviews, one by one, in their order."""
        for row in rows:
            yield self._fill(row)

    def _fill(self, row: Row) -> FilledRow:
        refusal = _Refusal(row.number, self.day)
        if len(row.cells) != len(self.table.columns):
            reason = f"The row has {len(row.cells)} cells, the heading {len(self.table.columns)}."
            return refusal.because("", "", reason, "Complete the row; quote cells that hold the separator.")
        cells = dict(zip(self.table.columns, row.cells, strict=True))
        key = self._key(cells)
        if not key:
            return refusal.because(str(self.mapping.key), "", "The row has no key.", "Give every row its own.")
        if key in self._keys:
            reason = f"Row {self._keys[key]} has the same key."
            return refusal.because(str(self.mapping.key), key, reason, "Give every row its own key.")
        self._keys[key] = row.number
        return self._answer(row, cells, f"uuid:{uuid.uuid5(_NAMESPACE, f'{self.place}/{key}')}")

    def _key(self, cells: Mapping[str, str]) -> str:
        """What the row is known by; without a key column its whole content, and how often that came before."""
        if self.mapping.key is not None:
            return cells[self.mapping.key]
        content = "\x1f".join(cells.values())
        again = 1
        while f"{content}\x1f{again}" in self._keys:
            again += 1
        return f"{content}\x1f{again}"

    def _answer(self, row: Row, cells: Mapping[str, str], instance_id: str) -> FilledRow:
        refusal = _Refusal(row.number, self.day)
        day = self._read_day(cells, refusal)
        interview = Interview(
            self.form,
            now=_noon(day),
            tz="UTC",
            random=random.Random(instance_id).random,  # noqa: S311 - not a secret
        )
        for ref in self._unknown:
            interview.answer(ref, "")
        lost = [
            source
            for source, ref, value in self._read_answers(interview, cells, refusal)
            if value and not _give(interview, ref, value)
        ]
        if refusal.notes:
            return refusal.made()
        xml = self._finish(interview, instance_id, day)
        return FilledRow(row.number, instance_id, xml, day, tuple(_lost(row, source, cells) for source in lost))

    def _finish(self, interview: Interview, instance_id: str, day: date) -> bytes:
        """The finished interview; its end is what the table says, not the moment of the import."""
        ends = {ref: interview.state(ref).value for ref in self._ends}
        xml = interview.finish(instance_id=instance_id, now=_noon(day))
        if not ends:
            return xml
        for ref, value in ends.items():
            interview.answer(ref, value)
        return serialize(prune(interview.tree.root), self.form.instance_namespaces).encode()

    def _read_day(self, cells: Mapping[str, str], refusal: _Refusal) -> date:
        column = self.mapping.collected
        if column is None:
            return self.day
        try:
            return read_day(cells[column])
        except Misfit as misfit:
            refusal.because(column, cells[column], misfit.reason, misfit.cure)
            return self.day

    def _read_answers(
        self, interview: Interview, cells: Mapping[str, str], refusal: _Refusal
    ) -> Iterator[tuple[Source, str, str]]:
        """What each question stores, in the form's order, so that later choices see earlier answers."""
        ticked: dict[str, list[str]] = {}
        for source in self._sources:
            text = source.translate(cells[source.column])
            try:
                if source.choice:
                    chosen = ticked.setdefault(source.ref, [])
                    chosen += [source.choice] * is_ticked(text)
                    yield source, source.ref, " ".join(chosen)
                    continue
                choices = _choices(interview, source) if text else None
                labels = self.table.labels.get(source.column, {}) if text == cells[source.column] else {}
                yield source, source.ref, read_value(source.question, text, choices, labels)
            except Misfit as misfit:
                refusal.because(source.column, cells[source.column], misfit.reason, misfit.cure)


@dataclass
class _Refusal:
    """What is wrong with one row, gathered."""

    number: int
    day: date
    notes: list[RowNote] = field(default_factory=list)

    def because(self, column: str, value: str, reason: str, cure: str) -> FilledRow:
        self.notes.append(RowNote(self.number, column, value, "refused", reason, cure))
        return self.made()

    def made(self) -> FilledRow:
        return FilledRow(self.number, "", b"", self.day, tuple(self.notes))


def _lost(row: Row, source: Source, cells: Mapping[str, str]) -> RowNote:
    reason = "The question isn't asked after the row's other answers."
    cure = "Correct those, or leave the cell blank."
    return RowNote(row.number, source.column, cells[source.column], "stored without", reason, cure)


def _give(interview: Interview, ref: str, value: str) -> bool:
    """Answer a question, with the repeats that it needs; False when it isn't asked."""
    _open_repeats(interview, ref)
    interview.answer(ref, value)
    return bool(interview.state(ref).relevant)


def _open_repeats(interview: Interview, ref: str) -> None:
    path = ""
    for part in ref.strip("/").split("/"):
        name, _, position = part.partition("[")
        if position:
            wanted = int(position.rstrip("]"))
            for _ in range(wanted - int(interview.state(f"{path}/{name}").count)):
                interview.add_repeat(f"{path}/{name}")
        path += f"/{part}"


def _choices(interview: Interview, source: Source) -> Choices | None:
    """The list to choose from: the form's own, or what other answers leave of it."""
    if not source.question.is_select or source.question.choices is not None:
        return source.question.choices
    return {choice.value: (choice.label,) for choice in interview.state(source.ref).choices or ()}


def _noon(day: date) -> datetime:
    """About noon where the fieldwork is, and the same day everywhere in America."""
    return datetime.combine(day, time(18), UTC)
