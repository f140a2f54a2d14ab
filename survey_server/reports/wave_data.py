"""What a report is made from: the programme, and for each form and wave its questions, registry, answers, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from survey_server.outlines import Outline
from survey_server.reports.decided import Ruling
from survey_server.reports.questionnaire import Item, Questionnaire
from survey_server.xlsform.registry import Registry


@dataclass(frozen=True)
class ProgrammeInfo:
    """The programme as the cover names it; `demo` marks every page as invented data."""

    code: str
    name: str
    demo: bool = False
    funder: str = ""
    implementers: str = ""
    recipients: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Who gets each edition, by its key; the cover names them."""
    outlines: tuple[Outline, ...] = ()
    """The programme's own, of its departments, for the maps."""
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What was planned, in the words of the programme's policies; plan.py reads it."""
    forms: Sequence[str] = ()
    """The ids of its forms, where they are known: what the plan names besides is a mistake."""

    @property
    def strange_margins(self) -> list[str]:
        """Forms that the plan has margins for and that the programme hasn't got."""
        return sorted(set(self.plan.get("margins", {})) - set(self.forms)) if self.forms else []


@dataclass(frozen=True)
class Decided:
    """What people decided on these very figures, signed by two or more of them."""

    reading: str
    decision: str
    reasons: str
    alternatives: str
    changes_mind: str
    dissent: str
    written_by: str
    written_on: date
    signatures: tuple[tuple[str, date], ...]


@dataclass(frozen=True)
class LateChange:
    """An indicator that was changed after a wave that it is measured in had opened."""

    code: str
    wave: str
    columns: tuple[str, ...]
    day: date
    reason: str


@dataclass(frozen=True)
class WaveInfo:
    """One round of fieldwork as it was planned."""

    name: str
    ordinal: int
    starts: date | None = None
    ends: date | None = None
    state: str = "open"
    ethics: tuple[str, ...] = ()
    """The references of the ethics approvals that were noted for the wave, with their days."""


@dataclass(frozen=True)
class FieldFacts:
    """What happened around the submissions of a wave: counts that the frame can't hold."""

    planned_sites: int | None = None
    planned_interviews: int | None = None
    conflicts: int = 0
    quarantined: int = 0
    issues: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class WaveData:
    """One wave of one form: the versions met in it, oldest first, and a frame with a row per submission.

    `repeats` are the frames of what is asked several times in a submission, by the repeat's name, with `_id`.
    """

    form_id: str
    wave: WaveInfo
    questionnaires: tuple[Questionnaire, ...]
    registry: Registry
    frame: pd.DataFrame
    facts: FieldFacts = field(default_factory=FieldFacts)
    margins: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What is known of the population, by column (or several joined by *) and code: weights are fitted to it."""
    repeats: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    rulings: tuple[Ruling, ...] = ()
    """What was decided of questions that changed between versions."""
    files: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)
    """The rows of the lists of posts, units and venues that the form's newest version carries, by file name."""
    late_changes: tuple[LateChange, ...] = ()
    """What was changed of the form's indicators after data could be seen."""

    @property
    def questionnaire(self) -> Questionnaire:
        """The newest version met in the wave."""
        return self.questionnaires[-1]

    def item(self, name: str) -> Item | None:
        """The question as the newest version that has it puts it, inside a repeat or not."""
        for questionnaire in reversed(self.questionnaires):
            if name in questionnaire.by_name:
                return questionnaire.by_name[name]
            for item in questionnaire.repeated:
                if item.name == name:
                    return item
        return None

    def hashes(self, name: str) -> frozenset[str]:
        """The wording hashes under which the question was asked in this wave."""
        found = (questionnaire.hash_of(name) for questionnaire in self.questionnaires)
        return frozenset(digest for digest in found if digest)
