"""An OpenRosa upload by the one way in: the interview with its files in one transaction, encrypted or not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.intake.arrivals import Arrival, Encryption, Unfit
from survey_server.db.intake.attachments import Kept, keep_file, note_files
from survey_server.db.intake.erased import is_erased
from survey_server.db.intake.fieldwork import load_fieldwork
from survey_server.db.intake.keys import Keyring
from survey_server.db.intake.reading import Reader
from survey_server.db.intake.receipts import Receipt
from survey_server.db.intake.sources import Source
from survey_server.db.intake.submissions import take_in
from survey_server.db.media.files import MediaStore
from survey_server.db.media.pieces import Hander
from survey_server.db.models import Media, Sealed, now
from survey_server.db.openrosa.form_keys import kid_of_version
from survey_server.db.session import Database
from survey_server.problems import Problem, WasErased
from survey_server.xlsform.filling.instance import UnreadableInstance
from survey_server.xlsform.received.encrypted import Manifest, open_files, read_manifest
from survey_server.xlsform.received.heads import Head, read_head

_STORED = (200, 201)


@dataclass(frozen=True)
class Upload:
    """One request: the interview as it came, what it says of itself if it can be read, its files, its client."""

    xml: bytes
    head: Head | None
    files: Sequence[Kept]
    client: dict[str, str]


def take_in_upload(
    database: Database,
    store: MediaStore,
    keyring: Keyring,
    source: Source,
    hander: Hander,
    upload: Upload,
    *,
    stored: Sealed | None = None,
) -> Receipt:
    """Store it, or what of it is new. When this returns, everything that it names as kept is on the disk.

    With `stored` it is one that waited here encrypted, and is as it came then.
    """
    head = upload.head
    opener = None
    if head is not None and head.encrypted and not (source.device and source.device.revoked):
        opener = prepare_opening(database, store, hander, upload.xml, head, upload.files)
    arrival = _arrival(upload, opener)
    if stored is not None:
        arrival = replace(arrival, strict=False, device_id=stored.device_id, received_at=stored.received_at)

    def note(session: Session, receipts: Sequence[Receipt]) -> None:
        if head is not None and receipts[0].status in _STORED:
            opened = opener.opened if opener else []
            note_files(session, hander, head.instance_id, [*upload.files, *opened])

    receipt = take_in(database, source, [arrival], keyring, beside=note)[0]
    if isinstance(receipt.problem, WasErased):
        _drop_files(database, store, hander.programme_id, upload.files)
    return receipt


def _drop_files(database: Database, store: MediaStore, programme_id: int, files: Sequence[Kept]) -> None:
    """Take the files of an interview that was erased off the disk again, unless another interview has the same."""
    digests = {file.sha256 for file in files}
    with database.reading() as session:
        named = select(Media.sha256).where(Media.programme_id == programme_id, Media.sha256.in_(digests))
        digests -= set(session.scalars(named))
    for sha256 in digests:
        store.drop(programme_id, sha256)


def _arrival(upload: Upload, opener: Opener | None) -> Arrival:
    head = upload.head
    if head is None or not head.instance_id or (head.encrypted and opener is None):
        problem = UnreadableInstance(
            "This isn't an XML document, has no instanceID, or is encrypted in a way unknown here."
        )
        told = (head.form_id, head.version) if head else ("", "")
        return Arrival("", *told, upload.xml, problem=problem, client=upload.client)
    return Arrival(
        id=head.instance_id,
        form=head.form_id,
        version=head.version,
        body=upload.xml,
        strict=True,
        sealed=opener is not None,
        encryption=opener.encryption() if opener else None,
        problem=WasErased() if opener and opener.was_erased else None,
        client=upload.client,
    )


@dataclass
class Opener:
    """Opens an encrypted interview once all its files are here, and keeps its media as they were on the phone."""

    manifest: Manifest
    kid: str
    store: MediaStore
    hander: Hander
    here: dict[str, str]
    """Name of an encrypted file -> digest under which it lies in the store."""
    was_erased: bool = False
    opened: list[Kept] = field(default_factory=list)

    def encryption(self) -> Encryption:
        """What the one way in needs of it."""
        return Encryption(self.kid, self.open)

    def open(self, private: RSAPrivateKey) -> bytes | None:
        """The interview; None while files are missing. Raises BrokenEncryption."""
        if any(name not in self.here for name in self.manifest.names):
            return None
        programme_id = self.hander.programme_id
        contents = dict(open_files(self.manifest, private, lambda name: self.store.read(programme_id, self.here[name])))
        xml = contents.pop(self.manifest.xml_name.removesuffix(".enc"))
        self.opened = [
            keep_file(self.store, programme_id, name, "", io.BytesIO(content), len(content))
            for name, content in contents.items()
        ]
        return xml


def prepare_opening(
    database: Database, store: MediaStore, hander: Hander, xml: bytes, head: Head, files: Sequence[Kept]
) -> Opener | None:
    """What is needed to open an encrypted interview; None when its manifest can't be read."""
    try:
        manifest = read_manifest(xml)
    except UnreadableInstance:
        return None
    with database.reading() as session:
        fieldwork = load_fieldwork(session, hander.programme_id)
        kid = kid_of_version(session, hander.programme_id, fieldwork, head.form_id, head.version)
        was_erased = fieldwork.has_erased and is_erased(session, hander.programme_id, head.instance_id)
        rows = session.execute(
            select(Media.name, Media.sha256)
            .where(
                Media.programme_id == hander.programme_id,
                Media.instance_id == head.instance_id,
                Media.completed_at.is_not(None),
            )
            .order_by(Media.announced_at)
        ).all()
    here = dict(rows) | {file.name: file.sha256 for file in files}
    return Opener(manifest, kid, store, hander, here, was_erased)


def try_out(session: Session, programme_id: int, xml: bytes) -> int | Problem:
    """Read and check an interview without storing anything: how many issues it has, or why it can't be taken."""
    try:
        head = read_head(xml)
    except UnreadableInstance as problem:
        return problem
    fieldwork = load_fieldwork(session, programme_id)
    reader = Reader(session, programme_id, now(), None, fieldwork)
    judged = reader.read(Arrival(head.instance_id, head.form_id, head.version, xml))
    return judged.problem if isinstance(judged, Unfit) else len(judged.issues)
