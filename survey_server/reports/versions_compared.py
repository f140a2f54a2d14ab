"""Two versions of a form, question by question: what changed, what was decided, what the report will do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from survey_server.reports.decided import BREAK, CAUTION, Ruling, is_broken, print_of
from survey_server.reports.questionnaire import Choice, Item, Questionnaire

NEW, GONE = "new", "gone"
TREND = "trend"


@dataclass(frozen=True)
class Compared:
    """One question: as the older version puts it, as the newer one does, and what differs."""

    name: str
    before: Item | None
    after: Item | None
    print_before: str
    print_after: str
    hash_before: str
    hash_after: str
    changes: tuple[str, ...]
    """wording, choices, type, relevance, place; or new, or gone."""
    ruling: Ruling | None
    effect: str
    """trend, caution or break: what the report does; empty where there is nothing to compare."""
    like: str = ""
    """The older question that a new one reads like: it may have been renamed."""

    @property
    def gone_choices(self) -> tuple[Choice, ...]:
        """Choices of the older version whose code the newer one doesn't know."""
        if self.before is None or self.after is None:
            return ()
        known = {choice.code for choice in self.after.choices}
        return tuple(choice for choice in self.before.choices if choice.code not in known)


def compare_versions(older: Questionnaire, newer: Questionnaire, rulings: Iterable[Ruling]) -> list[Compared]:
    """Every question of either, in the order of the newer; those that are gone at the end."""
    decided = {(each.item, each.before, each.after): each for each in rulings}
    mapped = {each.item: each for each in decided.values() if each.item != each.item_before and each.verdict != BREAK}
    old = {item.name: item for item in (*older.items, *older.repeated)}
    new = {item.name: item for item in (*newer.items, *newer.repeated)}
    moved = _moved([name for name in old if name in new], [name for name in new if name in old])
    found = []
    used = set()
    for name, item in new.items():
        source = name if name in old else mapped[name].item_before if name in mapped else ""
        before = old.get(source)
        used.add(source)
        found.append(_compared(name, before, item, older, newer, decided, name in moved))
    for name, item in old.items():
        if name not in new and name not in used:
            found.append(_compared(name, item, None, older, newer, decided, False))
    return _with_likely(found)


def _compared(
    name: str,
    before: Item | None,
    after: Item | None,
    older: Questionnaire,
    newer: Questionnaire,
    decided: dict[tuple[str, str, str], Ruling],
    moved: bool,
) -> Compared:
    prints = [print_of(item, one.default_language) if item else "" for item, one in ((before, older), (after, newer))]
    hashes = [
        item.wording_hash(one.default_language) if item else "" for item, one in ((before, older), (after, newer))
    ]
    ruling = decided.get((name, prints[0], prints[1]))
    return Compared(
        name,
        before,
        after,
        prints[0],
        prints[1],
        hashes[0],
        hashes[1],
        tuple(_changes(before, after, older, newer, moved)),
        ruling,
        _effect(before, after, prints, hashes, ruling),
    )


def _effect(
    before: Item | None, after: Item | None, prints: Sequence[str], hashes: Sequence[str], ruling: Ruling | None
) -> str:
    if before is None or after is None:
        return ""
    if is_broken(dict(zip(prints, hashes, strict=True)), [ruling] if ruling else []):
        return BREAK
    return CAUTION if ruling is not None and ruling.verdict == CAUTION else TREND


def _changes(
    before: Item | None, after: Item | None, older: Questionnaire, newer: Questionnaire, moved: bool
) -> Iterable[str]:
    if before is None or after is None:
        yield NEW if before is None else GONE
        return
    words = [item.labels.get(one.default_language, "") for item, one in ((before, older), (after, newer))]
    if before.name != after.name:
        yield "name"
    if words[0] != words[1]:
        yield "wording"
    if _choices(before, older) != _choices(after, newer):
        yield "choices"
    if before.kind != after.kind:
        yield "type"
    if before.asked_if != after.asked_if:
        yield "relevance"
    if moved:
        yield "place"


def _choices(item: Item, one: Questionnaire) -> list[tuple[str, str]]:
    return [(choice.code, choice.labels.get(one.default_language, "")) for choice in item.choices]


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The questions that stand elsewhere among those in both: all but the longest row that kept its order."""
    place = {name: index for index, name in enumerate(old)}
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str] = {}
    for name in new:
        at = bisect_left(tails, place[name])
        if at:
            before[name] = ends[at - 1]
        tails[at:] = [place[name], *tails[at + 1 :]]
        ends[at:] = [name, *ends[at + 1 :]]
    kept = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before.get(last)
    return set(new) - kept


def _with_likely(found: list[Compared]) -> list[Compared]:
    """New questions that read like one that is gone are told of it."""
    gone = {each.print_before: each.name for each in found if each.after is None}
    return [
        Compared(**{**each.__dict__, "like": gone[each.print_after]})
        if each.before is None and each.print_after in gone
        else each
        for each in found
    ]
