"""What was written where no answer of the list fitted ("other: which?"), the most frequent first, to be recoded."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from survey_server.estimation.design import Bools
from survey_server.reports.coded import Coded
from survey_server.reports.quality.wave_marks import Marks
from survey_server.reports.questionnaire import Choice, Item, write_condition


@dataclass(frozen=True)
class Said:
    """One answer in the words that most wrote it in; `rows` are the interviews that have it."""

    text: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class OtherAnswers:
    """A question that asks which other one was meant, whose list it belongs to, and what was written."""

    item: Item
    listed: Item
    choice: Choice
    said: tuple[Said, ...]

    @property
    def answers(self) -> int:
        """How many wrote something."""
        return sum(len(line.rows) for line in self.said)


def rows_with_others(marks: Marks) -> Bools:
    """The interviews in which something was written for any "other"."""
    found = np.zeros(marks.n, dtype=bool)
    for item, *_ in _questions(marks):
        found |= Coded.of(marks.frame, item.name).given
    return found


def list_others(marks: Marks, chosen: Bools) -> tuple[OtherAnswers, ...]:
    """What the chosen interviews have, the questions with most answers first."""
    found = (OtherAnswers(*asked, said=_said(marks, asked[0].name, chosen)) for asked in _questions(marks))
    return tuple(sorted((each for each in found if each.said), key=lambda each: (-each.answers, each.item.name)))


def _questions(marks: Marks) -> Iterator[tuple[Item, Item, Choice]]:
    """The questions answered in words that are asked when one choice of another question's list was taken."""
    asked, types = marks.sample.data.questionnaire, marks.sample.data.registry.types
    for item in asked.items:
        if item.kind != "other" or types.get(item.name) != "text" or item.name not in marks.frame:
            continue
        pairs = (_choice_in(tree) for tree in item.conditions)
        for name, code in (pair for pair in pairs if pair):
            listed = asked.by_name.get(name)
            choice = next((one for one in listed.choices if one.code == code), None) if listed else None
            if listed and choice:
                yield item, listed, choice
                break


def _choice_in(tree: Any) -> tuple[str, str] | None:
    """The question and the code of a condition that one choice was taken."""
    match tree:
        case ["=", ["path", *_] as question, [("str" | "num"), _] as code] | ["call", "selected", question, code]:
            return write_condition(question), write_condition(code)
    return None


def _said(marks: Marks, name: str, chosen: Bools) -> tuple[Said, ...]:
    coded = Coded.of(marks.frame, name)
    places = np.where(chosen & coded.given, coded.places, -1)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    rows: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(places >= 0).tolist():
        text = coded.codes[places[row]] or ""
        if plain := _plain(text):
            spellings[plain][text.strip()] += 1
            rows[plain].append(row)
    order = sorted(rows, key=lambda plain: (-len(rows[plain]), plain))
    return tuple(Said(spellings[plain].most_common(1)[0][0], tuple(rows[plain])) for plain in order)


def _plain(text: str) -> str:
    """Without capitals, accents and punctuation, so that two ways of writing one word are one."""
    letters = (letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in letters).split())
