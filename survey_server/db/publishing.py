"""Publish a form: compile it, see what changed since the last time, keep the version and its data sets."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import brotli
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_server.db.audit import add_audit
from survey_server.db.field.sites import OFFICE_ONLY
from survey_server.db.forms import read_attachments
from survey_server.db.intake.fieldwork import touch_fieldwork
from survey_server.db.models import DataSet, Form, FormDataSet, FormVersion
from survey_server.db.openrosa.entities import declare_lists, list_names
from survey_server.db.session import Database
from survey_server.problems import BrokenEncryption, DataSetMissing, DataSetTellsTooMuch, VersionNotRaised
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.complaints import FormProblem
from survey_server.xlsform.entities import read_declarations
from survey_server.xlsform.filling.plan import column_names
from survey_server.xlsform.form import Form as CompiledForm
from survey_server.xlsform.importing.tables import read_csv
from survey_server.xlsform.received.encrypted import find_public_key
from survey_server.xlsform.registry import Registry, question_types
from survey_server.xlsform.registry_sheets import read_registry
from survey_server.xlsform.rehearsal import rehearse
from survey_server.xlsform.sheets import Complaint
from survey_server.xlsform.workbook import Workbook, read_workbook

_FILE = re.compile(rb'"jr://(?:file|file-csv|images|audio|video)/([^"\\]+)"')
_DENSE = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp3", ".m4a", ".ogg", ".oga", ".amr", ".mp4", ".webm", ".3gp")


@dataclass(frozen=True)
class Published:
    """What publishing did: "new" version, "unchanged", or "again" for one that had been replaced in between."""

    form_id: str
    version: str
    version_id: int
    hash: str
    outcome: str


@dataclass(frozen=True)
class Draft:
    """A form as compiled from its source: checked, not yet stored."""

    form: CompiledForm
    registry: Registry
    xform: bytes
    phone: bytes
    data: Mapping[str, bytes]
    warnings: Sequence[Complaint]

    @property
    def missing_files(self) -> list[str]:
        """The files that the form reads and doesn't have."""
        return sorted(_files_named(self.phone) - self.data.keys())


def check_form(filename: str, source: bytes, data: Mapping[str, bytes] | None = None) -> Draft:
    """Compile `source` (.xlsx or .md) and its registry; raises FormProblem with every complaint at once."""
    return _draft(read_workbook(source, filename), data or {})


def publish_form(
    database: Database,
    programme_id: int,
    filename: str,
    source: bytes,
    data: Mapping[str, bytes] | None = None,
    *,
    actor: str = "command",
) -> Published:
    """Make `source` (.xlsx or .md) the current version of its form; the same content twice changes nothing.

    Data sets that aren't given again are taken from the version before. Raises FormProblem with what the author has
    to correct, VersionNotRaised, DataSetMissing or DataSetTellsTooMuch.
    """
    given = dict(data or {})
    for name, content in given.items():
        _check_columns(name, content)
    workbook = read_workbook(source, filename)
    draft = _draft(workbook, given)
    with database.transaction() as session:
        form = _find_or_add_form(session, programme_id, draft.form.id)
        before = _data_before(session, form)
        if any(name in before for name in draft.missing_files):
            draft = _draft(workbook, {**before, **given})
        declare_lists(session, programme_id, read_declarations(draft.xform))
        lists = list_names(session, programme_id)
        if missing := [name for name in draft.missing_files if name.removesuffix(".csv") not in lists]:
            raise DataSetMissing(f"{form.form_id} reads {', '.join(missing)}: publish it with --data {missing[0]}.")
        version, outcome = _find_or_add_version(session, form, draft, filename, source)
        if form.current_version_id != version.id:
            form.current_version_id = version.id
            touch_fieldwork(session, programme_id)
            add_audit(session, programme_id, actor, "publish", form.form_id, version=version.version, hash=version.hash)
        return Published(form.form_id, version.version, version.id, version.hash, outcome)


def _draft(workbook: Workbook, data: Mapping[str, bytes]) -> Draft:
    form = compile_form(workbook.xform, workbook.attachments, workbook.places)
    wanted = _files_named(_json(form.to_phone()))
    carried = {name: content for name, content in {**workbook.attachments, **data}.items() if name in wanted}
    if carried:
        form = compile_form(workbook.xform, carried, workbook.places)
    rehearse(form, workbook.places)
    _check_public_key(workbook.xform)
    phone = form.to_phone()
    registry = read_registry(workbook.extra, question_types(phone))
    if parts := _parts_for_phones(form, registry):
        phone["parts"] = parts
    return Draft(form, registry, workbook.xform, _json(phone), carried, [*workbook.warnings, *form.warnings])


