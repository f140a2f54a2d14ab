"""Study: everything the pages share — the words, the programme, the forms with their waves, and the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from survey_server.estimation.verdict import Verdict
from survey_server.reports.catalogue import Catalogue
from survey_server.reports.coded import Codes
from survey_server.reports.measure import Pair
from survey_server.reports.plan import Plan
from survey_server.reports.quality.fieldwork import Work, work_of
from survey_server.reports.questionnaire import Item, text_in
from survey_server.reports.registers.methods_used import with_plan
from survey_server.reports.results import Result, compute_results, headlines_of
from survey_server.reports.sample import MISSING_CODES, Sample
from survey_server.reports.sensitivity import verdicts_without_flagged
from survey_server.reports.value import Note
from survey_server.reports.wave_data import Decided, ProgrammeInfo, WaveInfo
from survey_server.xlsform.registry import SITE_PREFIX

T = TypeVar("T")


@dataclass(frozen=True)
class Study:
    """What a report is about, in one language.

    `pairs` are the forms compared wave with wave; `registers` the forms kept all along (see registers.py), by form id;
    `trends` all waves of each compared form, in their order.
    """

    programme: ProgrammeInfo
    pairs: tuple[Pair, ...]
    t: Catalogue
    registers: Mapping[str, Sample] = field(default_factory=dict)
    trends: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    swapped: bool = False
    decided: Decided | None = None

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return {}

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several pages count: made when the first of them asks."""
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """All indicators of all forms, also those that only the plan makes possible."""
        plan = Plan.of(self.programme.plan)
        return tuple(with_plan(result, plan) for result in compute_results(self.pairs))

    @cached_property
    def headlines(self) -> tuple[Result, ...]:
        """The headline indicators, at most twelve."""
        return headlines_of(self.results)

    @cached_property
    def works(self) -> Mapping[str, Work]:
        """The fieldwork of every form, by the form's id."""
        return {pair.form_id: work_of(pair) for pair in self.pairs}

    @cached_property
    def verdicts_without_flagged(self) -> Mapping[tuple[str, str], Verdict]:
        """The headlines' verdicts without the interviewers that stand out; empty when nobody does."""
        return verdicts_without_flagged(self.pairs, self.works)

    @property
    def surveys(self) -> tuple[Pair, ...]:
        """The forms that people are interviewed with."""
        return tuple(pair for pair in self.pairs if not pair.is_observation)

    @property
    def observations(self) -> tuple[Pair, ...]:
        """The forms that observers fill, known by their observation mode."""
        return tuple(pair for pair in self.pairs if pair.is_observation)

    @property
    def before_wave(self) -> WaveInfo | None:
        """The earlier wave, where any form has one."""
        return next((pair.before.data.wave for pair in self.pairs if pair.before), None)

    @property
    def after_wave(self) -> WaveInfo:
        """The later wave."""
        return self.pairs[0].after.data.wave

    @property
    def wave_names(self) -> tuple[str, ...]:
        """The names of the waves, earlier first."""
        return tuple(wave.name for wave in (self.before_wave, self.after_wave) if wave)

    def title_of(self, pair: Pair) -> str:
        """The form's title in the report's language."""
        questionnaire = pair.after.data.questionnaire
        named = self.t.find(f"form.{pair.form_id}", "")
        if named and not any(name == self.t.language or f"({self.t.language})" in name for name in questionnaire.title):
            return named
        title = text_in(questionnaire.title, self.t.language) or pair.form_id
        parts, languages = title.split(" / "), list(questionnaire.title)
        if len(parts) == len(languages) > 1:  # "Encuesta / Survey": a title written in all languages at once
            return next(
                (p for p, name in zip(parts, languages, strict=True) if f"({self.t.language})" in name), parts[0]
            )
        return title

    def label(self, result: Result) -> str:
        """An indicator's name in the report's language."""
        return result.indicator.label(self.t.language)

    def speaks(self, pair: Pair) -> bool:
        """Whether the form has texts in the report's language."""
        names = pair.after.data.questionnaire.title
        return any(name == self.t.language or f"({self.t.language})" in name for name in names)

    def wording(self, item: Item) -> str:
        """A question's wording in the report's language."""
        return text_in(item.labels, self.t.language)

    def breakdown_label(self, pair: Pair, name: str) -> str:
        """What a breakdown is called: the texts' short name, else the question's wording, else its name."""
        short = self.t.find(f"breakdown.{name.removeprefix(SITE_PREFIX)}", "")
        item = pair.after.data.item(name)
        return short or (self.wording(item) if item else "") or name

    def level_label(self, pair: Pair, name: str, code: str) -> str:
        """What a level is called: the choice's label, else that of the registry's `codes` sheet, else the code."""
        for sample in reversed(pair.samples):
            item = sample.data.item(name)
            for choice in item.choices if item else ():
                if choice.code == code and (label := text_in(choice.labels, self.t.language)):
                    return label
        for key in (name, name.removeprefix(SITE_PREFIX)):
            if labels := pair.registry.codes.get(key, {}).get(code):
                return text_in(labels, self.t.language)
        return self.t.find(f"level.{code}", self._named_site(pair, name, code))

    def _named_site(self, pair: Pair, name: str, code: str) -> str:
        """The name that the site table gives beside a code (`site.department_name` for `site.department`)."""
        frame, beside = pair.after.everyone, f"{name}_name"
        if beside in frame.columns:
            names = frame.loc[frame[name].astype(str) == code, beside].dropna()
            if len(names):
                return str(names.iloc[0])
        return code

    def breakdown(self, sample: Sample, name: str) -> Codes:
        """Each row's level in a breakdown, None where it has none; several choices become "any" or "none"."""
        if sample.data.registry.types.get(name) == "select_multiple":
            coded = sample.coded(name)
            levels = [None if code is None else _any_or_none(frozenset(code.split())) for code in coded.codes]
            return coded.spread(np.array(levels, dtype=object))
        coded = sample.coded(name)
        levels = [None if code in MISSING_CODES else code for code in coded.codes]
        return coded.spread(np.array(levels, dtype=object))

    def has_column(self, pair: Pair, name: str) -> bool:
        """Whether every wave's frame has the column."""
        return all(name in sample.everyone.columns for sample in pair.samples)


def level_order(codes: Sequence[str], item: Item | None) -> list[str]:
    """Levels in the order of the question's choices, else by number or name."""
    places: Mapping[str, int] = {choice.code: place for place, choice in enumerate(item.choices)} if item else {}
    return sorted(codes, key=lambda code: (places.get(code, len(places)), len(code) if code.isdigit() else 0, code))


def note(rule: str, **words: str) -> Note:
    """A note that quotes words only."""
    return Note(rule, words=words)


def levels_of(columns: Sequence[Codes]) -> list[str]:
    """All levels met in the columns."""
    return sorted({str(code) for column in columns for code in pd.unique(column) if code is not None})


def _any_or_none(chosen: frozenset[str]) -> str | None:
    if not chosen or chosen & set(MISSING_CODES):
        return None
    return "none" if chosen == {"0"} else "any"
