"""Forms and their versions, as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_server.db.models import DataSet, Form, FormDataSet, FormVersion
from survey_server.problems import UnknownDataSet, UnknownForm
from survey_server.xlsform.registry import Registry, registry_from_json


def get_form(session: Session, programme_id: int, form_id: str) -> Form:
    """The form with this XForms id; raises UnknownForm."""
    form = session.scalar(select(Form).where(Form.programme_id == programme_id, Form.form_id == form_id))
    if form is None:
        raise UnknownForm(f"There is no form {form_id!r} in this programme.")
    return form


def list_forms(session: Session, programme_id: int) -> list[Form]:
    """The forms of the programme, by id."""
    return list(session.scalars(select(Form).where(Form.programme_id == programme_id).order_by(Form.form_id)))


def list_versions(session: Session, form: Form) -> list[FormVersion]:
    """Every version of the form that was ever published, the newest first."""
    query = select(FormVersion).where(FormVersion.programme_id == form.programme_id, FormVersion.form_row == form.id)
    return list(session.scalars(query.order_by(FormVersion.id.desc())))


def get_current_version(session: Session, form: Form) -> FormVersion:
    """The version that phones are to use now; raises UnknownForm."""
    version = session.get(FormVersion, (form.programme_id, form.current_version_id))
    if version is None:
        raise UnknownForm(f"{form.form_id} has no version yet.")
    return version


def get_version(session: Session, form: Form, version: str) -> FormVersion:
    """The newest row with this version text; raises UnknownForm."""
    for row in list_versions(session, form):
        if row.version == version:
            return row
    raise UnknownForm(f"{form.form_id} has no version {version!r}.")


def load_registry(version: FormVersion) -> Registry:
    """What the version's `design` and `indicators` sheets said."""
    return registry_from_json(version.registry_sheets)


def list_data_sets(session: Session, programme_id: int, version_ids: list[int]) -> list[tuple[int, str, str]]:
    """(version id, file name, digest) of what these versions carry."""
    query = (
        select(FormDataSet.version_id, FormDataSet.filename, DataSet.sha256)
        .join(DataSet, (DataSet.programme_id == FormDataSet.programme_id) & (DataSet.id == FormDataSet.data_set_id))
        .where(FormDataSet.programme_id == programme_id, FormDataSet.version_id.in_(version_ids))
        .order_by(FormDataSet.version_id, FormDataSet.filename)
    )
    return list(session.execute(query))


def read_attachments(
    session: Session, programme_id: int, version_id: int, names: Sequence[str] = ()
) -> Mapping[str, bytes]:
    """The content of every file that the version carries, or of those called so, by file name."""
    named = [FormDataSet.filename.in_(names)] if names else []
    query = (
        select(FormDataSet.filename, DataSet.content)
        .join(DataSet, (DataSet.programme_id == FormDataSet.programme_id) & (DataSet.id == FormDataSet.data_set_id))
        .where(FormDataSet.programme_id == programme_id, FormDataSet.version_id == version_id, *named)
    )
    return dict(session.execute(query).all())


def get_phone_form(session: Session, programme_id: int, digest: str) -> FormVersion:
    """The version whose phone document has this digest, with that document; raises UnknownForm."""
    version = session.scalars(
        select(FormVersion)
        .where(FormVersion.programme_id == programme_id, FormVersion.hash == digest)
        .options(undefer(FormVersion.phone), undefer(FormVersion.phone_br), undefer(FormVersion.phone_gz))
        .limit(1)
    ).first()
    if version is None:
        raise UnknownForm("There is no form with this digest.")
    return version


def get_data_set(session: Session, programme_id: int, digest: str) -> DataSet:
    """The data set with this digest, with its content; raises UnknownDataSet."""
    data_set = session.scalar(
        select(DataSet)
        .where(DataSet.programme_id == programme_id, DataSet.sha256 == digest)
        .options(undefer(DataSet.content), undefer(DataSet.content_br), undefer(DataSet.content_gz))
    )
    if data_set is None:
        raise UnknownDataSet()
    return data_set
