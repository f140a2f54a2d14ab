"""Published forms made ready for work: compiled once per process, because a version never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from survey_server.db.forms import read_attachments
from survey_server.db.models import FormVersion
from survey_server.problems import UnknownForm
from survey_server.xlsform.compiling import compile_form
from survey_server.xlsform.entities import Declaration, read_declarations
from survey_server.xlsform.form import Form
from survey_server.xlsform.registry import Registry, registry_from_json

_KEPT = 64


@dataclass(frozen=True)
class CompiledVersion:
    """A form version as programs use it: the form, its registry, and the questions that play the design's parts."""

    form: Form
    registry: Registry
    entities: Sequence[Declaration] = ()

    def question_of(self, *roles: str) -> str | None:
        """The question that plays the first of these roles that the design sheet gives to a question."""
        parts = self._questions
        return next((parts[role] for role in roles if role in parts), None)

    @cached_property
    def _questions(self) -> dict[str, str]:
        return {part.role: part.field for part in reversed(self.registry.design) if part.source == "question"}


_compiled: OrderedDict[tuple[str, int, int], CompiledVersion] = OrderedDict()
_lock = Lock()


def load_version(session: Session, programme_id: int, version_id: int) -> CompiledVersion:
    """The compiled version; raises UnknownForm."""
    key = (str(session.get_bind().engine.url), programme_id, version_id)
    with _lock:
        if key in _compiled:
            _compiled.move_to_end(key)
            return _compiled[key]
    made = _compile(session, programme_id, version_id)
    with _lock:
        _compiled[key] = made
        while len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return made


def _compile(session: Session, programme_id: int, version_id: int) -> CompiledVersion:
    version = session.scalar(
        select(FormVersion)
        .where(FormVersion.programme_id == programme_id, FormVersion.id == version_id)
        .options(undefer(FormVersion.xform), undefer(FormVersion.registry_sheets))
    )
    if version is None:
        raise UnknownForm()
    form = compile_form(version.xform, read_attachments(session, programme_id, version_id))
    return CompiledVersion(form, registry_from_json(version.registry_sheets), read_declarations(version.xform))
