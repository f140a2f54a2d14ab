"""The counter where batches are handed in: those that come while others are being stored are stored together.

One thread serves; the others wait without taking anything from it, and one wait for the disk does for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock, Semaphore
from typing import Any
from weakref import WeakKeyDictionary

from survey_server.db.session import Database

Store = Callable[[Database, Sequence[Any]], Sequence[Any]]
"""Stores batches in one transaction and gives the answer to each; when it raises, nothing of them is stored."""

_POSTGRES_SERVE = 2
"""While one waits for the other machine, another reads what has come."""


class Counter:
    """Where the batches of one database are handed in."""

    def __init__(self, database: Database, store: Store, serving: int) -> None:
        self._database = database
        self._store = store
        self.line: list[_Waiting] = []
        self._line_lock = Lock()
        self._serving = Semaphore(serving)

    def hand_in(self, batch: Any) -> Any:
        """The answer to `batch` once it is stored; raises what stood in the way, and then nothing of it is stored."""
        mine = _Waiting(batch)
        with self._line_lock:
            self.line.append(mine)
        with self._serving:
            if not mine.taken:
                self._serve(self._take_line())
        with mine.served:
            if mine.error is not None:
                raise mine.error
            return mine.answer

    def _take_line(self) -> list[_Waiting]:
        with self._line_lock:
            group, self.line = self.line, []
            for each in group:
                each.taken = True
            return group

    def _serve(self, group: list[_Waiting]) -> None:
        """Together; should that fail, each alone, so that what is wrong with one is nobody else's trouble."""
        if len(group) > 1:
            with suppress(Exception):
                answers = self._store(self._database, [each.batch for each in group])
                for each, answer in zip(group, answers, strict=True):
                    each.end(answer)
                return
        for each in group:
            try:
                each.end(self._store(self._database, [each.batch])[0])
            except BaseException as error:
                each.end(None, error)


class _Waiting:
    """A batch in the line; `served` is held until its answer is there."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.taken = False
        self.answer: Any = None
        self.error: BaseException | None = None
        self.served = Lock()
        self.served.acquire()

    def end(self, answer: Any, error: BaseException | None = None) -> None:
        """Give the answer, or what stood in the way."""
        self.answer, self.error = answer, error
        self.served.release()


_counters: WeakKeyDictionary[Database, Counter] = WeakKeyDictionary()
_lock = Lock()


def counter_of(database: Database, store: Store) -> Counter:
    """The one counter of a database in this process."""
    with _lock:
        counter = _counters.get(database)
        if counter is None:
            serving = 1 if database.is_sqlite else _POSTGRES_SERVE
            counter = _counters[database] = Counter(database, store, serving)
        return counter
