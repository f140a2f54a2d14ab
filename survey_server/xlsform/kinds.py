"""Which answer columns of a form hold what people typed, which name files, which hold places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from survey_server.xlsform.filling.plan import column_names
from survey_server.xlsform.form import Form

_PLACES = frozenset(("geopoint", "geotrace", "geoshape"))


@dataclass(frozen=True)
class ColumnKinds:
    """The columns of a form by what they hold."""

    typed: frozenset[str]
    files: frozenset[str]
    places: frozenset[str]
    long_texts: Mapping[str, str]
    """The columns of texts with room for several lines, and where they are asked."""


_known: WeakKeyDictionary[Form, ColumnKinds] = WeakKeyDictionary()


def column_kinds(form: Form) -> ColumnKinds:
    """The form's columns by kind, worked out once."""
    found = _known.get(form)
    if found is None:
        found = _known[form] = _column_kinds(form)
    return found


def _column_kinds(form: Form) -> ColumnKinds:
    columns = column_names(form)
    types = {bind.ref: bind.type for bind in form.binds}

    def of(*kinds: str) -> frozenset[str]:
        return frozenset(column for ref, column in columns.items() if types.get(ref, "string") in kinds)

    asked = {
        column
        for ref, column in columns.items()
        if (control := form.shapes[ref].control) is not None and control.kind == "input"
    }
    long_texts = {column: ref for ref, column in columns.items() if _has_many_lines(form, ref)}
    return ColumnKinds(of("string", "barcode") & asked, of("binary"), of(*_PLACES), long_texts)


def _has_many_lines(form: Form, ref: str) -> bool:
    control = form.shapes[ref].control
    return control is not None and "multiline" in control.appearance


def answers_in(answers: Mapping[str, Any], columns: frozenset[str]) -> Iterator[str]:
    """What was answered in these columns, in repeats too."""
    for name, value in answers.items():
        if isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    yield from answers_in(each, columns)
        elif value is not None and value != "" and name in columns:
            yield str(value)
