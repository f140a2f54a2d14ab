"""One submission for reading: its questions in the reader's language, each with the issues that point at it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from survey_server.db.compiled import load_version
from survey_server.db.listings import Whole
from survey_server.db.session import Session
from survey_server.xlsform.reading import read_parts


@dataclass(frozen=True)
class ReadAnswer:
    """One line of the page."""

    name: str
    label: str
    value: str
    code: str
    issues: tuple[str, ...]


@dataclass(frozen=True)
class ReadPart:
    """The lines under one heading."""

    heading: str
    answers: list[ReadAnswer]


def read_submission(session: Session, whole: Whole, language: str) -> list[ReadPart]:
    """The submission as it now stands; empty when the server has no form for it."""
    if whole.form_version is None:
        return []
    form: dict[str, Any] = json.loads(whole.form_version.phone)
    data = load_version(session, whole.submission.programme_id, whole.form_version.id).form.rows()
    current = next(each for each in whole.versions if each.number == whole.submission.number)
    kinds: dict[str, list[str]] = {}
    for issue in whole.issues:
        kinds.setdefault(issue.path, []).append(issue.kind)
    return [
        ReadPart(
            part.heading,
            [
                ReadAnswer(one.name, one.label, one.value, one.code, tuple(kinds.get(one.path, ())))
                for one in part.answers
            ],
        )
        for part in read_parts(form, current.xml, language, data)
    ]
