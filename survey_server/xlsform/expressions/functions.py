"""The ODK function library: every function that expressions may call, and what to write instead of others."""

from __future__ import annotations

import difflib

from survey_server.xlsform.expressions.functions_core import CORE
from survey_server.xlsform.expressions.functions_date import DATES
from survey_server.xlsform.expressions.functions_geo import GEO
from survey_server.xlsform.expressions.functions_number import NUMBERS
from survey_server.xlsform.expressions.functions_text import TEXT
from survey_server.xlsform.expressions.signature import Library

LIBRARY: Library = {**CORE, **TEXT, **NUMBERS, **DATES, **GEO}

CURES = {
    "count-if": "Write count(${repeat}[condition]).",
    "sum-if": "Write sum(${question in repeat}[condition]).",
    "min-if": "Write min(${question in repeat}[condition]).",
    "max-if": "Write max(${question in repeat}[condition]).",
    "join-if": "Write join(', ', ${question in repeat}[condition]).",
    "choice-label": "Write jr:choice-name(${question}, '${question}').",
    "label": "Write jr:choice-name(${question}, '${question}').",
    "index": "Write position(..).",
    "item-at": "Write selected-at(${question}, number).",
    "duration": "Take the time from the start and end questions.",
    "search": "Use select_one_from_file with a choice_filter.",
    "len": "Write string-length(...).",
    "length": "Write string-length(...).",
    "isnull": "Write ${question} = ''.",
    "empty": "Write ${question} = ''.",
    "relevant": "Test the value: ${question} != ''.",
    "iif": "Write if(condition, then, else).",
    "ifs": "Nest if(condition, then, else).",
    "and": "and is written between two conditions: a and b.",
    "or": "or is written between two conditions: a or b.",
    "average": "Write sum(${q}) div count-non-empty(${q}).",
    "avg": "Write sum(${q}) div count-non-empty(${q}).",
    "mean": "Write sum(${q}) div count-non-empty(${q}).",
    "upper": "Write translate(..., 'abc...', 'ABC...').",
    "lower": "Write translate(..., 'ABC...', 'abc...').",
    "choice-name": "Write jr:choice-name(${question}, '${question}').",
    "itext": "Write jr:itext('id').",
}


def cure_for(name: str) -> str:
    """What to write instead of a function that doesn't exist."""
    if name.lower() in CURES:
        return CURES[name.lower()]
    near = difflib.get_close_matches(name.lower(), LIBRARY, n=1, cutoff=0.7)
    return f"Did you mean {near[0]}()?" if near else "See the list of functions in the README."
