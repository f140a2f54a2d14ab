"""What OpenRosa clients download: forms with their digests, their files, and the entity lists that they read."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_server.db.forms import get_data_set, list_data_sets
from survey_server.db.models import EntityList, Form, FormVersion
from survey_server.db.openrosa.entities import list_names
from survey_server.problems import UnknownForm

_KEPT = 512
Value = TypeVar("Value")
_FILE = re.compile(rb"jr://(?:file|file-csv|images|audio|video)/([^\"'<>&]+)")


@dataclass(frozen=True)
class Facts:
    """What never changes of a published version: the MD5 of its XForm, and the files that it names."""

    md5: str
    names: frozenset[str]


@dataclass(frozen=True)
class Downloadable:
    """One version of a form, as the list of forms tells of it."""

    form_id: str
    version_id: int
    version: str
    title: str
    language: str
    md5: str
    has_files: bool


@dataclass(frozen=True)
class FormFile:
    """One file of a form: a picture, a CSV; or an entity list, whose content changes while the form stays."""

    name: str
    sha256: str = ""
    entity_list: EntityList | None = None


class _Shelf(Generic[Value]):
    """A few values that never change, kept in memory by their key."""

    def __init__(self) -> None:
        self.values: OrderedDict[tuple[str, int, int | str], Value] = OrderedDict()
        self.lock = Lock()

    def find(self, key: tuple[str, int, int | str]) -> Value | None:
        """The value, or None."""
        with self.lock:
            return self.values.get(key)

    def keep(self, key: tuple[str, int, int | str], value: Value) -> Value:
        """Keep it, and let go of the oldest."""
        with self.lock:
            self.values[key] = value
            while len(self.values) > _KEPT:
                self.values.popitem(last=False)
        return value


_facts: _Shelf[Facts] = _Shelf()
_file_md5s: _Shelf[str] = _Shelf()


def list_downloadable(
    session: Session,
    programme_id: int,
    *,
    form_id: str | None = None,
    every_version: bool = False,
    all_states: bool = False,
) -> list[Downloadable]:
    """The forms that are open, in their current version, by id; those that are being closed only take what comes."""
    query = (
        select(Form, FormVersion)
        .join(FormVersion, (FormVersion.programme_id == Form.programme_id) & (FormVersion.form_row == Form.id))
        .where(Form.programme_id == programme_id)
        .order_by(Form.form_id, FormVersion.id)
    )
    if not all_states:
        query = query.where(Form.state == "open")
    if not every_version:
        query = query.where(FormVersion.id == Form.current_version_id)
    if form_id is not None:
        query = query.where(Form.form_id == form_id)
    rows = session.execute(query).all()
    lists = list_names(session, programme_id)
    carried = {row[0] for row in list_data_sets(session, programme_id, [version.id for _, version in rows])}
    return [_downloadable(session, form, version, version.id in carried, lists) for form, version in rows]


def _downloadable(
    session: Session, form: Form, version: FormVersion, carries: bool, lists: frozenset[str]
) -> Downloadable:
    facts = facts_of(session, form.programme_id, version.id)
    language, title = next(iter(version.titles.items()), ("", form.form_id))
    reads_lists = any(PurePosixPath(name).stem in lists for name in facts.names if name.lower().endswith(".csv"))
    return Downloadable(
        form_id=form.form_id,
        version_id=version.id,
        version=version.version,
        title=title or form.form_id,
        language=language,
        md5=facts.md5,
        has_files=carries or reads_lists,
    )


def facts_of(session: Session, programme_id: int, version_id: int) -> Facts:
    """The digest and the files of a version; read once per process."""
    key = (str(session.get_bind().engine.url), programme_id, version_id)
    known = _facts.find(key)
    if known is not None:
        return known
    xform = get_xform(session, programme_id, version_id)
    names = frozenset(match[1].decode("utf-8", "replace").strip() for match in _FILE.finditer(xform))
    return _facts.keep(key, Facts(hashlib.md5(xform, usedforsecurity=False).hexdigest(), names))


def get_xform(session: Session, programme_id: int, version_id: int) -> bytes:
    """The XForm of a version, byte by byte as it was published; raises UnknownForm."""
    version = session.get(FormVersion, (programme_id, version_id), options=[undefer(FormVersion.xform)])
    if version is None:
        raise UnknownForm()
    return version.xform


def list_files(session: Session, programme_id: int, version_id: int) -> list[FormFile]:
    """The files of a version, by name, each under its own name without folders."""
    facts = facts_of(session, programme_id, version_id)
    files: dict[str, FormFile] = {}
    for _, filename, sha256 in list_data_sets(session, programme_id, [version_id]):
        name = PurePosixPath(filename.replace("\\", "/")).name
        if name not in ("", ".", ".."):
            files[name] = FormFile(name, sha256)
    for row in session.scalars(select(EntityList).where(EntityList.programme_id == programme_id)):
        name = f"{row.name}.csv"
        if name in facts.names and name not in files:
            files[name] = FormFile(name, entity_list=row)
    return [files[name] for name in sorted(files)]


def md5_of(session: Session, programme_id: int, sha256: str) -> str:
    """The MD5 by which clients know a file; read once per process."""
    key = (str(session.get_bind().engine.url), programme_id, sha256)
    known = _file_md5s.find(key)
    if known is not None:
        return known
    content = get_data_set(session, programme_id, sha256).content
    return _file_md5s.keep(key, hashlib.md5(content, usedforsecurity=False).hexdigest())
