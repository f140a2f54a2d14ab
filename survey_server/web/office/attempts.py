"""Slow down who guesses passwords, by network address and login together, so that nobody can lock out another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from survey_server.problems import TooManyAttempts

FREE_TRIES = 5
LONGEST_WAIT = 900.0
_REMEMBERED = 10_000


class Attempts:
    """Wrong passwords of the last hours: after five, each further one doubles the wait, up to 15 minutes.

    An address is also limited as a whole (ten times as many tries), so that it can't walk through many logins.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def check(self, address: str, login: str) -> None:
        """Raise TooManyAttempts while this address has to wait."""
        with self._lock:
            wait = max(self._wait((address, login), FREE_TRIES), self._wait((address, "*"), 10 * FREE_TRIES))
        if wait > 0:
            raise TooManyAttempts("Too many wrong passwords came from this address.", retry_after=int(wait) + 1)

    def note_failure(self, address: str, login: str) -> None:
        """One more wrong password."""
        with self._lock:
            for key in ((address, login), (address, "*")):
                count, _ = self._failed.pop(key, (0, 0.0))
                self._failed[key] = (count + 1, self._clock())
            while len(self._failed) > _REMEMBERED:
                self._failed.popitem(last=False)

    def note_success(self, address: str, login: str) -> None:
        """The right password: what went before is forgiven."""
        with self._lock:
            self._failed.pop((address, login), None)

    def _wait(self, key: tuple[str, str], free: int) -> float:
        count, last = self._failed.get(key, (0, 0.0))
        if count < free:
            return 0.0
        pause = min(LONGEST_WAIT, 2.0 ** min(count - free + 2, 10))
        return last + pause - self._clock()
