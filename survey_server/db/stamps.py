"""What a page carries to say in which state it saw something, so that the second of two people is told."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from survey_server.problems import EditedMeanwhile


def stamp_of_values(*values: Any) -> str:
    """A short digest of values as they are now: numbers, texts, days, and lists and tables of these."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def check_stamp(seen: str, *values: Any) -> None:
    """Raise EditedMeanwhile unless the values are those that a page was made from; call it with the row locked."""
    if stamp_of_values(*values) != seen:
        raise EditedMeanwhile("It was changed while the page was open.")
