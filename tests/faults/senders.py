"""Phones and Collect devices that send at once and keep what they were told, until they are told to stop."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from survey_server.db.audit import find_broken_link
from survey_server.db.field.devices import add_device
from survey_server.db.media.files import MediaStore
from survey_server.db.models import Media, Programme, Submission, SubmissionVersion
from survey_server.db.openrosa.collect import add_app_user
from survey_server.db.programmes import add_programme
from survey_server.db.publishing import publish_form
from survey_server.db.session import Database
from tests.openrosa.field import BOUNDARY, OPENROSA, interview, new_id, upload
from tests.openrosa.field import FORM as VISIT
from tests.serving import packed_batch
from tests.web.field import FORM as MINI
from tests.web.field import new_item


@dataclass(frozen=True)
class Field:
    """A programme with a form of the app and one of Collect, and the keys of a phone and a device."""

    database: Database
    programme: Programme
    token: str
    path: str


def make_field(database: Database) -> Field:
    """Everything that the senders need, in an empty database."""
    with database.transaction() as session:
        programme = add_programme(session, "frontera", "Frontera norte")
        token = add_device(session, programme.id, "Equipo", "EN001")[1]
        key = add_app_user(session, programme.id, "Tableta", "EN002")[1]
    publish_form(database, programme.id, "mini.md", MINI.encode())
    publish_form(database, programme.id, "visit.md", VISIT.format(version="1").encode())
    return Field(database, programme, token, f"/v1/key/{key}/projects/{programme.code}")


@dataclass
class Senders:
    """Two phones that send batches and two devices that send interviews with a photo, to any of `ports`."""

    field: Field
    ports: list[int]
    seed: int = 0
    interviews: set[str] = field(default_factory=set)
    """Ids that were acknowledged."""
    photos: dict[str, str] = field(default_factory=dict)
    """The digest of the photo of each interview that was acknowledged with one."""
    refused: list[object] = field(default_factory=list)
    waits: set[int] = field(default_factory=set)
    """The statuses of answers that a phone reads as: still waiting."""
    unanswered: int = 0
    enough: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        jobs: list[Callable[[Random], None]] = [self._sync, self._sync, self._openrosa, self._openrosa]
        self.threads = [
            threading.Thread(target=self._go_on, args=(job, Random(f"{self.seed}/{number}")), daemon=True)
            for number, job in enumerate(jobs)
        ]

    def __enter__(self) -> Senders:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more interviews have been acknowledged."""
        goal = len(self.interviews) + more
        while len(self.interviews) < goal:
            assert any(thread.is_alive() for thread in self.threads), self.refused
            self.enough.wait(0.005)

    def wait_for_waits(self, more: int) -> None:
        """Until so many more requests were told to wait."""
        goal = self.unanswered + more
        while self.unanswered < goal:
            assert any(thread.is_alive() for thread in self.threads), self.refused
            self.enough.wait(0.005)

    def _go_on(self, job: Callable[[Random], None], random: Random) -> None:
        while not self.enough.is_set():
            try:
                job(random)
            except (OSError, http.client.HTTPException):  # without an answer a phone tries again later
                self.unanswered += 1
                self.enough.wait(0.02)

    def _sync(self, random: Random) -> None:
        items = [new_item() for _ in range(random.choice((1, 5, 20)))]
        headers = {"Authorization": f"Bearer {self.field.token}", "Content-Encoding": "gzip"}
        headers |= {"Content-Type": "application/json"}
        if told := self._post(random, "/api/v1/sync", packed_batch(items), headers):
            for item, receipt in zip(items, json.loads(told)["receipts"], strict=True):
                if receipt["status"] not in (200, 201) or receipt["sha256"] != item["sha256"]:
                    self.refused.append(receipt)
                else:
                    self.interviews.add(item["id"])

    def _openrosa(self, random: Random) -> None:
        instance_id, photo = new_id(), random.randbytes(20_000)
        body = upload(interview(instance_id, photo="puerta.jpg"), ("puerta.jpg", photo))
        headers = {**OPENROSA, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        if self._post(random, f"{self.field.path}/submission", body, headers):
            self.interviews.add(instance_id)
            self.photos[instance_id] = hashlib.sha256(photo).hexdigest()

    def _post(self, random: Random, path: str, body: bytes, headers: dict[str, str]) -> bytes | None:
        """What the server said when it took the body; None when it asked to wait, which a phone does."""
        with closing(http.client.HTTPConnection("127.0.0.1", random.choice(self.ports), timeout=30)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            told = answer.read()
        if answer.status in (200, 201, 202):
            return told
        if answer.status in (503, 507):
            self.waits.add(answer.status)
            self.unanswered += 1
            self.enough.wait(0.05)
        else:
            self.refused.append((answer.status, told))
        return None


def check_nothing_lost(known: Senders, store: MediaStore) -> int:
    """Every acknowledged interview and photo is there, once and whole; how many interviews there are."""
    here = known.field
    with here.database.reading() as session:
        ids = list(session.scalars(select(Submission.instance_id)))
        documents = session.execute(select(SubmissionVersion.sha256, SubmissionVersion.xml)).all()
        photos = {row.instance_id: row for row in session.scalars(select(Media)) if row.completed_at}
        assert find_broken_link(session, here.programme.id) is None
    assert len(ids) == len(set(ids)) == len(documents)
    assert known.interviews <= set(ids)
    assert all(hashlib.sha256(xml).hexdigest() == sha256 for sha256, xml in documents)
    for instance_id, sha256 in known.photos.items():
        assert photos[instance_id].sha256 == sha256
        assert hashlib.sha256(store.read(here.programme.id, sha256)).hexdigest() == sha256
    return len(ids)
