"""Who was asked a question, in words: from the form's condition to "who answered “Often” or “Always” to “…?”"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from survey_server.reports.catalogue import Catalogue
from survey_server.reports.questionnaire import Choice, Item, text_in
from survey_server.reports.sample import MISSING_CODES

QUESTION_SHOWN, LONG_RUN = 64, 3
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SIGNS = {"=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}


@dataclass(frozen=True)
class Answered:
    """One condition on one choice question: the codes that lead on."""

    question: str
    codes: frozenset[str]


Part: TypeAlias = Answered | str


class Words:
    """Writes conditions of one form in one language."""

    def __init__(self, items: Mapping[str, Item], catalogue: Catalogue) -> None:
        self.items, self.t = items, catalogue

    def write(self, trees: Iterable[Any]) -> str:
        """All the conditions together, joined by "and"; empty without any."""
        return self._joined("and", [part for tree in trees for part in self._parts("and", tree)])

    def _parts(self, sign: str, tree: Any) -> list[Part]:
        """The members of an and (or an or), nested ones of the same kind taken apart."""
        if tree[0] == sign:
            return [part for member in tree[1:] for part in self._parts(sign, member)]
        return [self._part(tree)]

    def _part(self, tree: Any) -> Part:
        if tree[0] in ("and", "or"):
            inside = self._merged(tree[0], self._parts(tree[0], tree))
            return inside[0] if len(inside) == 1 else f"({self._join(tree[0], [self._said(p) for p in inside])})"
        found = self._atom(tree)
        return found if found is not None else self.t["base.form"]

    def _atom(self, tree: Any) -> Part | None:
        match tree:
            case ["call", "selected", question, ["str" | "num", code]]:
                return self._picked(_name(question), str(code), "base.mentioned")
            case ["call", "not", ["call", "selected", question, ["str" | "num", code]]]:
                return self._picked(_name(question), str(code), "base.not_mentioned")
            case [sign, question, ["num" | "str", value]] if sign in _COMPARE and _name(question):
                return self._compared(_name(question), sign, value)
        return None

    def _picked(self, name: str, code: str, key: str) -> Part | None:
        item = self.items.get(name)
        if item is None or code not in {choice.code for choice in item.choices}:
            return None
        if item.kind == "one" and key == "base.mentioned":
            return Answered(name, frozenset({code}))
        return self.t[key].format(choices=self._choices(item, {code}), question=self._question(item))

    def _compared(self, name: str, sign: str, value: Any) -> Part | None:
        item = self.items.get(name)
        if item is None:
            return None
        if item.choices and item.kind == "one":
            return Answered(name, frozenset(_meeting(item, sign, value)))
        if item.kind in ("integer", "decimal"):
            number = self.t.numbers.number(float(value))
            return self.t["base.compare"].format(question=self._question(item), sign=_SIGNS[sign], value=number)
        return None

    def _joined(self, sign: str, parts: Sequence[Part]) -> str:
        return self._join(sign, [self._said(part) for part in self._merged(sign, parts)])

    def _join(self, sign: str, words: Sequence[str]) -> str:
        return f" {self.t[f'base.{sign}']} ".join(dict.fromkeys(words))

    def _merged(self, sign: str, parts: Sequence[Part]) -> list[Part]:
        """Conditions on one question made one: what both allow (and), or what either allows (or)."""
        done: list[Part] = []
        for part in parts:
            place = next(
                (
                    place
                    for place, one in enumerate(done)
                    if isinstance(one, Answered) and isinstance(part, Answered) and one.question == part.question
                ),
                None,
            )
            if place is None:
                done.append(part)
                continue
            before = done[place]
            assert isinstance(before, Answered)
            assert isinstance(part, Answered)
            both = before.codes & part.codes if sign == "and" else before.codes | part.codes
            done[place] = Answered(part.question, both)
        return done

    def _said(self, part: Part) -> str:
        if isinstance(part, str):
            return part
        item = self.items[part.question]
        return self.t["base.answered"].format(choices=self._choices(item, part.codes), question=self._question(item))

    def _choices(self, item: Item, codes: Iterable[str]) -> str:
        wanted = set(codes)
        offered = [choice for choice in item.choices if choice.code not in MISSING_CODES]
        places = [place for place, choice in enumerate(offered) if choice.code in wanted]
        in_a_row = len(places) >= LONG_RUN and places == list(range(places[0], places[-1] + 1))
        if in_a_row and len(places) == len(wanted):
            first, last = (self._quoted(offered[place]) for place in (places[0], places[-1]))
            return self.t["base.range"].format(first=first, last=last)
        return f" {self.t['base.or']} ".join(self._quoted(c) for c in item.choices if c.code in wanted)

    def _quoted(self, choice: Choice) -> str:
        return self.t["base.quoted"].format(text=text_in(choice.labels, self.t.language) or choice.code)

    def _question(self, item: Item) -> str:
        wording = text_in(item.labels, self.t.language) or item.name
        return wording if len(wording) <= QUESTION_SHOWN else f"{wording[: QUESTION_SHOWN - 1].rstrip()}…"


def _name(tree: Any) -> str:
    """The name of the question that a path ends in; empty for anything else."""
    match tree:
        case ["path", *_, [_, str(name)]]:
            return name
    return ""


def _meeting(item: Item, sign: str, value: Any) -> list[str]:
    """The codes of a choice question for which a comparison holds, codes of no answer only when they are named."""
    try:
        limit = float(value)
        numbers = {choice.code: float(choice.code) for choice in item.choices}
    except ValueError:
        same = [choice.code for choice in item.choices if (choice.code == str(value)) == (sign == "=")]
        return same if sign in ("=", "!=") else []
    able = (code for code in numbers if code not in MISSING_CODES or (sign == "=" and numbers[code] == limit))
    return [code for code in able if _COMPARE[sign](numbers[code], limit)]
