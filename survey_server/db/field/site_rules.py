"""What a site's rules say of an interview from there: no position where none may be taken, no work while stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from survey_server.db.intake.fieldwork import Fieldwork
from survey_server.xlsform.filling.instance import Issue
from survey_server.xlsform.filling.plan import column_names
from survey_server.xlsform.form import Form

_PLACES = ("geopoint", "geotrace", "geoshape")
_POSITION = re.compile(r"\[\d+\]")


def apply_site_rules(
    issues: Sequence[Issue],
    fieldwork: Fieldwork,
    code: str | None,
    form: Form,
    answers: Mapping[str, Any],
    moment: datetime | None,
) -> list[Issue]:
    """The issues of an interview at the site `code`, with those that its rules add or forgive.

    A place that the phone was not allowed to ask for is not missing.
    """
    found = list(issues)
    if code in fieldwork.no_gps:
        places = {bind.ref for bind in form.binds if bind.type in _PLACES}
        found = [one for one in found if one.kind != "required" or _POSITION.sub("", one.path) not in places]
        columns = {column: ref for ref, column in column_names(form).items() if ref in places}
        found += [Issue("position-not-allowed", columns[column], "") for column in sorted(_taken(answers, columns))]
    for since, until in fieldwork.stopped.get(code or "", ()):
        if moment is not None and since <= moment and (until is None or moment < until):
            found.append(Issue("stopped-site", "", f"{code}, {since.date().isoformat()}"))
            break
    return found


def _taken(answers: Mapping[str, Any], columns: Mapping[str, str]) -> set[str]:
    """The columns of places that hold one, in repeats too."""
    return {column for line in _lines(answers) for column, value in line.items() if column in columns and value}


def _lines(answers: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield answers
    for value in answers.values():
        if isinstance(value, list):
            for each in value:
                if isinstance(each, Mapping):
                    yield from _lines(each)
