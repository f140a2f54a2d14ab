"""Slow down who guesses, in the database and so across all processes and restarts, without locking anybody out.

What is counted are tries of one address for one login, and of one address for all logins. A login alone is never
counted, or anybody could keep its owner out by guessing wrong; and a browser in which the owner signed in before
counts for itself (its cookie stands for the address), so that not even the neighbours behind one proxy are in the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from survey_server.db.models import LoginAttempt, now
from survey_server.problems import TooManyAttempts

FREE_TRIES = 5
LONGEST_WAIT = 900.0
FORGOTTEN_AFTER = timedelta(days=1)

Keys = Mapping[str, int]
"""What a try counts for -> how many are free."""


def keys_of(address: str, login: str) -> Keys:
    """The keys of a try: this address for this login, and for all, so that it can't walk through many logins."""
    return {_digest(address, login): FREE_TRIES, _digest(address, "*"): 10 * FREE_TRIES}


def keys_of_code(address: str, login: str, *, known: bool) -> Keys:
    """The keys of a second-factor code: who tries knows the password already.

    So browsers that the owner never used count together, whatever their addresses; the owner's own stay out of it.
    """
    together = {} if known else {_digest("*", f"code {login}"): 10 * FREE_TRIES}
    return {_digest(address, f"code {login}"): FREE_TRIES, **together}


def begin_attempt(session: Session, keys: Keys, at: datetime | None = None) -> None:
    """Count a try before it is judged, so that many at once count too; raises TooManyAttempts while one has to wait."""
    at = at or now()
    session.execute(delete(LoginAttempt).where(LoginAttempt.last_at < at - FORGOTTEN_AFTER))
    query = select(LoginAttempt).where(LoginAttempt.key_sha256.in_(sorted(keys))).with_for_update()
    waits = [_wait(row, keys[row.key_sha256], at) for row in session.scalars(query)]
    if (wait := max(waits, default=0.0)) > 0:
        raise TooManyAttempts("Too many wrong passwords came from this address.", retry_after=int(wait) + 1)
    for key in sorted(keys):
        _count(session, key, at)


def forgive_attempt(session: Session, keys: Keys) -> None:
    """It was right: what this address tried for this login is forgotten, and this try counts for nothing."""
    own, *wider = keys
    session.execute(delete(LoginAttempt).where(LoginAttempt.key_sha256 == own))
    for key in wider:
        session.execute(
            update(LoginAttempt)
            .where(LoginAttempt.key_sha256 == key, LoginAttempt.failures > 0)
            .values(failures=LoginAttempt.failures - 1)
        )


def _count(session: Session, key: str, at: datetime) -> None:
    more = (
        update(LoginAttempt)
        .where(LoginAttempt.key_sha256 == key)
        .values(failures=LoginAttempt.failures + 1, last_at=at)
        .returning(LoginAttempt.key_sha256)
    )
    if session.scalar(more) is not None:
        return
    try:
        with session.begin_nested():
            session.add(LoginAttempt(key_sha256=key, failures=1, last_at=at))
    except IntegrityError:  # another process counted its first in this moment
        session.scalar(more)


def _wait(row: LoginAttempt, free: int, at: datetime) -> float:
    """Seconds: after the free tries each further one doubles the wait, up to 15 minutes."""
    if row.failures < free:
        return 0.0
    pause = min(LONGEST_WAIT, 2.0 ** min(row.failures - free + 2, 10))
    return pause - (at - row.last_at).total_seconds()


def _digest(address: str, login: str) -> str:
    return hashlib.sha256(f"{address}\0{login}".encode()).hexdigest()
