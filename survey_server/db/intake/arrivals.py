"""What arrives: as somebody hands it over, as it was read, or why it can't be an interview."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from survey_server.problems import Problem
from survey_server.xlsform.entities import EntityChange
from survey_server.xlsform.filling.instance import Issue


@dataclass(frozen=True)
class Envelope:
    """The sealed bytes in which an instance came, and the key they were sealed to."""

    content: bytes
    sha256: str
    kid: str
    stored_id: int | None = None
    """Where they are kept already, when they wait there for their key."""


@dataclass(frozen=True)
class Encryption:
    """How an interview that ODK Collect encrypted is opened: with which key, and what to do with it.

    `open` gives None while files of the interview are missing, and raises BrokenEncryption.
    """

    kid: str
    open: Callable[[RSAPrivateKey], bytes | None]


@dataclass(frozen=True)
class Arrival:
    """One finished instance as somebody hands it over; all but `body` is what they say about it."""

    id: str
    form: str
    version: str
    body: bytes
    sha256: str = ""
    wave: int | None = None
    sealed: bool = False
    collected_on: date | None = None
    """The day of the interview as its source says, for instances that don't say it themselves."""
    problem: Problem | None = None
    """Why it can't be an interview, when that is known already."""

    envelope: Envelope | None = None
    """What `body` was sealed in, once it has been opened."""
    device_id: int | None = None
    """The phone that brought it, when it isn't the one that hands it over now."""
    received_at: datetime | None = None
    """When it first came, when that isn't now."""
    encryption: Encryption | None = None
    """For one that is `sealed` in ODK's way."""
    strict: bool = False
    """Whether it is refused, and only kept, when its form is closed or its version was never published."""
    client: Mapping[str, str] | None = None
    """What an OpenRosa client said of itself."""
    reason: str = ""
    """Why it was edited, when it is an edit and somebody said so."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the very bytes."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def sent(self) -> bytes:
        """The bytes as they were sent."""
        return self.envelope.content if self.envelope else self.body

    @property
    def sent_digest(self) -> str:
        """The SHA-256 of the bytes as they were sent: what the sender compares."""
        return self.envelope.sha256 if self.envelope else self.digest


@dataclass(frozen=True)
class Interview:
    """An arrival that could be read."""

    arrival: Arrival
    digest: str
    form_row: int
    version_id: int | None
    version: str
    instance_id: str
    wave_id: int | None
    collected_on: date
    started: datetime | None
    ended: datetime | None
    interviewer: str | None
    site_code: str | None
    answers: str
    issues: list[Issue]
    entities: Sequence[EntityChange] = ()
    deprecated_id: str = ""
    """The instance id of the document that this one is an edit of."""
    case_id: str | None = None
    files: int = 0
    words: str = ""

    @property
    def sent_digest(self) -> str:
        """The SHA-256 of the bytes as they were sent."""
        return self.arrival.envelope.sha256 if self.arrival.envelope else self.digest


@dataclass(frozen=True)
class Unfit:
    """An arrival that goes to quarantine, and why."""

    arrival: Arrival
    digest: str
    problem: Problem

    @property
    def sent_digest(self) -> str:
        """The SHA-256 of the bytes as they were sent."""
        return self.arrival.envelope.sha256 if self.arrival.envelope else self.digest
