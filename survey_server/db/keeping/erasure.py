"""Take interviews, positions and files away for good, with words they are found by, sealed copies and kept columns.

Nothing of what is taken is written anywhere; what stays is that something was taken, when and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from survey_server.db.compiled import load_version
from survey_server.db.intake.erased import add_erased
from survey_server.db.jobs import BACK_OFF, add_job
from survey_server.db.media.files import MediaStore
from survey_server.db.models import (
    Conflict,
    EntityVersion,
    HeldChange,
    Media,
    Quarantine,
    Sealed,
    Submission,
    SubmissionIssue,
    SubmissionNote,
    SubmissionText,
    SubmissionVersion,
    now,
)
from survey_server.db.session import Database
from survey_server.xlsform.form import Form

DROP_FILES = "drop-files"
"""The kind of job that deletes files."""
_AT_ONCE = 200
_PLACES = frozenset({"geopoint", "geotrace", "geoshape"})
_SAFE = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)

Blob = tuple[int, str]
"""A programme and the digest of a file that nothing names any more."""


def erase_submissions(session: Session, programme_id: int, ids: Sequence[int]) -> list[Blob]:
    """Erase these submissions with everything that came with them; the files to delete once this is committed.

    A device that sends one of them again is told that it was erased (db/intake/erased.py).
    """
    blobs: list[Blob] = []
    for start in range(0, len(ids), _AT_ONCE):
        blobs += _erase(session, programme_id, ids[start : start + _AT_ONCE])
    _drop_kept_columns(session, programme_id)
    return blobs


def erase_positions(session: Session, programme_id: int, ids: Sequence[int]) -> int:
    """Blank all positions in these submissions' versions, and let go of their sealed copies: how many had one."""
    touched = 0
    for submission in session.scalars(_of(programme_id, Submission, Submission.id.in_(ids))):
        if submission.version_id is None:
            continue
        form = load_version(session, programme_id, submission.version_id).form
        if _blank_places(session, submission, _place_refs(form)):
            submission.changed_at = now()
            touched += 1
    sealed = Sealed.programme_id == programme_id, Sealed.submission_id.in_(ids)
    session.execute(update(Sealed).where(*sealed).values(content=None))
    session.flush()
    _drop_kept_columns(session, programme_id)
    return touched


def erase_media(session: Session, programme_id: int, chosen: ColumnElement[bool]) -> list[Blob]:
    """Take the rows of these files away; the files that nothing names any more, to delete once this is committed.

    A job is added that deletes them too.
    """
    mine = Media.programme_id == programme_id, chosen
    digests = list(session.scalars(select(Media.sha256).where(*mine).distinct()))
    session.execute(delete(Media).where(*mine))
    unnamed = _unnamed(session, programme_id, digests)
    for start in range(0, len(unnamed), _AT_ONCE):
        detail = {"files": unnamed[start : start + _AT_ONCE]}
        add_job(session, programme_id, DROP_FILES, detail, most_tries=len(BACK_OFF))
    return [(programme_id, sha256) for sha256 in unnamed]


def _unnamed(session: Session, programme_id: int, digests: Sequence[str]) -> list[str]:
    still = select(Media.sha256).where(Media.programme_id == programme_id, Media.sha256.in_(digests))
    return sorted(set(digests) - set(session.scalars(still)))


def drop_files(database: Database, store: MediaStore, programme_id: int, digests: Sequence[str]) -> dict[str, int]:
    """The job that sees to it that files are gone, should whoever erased them have died, or found no store."""
    with database.reading() as session:
        unnamed = _unnamed(session, programme_id, digests)
    return {"files": drop_blobs(store, [(programme_id, sha256) for sha256 in unnamed])}


def drop_blobs(store: MediaStore, blobs: Iterable[Blob]) -> int:
    """Delete files that nothing names any more, at once after the commit that said so; how many."""
    count = 0
    for programme_id, sha256 in blobs:
        store.drop(programme_id, sha256)
        count += 1
    return count


def _erase(session: Session, programme_id: int, ids: Sequence[int]) -> list[Blob]:
    instances = list(
        session.scalars(select(SubmissionVersion.instance_id).where(_is_of(SubmissionVersion, programme_id, ids)))
    )
    for model in (SubmissionNote, SubmissionText, SubmissionIssue, Conflict, Sealed, HeldChange):
        session.execute(delete(model).where(_is_of(model, programme_id, ids)))
    unlink = update(EntityVersion).where(_is_of(EntityVersion, programme_id, ids))
    session.execute(unlink.values(submission_id=None))
    quarantined = Quarantine.programme_id == programme_id, Quarantine.claimed_id.in_(instances)
    session.execute(delete(Quarantine).where(*quarantined))
    session.execute(delete(SubmissionVersion).where(_is_of(SubmissionVersion, programme_id, ids)))
    session.execute(delete(Submission).where(Submission.programme_id == programme_id, Submission.id.in_(ids)))
    for instance_id in instances:
        add_erased(session, programme_id, instance_id)
    return erase_media(session, programme_id, Media.instance_id.in_(instances))


def _of(programme_id: int, model: type[Any], *conditions: ColumnElement[bool]) -> Any:
    return select(model).where(model.programme_id == programme_id, *conditions)


def _is_of(model: type[Any], programme_id: int, ids: Sequence[int]) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = (model.programme_id == programme_id) & model.submission_id.in_(ids)
    return mine


def _place_refs(form: Form) -> frozenset[str]:
    """The references of the questions that hold a position."""
    return frozenset(bind["ref"] for bind in form.to_phone()["binds"] if bind.get("type") in _PLACES)


def _blank_places(session: Session, submission: Submission, refs: frozenset[str]) -> bool:
    found = False
    versions = _of(submission.programme_id, SubmissionVersion, SubmissionVersion.submission_id == submission.id)
    for version in session.scalars(versions):
        root = etree.fromstring(version.xml, _SAFE)
        places = [node for node in root.iter(etree.Element) if _ref_of(node) in refs and (node.text or "").strip()]
        if not places:
            continue
        names = {etree.QName(node).localname for node in places}
        for node in places:
            node.text = None
        version.xml = etree.tostring(root)
        version.answers = json.dumps(_without(json.loads(version.answers), names), ensure_ascii=False)
        found = True
    return found


def _ref_of(node: etree._Element) -> str:
    names = [etree.QName(one).localname for one in (node, *node.iterancestors())]
    return "/" + "/".join(reversed(names))


def _without(answers: Any, names: set[str]) -> Any:
    """The answers, repeats included, without the questions of these names."""
    if isinstance(answers, list):
        return [_without(one, names) for one in answers]
    if isinstance(answers, dict):
        kept = {key: value for key, value in answers.items() if key.rpartition("/")[2] not in names}
        return {key: _without(value, names) for key, value in kept.items()}
    return answers


def _drop_kept_columns(session: Session, programme_id: int) -> None:
    """Columns that reports keep beside the database hold answers too; the next report reads what is left anew."""
    if folder := session.info.get("frames_folder"):
        for path in Path(folder).glob(f"{programme_id}-*.columns"):
            path.unlink(missing_ok=True)
