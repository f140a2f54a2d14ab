"""Outcome rates by the AAPOR Standard Definitions: what became of every case that was drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcomes:
    """Final dispositions, counted: complete and partial interviews, refusals, and who could not be known or reached."""

    complete: float = 0
    partial: float = 0
    refusal: float = 0
    non_contact: float = 0
    other: float = 0
    unknown_household: float = 0
    unknown_other: float = 0
    not_eligible: float = 0

    @property
    def interviews(self) -> float:
        """Complete and partial."""
        return self.complete + self.partial

    @property
    def eligible(self) -> float:
        """Cases known to be eligible."""
        return self.interviews + self.refusal + self.non_contact + self.other

    @property
    def unknown(self) -> float:
        """Cases of unknown eligibility."""
        return self.unknown_household + self.unknown_other


@dataclass(frozen=True)
class OutcomeRates:
    """Response (RR1-6), cooperation (COOP1-4), refusal (REF1-3) and contact (CON1-3) rates; e is said with them."""

    e: float
    rr1: float
    rr2: float
    rr3: float
    rr4: float
    rr5: float
    rr6: float
    coop1: float
    coop2: float
    coop3: float
    coop4: float
    ref1: float
    ref2: float
    ref3: float
    con1: float
    con2: float
    con3: float


def outcome_rates(o: Outcomes, e: float | None = None) -> OutcomeRates:
    """All rates; e, the share of unknown cases taken to be eligible, is that among the known unless given (CASRO)."""
    if e is None:
        e = _over(o.eligible, o.eligible + o.not_eligible)
    everyone, estimated, known = o.eligible + o.unknown, o.eligible + e * o.unknown, o.eligible
    asked = o.interviews + o.refusal + o.other
    reached = o.interviews + o.refusal + o.other
    return OutcomeRates(
        e=e,
        rr1=_over(o.complete, everyone),
        rr2=_over(o.interviews, everyone),
        rr3=_over(o.complete, estimated),
        rr4=_over(o.interviews, estimated),
        rr5=_over(o.complete, known),
        rr6=_over(o.interviews, known),
        coop1=_over(o.complete, asked),
        coop2=_over(o.interviews, asked),
        coop3=_over(o.complete, o.interviews + o.refusal),
        coop4=_over(o.interviews, o.interviews + o.refusal),
        ref1=_over(o.refusal, everyone),
        ref2=_over(o.refusal, estimated),
        ref3=_over(o.refusal, known),
        con1=_over(reached, everyone),
        con2=_over(reached, estimated),
        con3=_over(reached, known),
    )


def _over(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
