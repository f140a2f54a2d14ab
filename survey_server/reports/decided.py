"""What an analyst decided of questions that changed between versions, as the report follows it.

Of two wordings it may be said that they ask the same, that they may be compared with caution, or that they may not.
A question that was renamed is read under its newer name, a choice that was renamed under its newer code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import pandas as pd

from survey_server.db.models import ItemDecision
from survey_server.reports.questionnaire import Item, Questionnaire

SAME, CAUTION, BREAK = "same", "caution", "break"
VERDICTS = (SAME, CAUTION, BREAK)


@dataclass(frozen=True)
class Ruling:
    """One decision: `before` and `after` are the prints of the question as the two versions put it."""

    item: str
    item_before: str
    before: str
    after: str
    verdict: str
    reason: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


def ruling_of(row: ItemDecision) -> Ruling:
    """A decision as it is stored."""
    return Ruling(
        row.item, row.item_before, row.hash_before, row.hash_after, row.verdict, row.reason, dict(row.choices)
    )


def print_of(item: Item, language: str) -> str:
    """SHA-256 of all that makes a question what it is: wording, choices, type, who was asked. Its name is left out."""
    parts = [item.wording_hash(language), item.kind, *item.asked_if]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def prints(questionnaires: Iterable[Questionnaire], name: str) -> dict[str, str]:
    """Print -> wording hash of the question in these versions."""
    found = {}
    for one in questionnaires:
        if item := one.by_name.get(name):
            found[print_of(item, one.default_language)] = item.wording_hash(one.default_language)
    return found


def is_broken(found: Mapping[str, str], rulings: Iterable[Ruling]) -> bool:
    """Whether a question that was put in these ways (print -> wording hash) may not be compared with itself."""
    met = [each for each in rulings if each.before in found and each.after in found]
    if any(each.verdict == BREAK and each.before != each.after for each in met):
        return True
    groups = {each: each for each in found}

    def root(each: str) -> str:
        while groups[each] != each:
            each = groups[each]
        return each

    alike = [(one, two) for one, two in combinations(found, 2) if found[one] == found[two]]
    for one, two in [*alike, *((each.before, each.after) for each in met)]:
        groups[root(one)] = root(two)
    return len({root(each) for each in found}) > 1


def cautions(found: Mapping[str, str], rulings: Iterable[Ruling]) -> list[Ruling]:
    """The decisions that ask for caution where both of their wordings were met."""
    return [each for each in rulings if each.verdict == CAUTION and each.before in found and each.after in found]


def renamed(
    questionnaires: Sequence[Questionnaire], frame: pd.DataFrame, rulings: Iterable[Ruling]
) -> tuple[tuple[Questionnaire, ...], pd.DataFrame]:
    """The versions and answers of a wave under the newer names and codes, for the wordings that were decided about."""
    kept = tuple(questionnaires)
    for each in rulings:
        if each.verdict == BREAK:
            continue
        met = prints(kept, each.item_before)
        if each.before not in met:
            continue
        if each.choices and each.item_before in frame.columns:
            frame = frame.assign(**{each.item_before: _recoded(frame[each.item_before], each.choices)})
        if each.item != each.item_before and not any(each.item in one.by_name for one in kept):
            kept = tuple(_under(one, each.item_before, each.item) for one in kept)
            frame = frame.rename(columns={each.item_before: each.item})
    return kept, frame


def _under(one: Questionnaire, name: str, newer: str) -> Questionnaire:
    return replace(one, items=tuple(replace(item, name=newer) if item.name == name else item for item in one.items))


def _recoded(column: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    """The answers under their newer codes, several choices one by one."""

    def newer(text: str) -> str:
        return " ".join(codes.get(code, code) for code in str(text).split(" "))

    if isinstance(column.dtype, pd.CategoricalDtype):
        known = {text: newer(text) for text in column.cat.categories}
        return column.astype(object).map(lambda text: known.get(text, text), na_action="ignore").astype("category")
    return column.map(lambda value: newer(_plain(value)), na_action="ignore").astype("category")


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
