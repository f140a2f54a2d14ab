"""The audit log of an interview, audit.csv as ODK Collect and our phone write it: how long each question took."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_QUESTIONS = frozenset(("question", "group questions"))
_MOST_LINES = 20_000
_DAY_MS = 86_400_000


@dataclass
class Timed:
    """One question, or a group that is asked on one page: how long it was on the screen, and how often."""

    path: str
    seconds: float = 0.0
    visits: int = 0
    changes: int = 0
    """How often another answer was given in place of one."""


@dataclass
class Trail:
    """What an audit log tells."""

    questions: list[Timed] = field(default_factory=list)
    events: list[tuple[str, datetime]] = field(default_factory=list)
    """Everything else that happened: opened, left, taken up again, finished."""

    @property
    def seconds(self) -> float:
        """The time on all questions."""
        return sum(one.seconds for one in self.questions)


def read_trail(content: bytes) -> Trail:
    """The log in `content`; lines that make no sense are left out, whatever the file holds nothing is raised."""
    trail, timed = Trail(), dict[str, Timed]()
    for line in _lines(content):
        event, path = line.get("event") or "", line.get("node") or ""
        start, end = _moment(line.get("start")), _moment(line.get("end"))
        if event in _QUESTIONS and path:
            one = timed.setdefault(path, Timed(path))
            one.visits += 1
            one.changes += bool(line.get("old-value")) and line.get("old-value") != line.get("new-value")
            if start is not None and end is not None and 0 <= end - start < _DAY_MS:
                one.seconds += (end - start) / 1000
        elif event and start is not None:
            trail.events.append((event, datetime.fromtimestamp(start / 1000, UTC)))
    trail.questions = list(timed.values())
    return trail


def _lines(content: bytes) -> Iterator[Mapping[str, str]]:
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace").replace("\0", "")))
    try:
        for number, line in enumerate(reader):
            if number >= _MOST_LINES:
                return
            yield {str(name): value for name, value in line.items() if isinstance(value, str)}
    except csv.Error:
        return


def _moment(text: str | None) -> int | None:
    """Milliseconds since 1970, if they are of a year that a phone could show."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 13:
        return None
    return int(text)
