"""The words that a submission is found by, and what somebody typed to find it, cut up alike on both databases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_INSTANCE = re.compile(r"(?:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{0,12}){1,4})", re.IGNORECASE)
_MOST_WORDS, _MOST_ASKED = 400, 8


def words_of(instance_id: str, facts: Iterable[str | None], texts: Iterable[str]) -> str:
    """The words of a submission, each once, separated by blanks: who, where and case, and the texts that were typed."""
    found = dict.fromkeys([compact_id(instance_id), *_words(" ".join(fact for fact in facts if fact))])
    found.update(dict.fromkeys(_words(" ".join(texts))))
    return " ".join(list(found)[:_MOST_WORDS])


def phone_word(device_id: int) -> str:
    """The word that stands for the phone which sent it: who reads what a few phones sent searches among that alone."""
    return f"tel{device_id}"


def with_phone(words: str, device_id: int | None) -> str:
    """The words with that of the phone."""
    return words if device_id is None else f"{phone_word(device_id)} {words}"


def words_asked(text: str) -> list[str]:
    """What each of the words that are looked for begins with; an instance id stays in one piece."""
    ids = [compact_id(found) for found in _INSTANCE.findall(text)]
    return list(dict.fromkeys([*ids, *_words(_INSTANCE.sub(" ", text))]))[:_MOST_ASKED]


def compact_id(instance_id: str) -> str:
    """An instance id as one word."""
    return "".join(_words(instance_id.removeprefix("uuid:")))[:64]


def _words(text: str) -> list[str]:
    """Small letters without accents: "Camión" is found by "camion"."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
    return [word[:64] for word in _WORD.findall(plain)]
