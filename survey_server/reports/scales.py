"""Which questions of a form are printed, and which of them are rating scales with a good and a bad end."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from survey_server.reports.measure import KINDS, Pair
from survey_server.reports.questionnaire import Item
from survey_server.reports.sample import MISSING_CODES

SCALE_STEPS = range(3, 8)


def printed_items(pair: Pair) -> list[Item]:
    """The questions put to respondents: those after consent, without lists that come from files or hold no answer."""
    items = {item.name: item for sample in pair.samples for item in sample.data.questionnaire.items}
    order = [item.name for item in pair.after.data.questionnaire.items]
    order += [name for name in items if name not in order]
    consent = pair.registry.role("consent")
    start = order.index(consent) + 1 if consent in order else 0
    asked = (items[name] for name in order[start:])
    return [item for item in asked if item.kind in ("integer", "decimal") or (item.kind != "other" and item.choices)]


def scale_codes(item: Item) -> list[str]:
    """The codes of a rating scale in order (1..k, 3 to 7 steps); empty for any other list."""
    codes = [choice.code for choice in item.choices if choice.code not in MISSING_CODES]
    steps = [str(step) for step in range(1, len(codes) + 1)]
    return codes if item.kind == "one" and len(codes) in SCALE_STEPS and codes == steps else []


def rating_scales(pair: Pair) -> set[str]:
    """The names of the questions with a rating scale: a list of steps that several questions share."""
    items = [item for item in printed_items(pair) if scale_codes(item)]
    shared = Counter(tuple(choice.code + str(choice.labels) for choice in item.choices) for item in items)
    used = {name for indicator in pair.registry.indicators for name in indicator.questions}
    return {
        item.name
        for item in items
        if item.name in used and shared[tuple(choice.code + str(choice.labels) for choice in item.choices)] > 1
    }


def good_end(pair: Pair, name: str) -> int:
    """1 when high codes of the scale are the good end, -1 when low ones are: as the indicators built on it say."""
    codes = pair.after.coded(name).numbers(_step)
    for indicator in pair.registry.indicators:
        if name in indicator.questions and indicator.direction in ("up", "down") and indicator.estimator in KINDS:
            values = pair.after.values(indicator)
            both = ~np.isnan(values) & ~np.isnan(codes)
            if both.sum() > 2 and np.std(values[both]) > 0 and np.std(codes[both]) > 0:
                tendency = np.corrcoef(values[both], codes[both])[0, 1]
                return int(np.sign(tendency) or 1) * (1 if indicator.direction == "up" else -1)
    return 1


def _step(code: str) -> float:
    return float(code) if code.isdigit() and code not in MISSING_CODES else math.nan
