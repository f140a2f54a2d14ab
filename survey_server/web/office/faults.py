"""What a compiler or the intake says, in the reader's language: its English sentences are in `form_faults.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parents[2] / "texts" / "form_faults.toml"
_HOLE = re.compile(r"\{\{|\}\}|\{(\w+)(!?)\}")
_DEEPEST = 6


@dataclass(frozen=True)
class Sentence:
    """One sentence with its holes: how it is known, what it is in Spanish, which holes are sentences themselves."""

    known: re.Pattern[str]
    spanish: str
    inner: frozenset[str]
    weight: int
    """How many letters of it are its own: the sentence that says most is tried first."""


def say_fault(text: str, language: str) -> tuple[str, str]:
    """The text in the language if the catalogue has it, else as it is; and the language that it is in now."""
    if language == "en":
        return text, "en"
    found = _translate(text, 0)
    return (found, "es") if found is not None else (text, "en")


def _translate(text: str, depth: int) -> str | None:
    for sentence in sentences():
        match = sentence.known.fullmatch(text)
        if match:
            words = match.groupdict()
            if depth < _DEEPEST:
                words |= {name: _translate(words[name], depth + 1) or words[name] for name in sentence.inner}
            return sentence.spanish.format(**words)
    return None


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of them, those with most words of their own first."""
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    found = [
        _read(english, spanish) for part in ("said", "received", "pyxform") for english, spanish in catalogue[part]
    ]
    return tuple(sorted(found, key=lambda sentence: -sentence.weight))


def _read(english: str, spanish: str) -> Sentence:
    pattern, inner, names, weight, at = "", set(), set(), 0, 0
    for hole in _HOLE.finditer(english):
        own = english[at : hole.start()]
        pattern, weight, at = pattern + re.escape(own), weight + len(own), hole.end()
        name = hole[1]
        if name is None:
            pattern += re.escape(hole[0][0])
        else:
            pattern += f"(?P={name})" if name in names else f"(?P<{name}>.*)"
            names.add(name)
            if hole[2]:
                inner.add(name)
    pattern, weight = pattern + re.escape(english[at:]), weight + len(english[at:])
    return Sentence(re.compile(pattern, re.DOTALL), spanish.replace("!}", "}"), frozenset(inner), weight)
