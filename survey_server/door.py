"""The office's door: a Unix socket that is always open, and a small process that wakes the office when somebody knocks.

The office (pages, reports, exports, jobs) needs twice the memory of what takes interviews, and computes for seconds. So
it is a process of its own: it starts when somebody asks for a page or a job is due, and ends when nobody has needed it
for a while. What knocks meanwhile waits in the socket: nothing is refused.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from survey_server.disk import working_folder

SOCKET = "OFFICE_SOCKET"
"""The environment variable that tells the workers where the door is."""
STOP_SECONDS = 30
_BACKLOG = 256
_LOOK_SECONDS = 0.2
_AFTER_A_FAULT = 1.0
_FOLDER = "survey-door-"


class Door:
    """The process at the door, as the server that opened it sees it."""

    def __init__(self, keeper: subprocess.Popen[bytes]) -> None:
        self._keeper = keeper

    def renew(self) -> None:
        """Let the office end what it has in hand: the next knock is answered by a new one, with new code."""
        self._keeper.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """Let it end what it has in hand, and wait for that."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._keeper.wait(STOP_SECONDS + 5)


@contextmanager
def open_door(*, awake: bool = False) -> Iterator[Door]:
    """A door for as long as the block runs, with the office behind it at once if `awake`.

    When this process dies, the office ends too.
    """
    with working_folder(_FOLDER) as folder, socket.socket(socket.AF_UNIX) as listener:
        os.environ[SOCKET] = str(folder / "door")
        listener.bind(os.environ[SOCKET])
        listener.listen(_BACKLOG)
        command = [sys.executable, "-m", "survey_server.door", str(listener.fileno()), *(["awake"] if awake else [])]
        keeper = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])  # noqa: S603 - ours
        door = Door(keeper)
        try:
            yield door
        finally:
            door.close()


class _Keeper:
    """Waits for a knock, starts the office, waits for its end, and so on until the server closes the door."""

    def __init__(self, listener: int) -> None:
        self.listener = listener
        self.office: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGHUP, self._renew)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the server hears them too, and closes the door

    def keep(self) -> None:
        """Until the server is gone."""
        while True:
            knocked = [] if self._is_open() else [self.listener]
            ready, _, _ = select.select([sys.stdin, *knocked], [], [], _LOOK_SECONDS if self._is_open() else None)
            if sys.stdin in ready:
                return self._end()
            if self.listener in ready:
                if self.office is not None and self.office.returncode:
                    time.sleep(_AFTER_A_FAULT)  # what can't start shall not try without a pause
                self.wake()

    def wake(self) -> None:
        """Start the office."""
        command = [sys.executable, "-m", "survey_server.office_process", str(self.listener)]
        nothing, pass_on = subprocess.DEVNULL, [self.listener]
        self.office = subprocess.Popen(command, stdin=nothing, pass_fds=pass_on)  # noqa: S603 - ours

    def _is_open(self) -> bool:
        return self.office is not None and self.office.poll() is None

    def _renew(self, *_: object) -> None:
        if self.office is not None:
            self.office.terminate()

    def _end(self) -> None:
        if self.office is None:
            return
        self.office.terminate()
        try:
            self.office.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.office.kill()


if __name__ == "__main__":
    keeper = _Keeper(int(sys.argv[1]))
    if "awake" in sys.argv:
        keeper.wake()
    keeper.keep()
