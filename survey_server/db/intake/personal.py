"""Free text with a number long enough to say who somebody is: for the office to redact, never shown in the issue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from survey_server.xlsform.filling.instance import Issue
from survey_server.xlsform.form import Form
from survey_server.xlsform.kinds import column_kinds

_LONG_NUMBER = re.compile(r"\d(?:[\s.-]?\d){7,}")


def personal_issues(form: Form, answers: Mapping[str, Any]) -> list[Issue]:
    """One issue for each free text with eight digits or more in a row, as telephones and documents have them."""
    refs = column_kinds(form).long_texts
    if not refs:
        return []
    found = {name for name, value in _texts(answers) if name in refs and _LONG_NUMBER.search(value)}
    return [Issue("personal-data", refs[name], "") for name in sorted(found)]


def _texts(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in answers.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, Mapping):
                    yield from _texts(each)