def _check_public_key(xform: bytes) -> None:
    """What Collect encrypts to must be a key: it would tell nobody until an interview is finished."""
    try:
        find_public_key(xform)
    except BrokenEncryption as problem:
        cure = "Paste the text that `survey-server form-key make` prints."
        raise FormProblem([Complaint("settings", 2, "public_key", problem.detail, cure)]) from problem


def _parts_for_phones(form: CompiledForm, registry: Registry) -> dict[str, str]:
    """Where the phone finds the questions that it has to know by the part they play."""
    refs = {column: ref for ref, column in column_names(form).items()}
    parts = {part.role: part.field for part in reversed(registry.design) if part.source == "question"}
    parts.setdefault("site", parts.get("psu", ""))
    return {role: refs[parts[role]] for role in ("site", "privacy") if parts.get(role) in refs}


def _files_named(phone: bytes) -> set[str]:
    """The files that a form reads values from or shows."""
    return {match[1].decode() for match in _FILE.finditer(phone)}


def _check_columns(name: str, content: bytes) -> None:
    """A data set goes to every phone: it may not carry what would tell an interviewer the design."""
    if name.lower().endswith(".csv"):
        columns = {column.strip().lower() for column in read_csv(content).columns}
        if told := sorted(columns & OFFICE_ONLY):
            raise DataSetTellsTooMuch(f"{name} has the column {', '.join(told)}.")


def _find_or_add_form(session: Session, programme_id: int, form_id: str) -> Form:
    form = session.scalar(select(Form).where(Form.programme_id == programme_id, Form.form_id == form_id))
    if form is None:
        form = Form(programme_id=programme_id, form_id=form_id)
        session.add(form)
        session.flush()
    return form


def _data_before(session: Session, form: Form) -> Mapping[str, bytes]:
    if form.current_version_id is None:
        return {}
    return read_attachments(session, form.programme_id, form.current_version_id)


def _find_or_add_version(
    session: Session, form: Form, draft: Draft, filename: str, source: bytes
) -> tuple[FormVersion, str]:
    """The row for this content: what is on phones under a version text never changes its meaning."""
    sheets = draft.registry.to_json()
    keys = {"hash": _digest(draft.phone), "registry_sha256": _digest(_json(sheets))}
    rows = session.scalars(
        select(FormVersion).where(FormVersion.programme_id == form.programme_id, FormVersion.form_row == form.id)
    ).all()
    for row in rows:
        if (row.hash, row.registry_sha256) == (keys["hash"], keys["registry_sha256"]):
            return row, "unchanged" if row.id == form.current_version_id else "again"
    xform_sha256 = _digest(draft.xform)
    if any(row.version == draft.form.version and row.xform_sha256 != xform_sha256 for row in rows):
        raise VersionNotRaised(
            f"{form.form_id} is published with version {draft.form.version!r} and other content: "
            "raise version on the settings sheet."
        )
    version = FormVersion(
        programme_id=form.programme_id,
        form_row=form.id,
        version=draft.form.version,
        xform_sha256=xform_sha256,
        titles=_titles(draft.form),
        registry_sheets=sheets,
        source_name=filename,
        source=source,
        xform=draft.xform,
        phone=draft.phone,
        phone_br=brotli.compress(draft.phone),
        phone_gz=gzip.compress(draft.phone, 9, mtime=0),
        **keys,
    )
    session.add(version)
    session.flush()
    _attach(session, version, draft)
    return version, "new"


def _attach(session: Session, version: FormVersion, draft: Draft) -> None:
    for filename, content in draft.data.items():
        digest = _digest(content)
        query = select(DataSet.id).where(DataSet.programme_id == version.programme_id, DataSet.sha256 == digest)
        data_set_id = session.scalar(query) or _add_data_set(session, version.programme_id, filename, digest, content)
        session.add(
            FormDataSet(
                programme_id=version.programme_id, version_id=version.id, data_set_id=data_set_id, filename=filename
            )
        )


def _add_data_set(session: Session, programme_id: int, filename: str, digest: str, content: bytes) -> int:
    dense = filename.lower().endswith(_DENSE)  # pictures, sound and film: nothing is gained by packing them again
    row = DataSet(
        programme_id=programme_id,
        sha256=digest,
        content=content,
        content_br=b"" if dense else brotli.compress(content),
        content_gz=b"" if dense else gzip.compress(content, 9, mtime=0),
    )
    session.add(row)
    session.flush()
    return row.id


def _titles(form: CompiledForm) -> dict[str, str]:
    return dict.fromkeys(form.languages or [""], form.title)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
