"""The words of a report in one language, read from texts/<language>.toml and its two companions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from survey_server.problems import UnknownReportLanguage
from survey_server.reports.claims import is_forbidden
from survey_server.reports.formats import NARROW_SPACE, Numbers
from survey_server.reports.value import Cell, Note

LANGUAGES = ("es", "en", "fr")


@dataclass(frozen=True)
class Catalogue:
    """Texts by dotted key, and the numbers style that goes with them."""

    language: str
    texts: Mapping[str, str]

    @property
    def numbers(self) -> Numbers:
        """How this language prints numbers."""
        return Numbers(self.language)

    def __getitem__(self, key: str) -> str:
        """The text of `key`; raises KeyError for a key that the catalogue doesn't have."""
        return self.texts[key]

    def find(self, key: str, default: str) -> str:
        """The text of `key`, or `default`: for words that come from data (a role, an issue kind)."""
        return self.texts.get(key, default)

    def write(self, note: Note) -> str:
        """A note as a sentence, its cells printed as the language wants; a count of 1 takes the text `<rule>.one`.

        A sentence that claims what no survey can show, by words that came with the data, is not written.
        """
        values = {name: self._quote(cell) for name, cell in note.cells.items()}
        one = "count" in note.cells and note.cells["count"].value == 1
        sentence = self.texts.get(f"{note.rule}.one" if one else note.rule, self.texts[note.rule])
        sentence = sentence.format(**values, **note.words)
        sentence = self.of(note.about, sentence) if note.about else sentence
        return self.texts["claim.removed"] if is_forbidden(sentence) else sentence

    def of(self, name: str, what: str) -> str:
        """ "Name: what", with the space before the colon that French wants."""
        colon = "\u00a0:" if self.language == "fr" else ":"
        return f"{name}{colon} {what}"

    def listed(self, names: Iterable[str]) -> str:
        """Names one after the other, with the space before the semicolon that French wants."""
        return (f"{NARROW_SPACE}; " if self.language == "fr" else "; ").join(names)

    def _quote(self, cell: Cell) -> str:
        interval = self.numbers.interval(cell)
        return f"{self.numbers.show(cell)} {interval}" if interval else self.numbers.show(cell)


@cache
def get_catalogue(language: str) -> Catalogue:
    """The catalogue of a language; raises UnknownReportLanguage for one that has none."""
    if language not in LANGUAGES:
        raise UnknownReportLanguage(f"Reports are written in {', '.join(LANGUAGES)}, not in {language!r}.")
    folder = files("survey_server.reports").joinpath("texts")
    texts: dict[str, str] = {}
    for name in (f"{language}.toml", f"pages.{language}.toml", f"registers.{language}.toml"):
        texts |= _flatten(tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")))
    return Catalogue(language, {key: _spaced(text) for key, text in texts.items()} if language == "fr" else texts)


def _spaced(text: str) -> str:
    """French spacing that never breaks a line: before : ; ? ! % and inside « »."""
    for mark, space in (
        (":", "\u00a0"),
        (";", NARROW_SPACE),
        ("?", NARROW_SPACE),
        ("!", NARROW_SPACE),
        ("%", NARROW_SPACE),
    ):
        text = text.replace(f" {mark}", f"{space}{mark}")
    return text.replace("« ", f"«{NARROW_SPACE}").replace(" »", f"{NARROW_SPACE}»")


def _flatten(tree: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            pairs += _flatten(value, f"{prefix}{key}.")
        else:
            pairs.append((prefix + key, str(value)))
    return pairs
