"""Indicators of registers: plain sums, shares and ratios of what was recorded in two spells; nothing is sampled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools
from survey_server.estimation.suppression import flag_for
from survey_server.problems import Problem
from survey_server.reports.registers.contrasts import Counted, count_contrast
from survey_server.reports.registers.forms import COMMITTEES, FOLLOW_UP
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.units import value_format
from survey_server.reports.value import Cell
from survey_server.xlsform.registry import Indicator

SPELL = timedelta(days=365)
NOT_COUNTED = Counted(Cell(), Cell())
ABOUT_PEOPLE = frozenset({COMMITTEES, FOLLOW_UP})


@dataclass(frozen=True)
class Spells:
    """The year up to the end of the earlier wave and what came after it, up to a year before the later wave's end."""

    before: tuple[date, date] | None
    after: tuple[date, date]


@dataclass(frozen=True)
class RegisterValue:
    """An indicator of a register in both spells; `before` is blank when there is no earlier wave."""

    indicator: Indicator
    sample: Sample
    before: Cell
    after: Cell
    target: float | None = None
    """A target that the plan sets."""


def spells_of(study: Study) -> Spells | None:
    """The two years that the waves' ends close; None when the later wave's end isn't known."""
    last, first = study.after_wave.ends, study.before_wave.ends if study.before_wave else None
    if last is None:
        return None
    start = last - SPELL
    if first is None:
        return Spells(None, (start, last))
    return Spells((first - SPELL, first), (max(start, first), last))


def register_values(study: Study) -> tuple[RegisterValue, ...]:
    """Every indicator of every register that has a formula, or that a page counts, in order."""
    return study.once("register values", lambda: tuple(_values(study)))


def _values(study: Study) -> Iterator[RegisterValue]:
    spells = spells_of(study)
    for sample in study.registers.values() if spells else ():
        days = _days(sample)
        for indicator in sample.data.registry.indicators:
            if indicator.formula is not None and spells is not None:
                before = _value(sample, indicator, _inside(days, spells.before))
                yield RegisterValue(indicator, sample, before, _value(sample, indicator, _inside(days, spells.after)))
            elif indicator.estimator == "contrast":
                found = count_contrast(study, indicator.code, sample) or NOT_COUNTED
                yield RegisterValue(indicator, sample, found.before, found.after, found.target)


def _days(sample: Sample) -> pd.Series:
    column = sample.role("collected") or "_collected_on"
    return pd.to_datetime(sample.frame.get(column, pd.Series(pd.NaT, index=sample.frame.index)), errors="coerce")


def _inside(days: pd.Series, spell: tuple[date, date] | None) -> Bools:
    if spell is None:
        return np.zeros(len(days), dtype=bool)
    inside: Bools = ((days > pd.Timestamp(spell[0])) & (days <= pd.Timestamp(spell[1]))).to_numpy(dtype=bool)
    return inside


def _value(sample: Sample, indicator: Indicator, rows: Bools) -> Cell:
    form = "count" if indicator.estimator == "total" else value_format(indicator)
    try:
        values, below = sample.values(indicator), sample.denominator(indicator)
    except Problem:
        return Cell(format=form)
    valid = rows & ~np.isnan(values) & (True if below is None else ~np.isnan(below))
    n = int(valid.sum())
    if not n:
        return Cell(format=form)
    if sample.data.form_id in ABOUT_PEOPLE and indicator.estimator != "total" and flag_for(n) == "suppressed":
        return Cell(format=form, n=n, flag="suppressed")
    found = _computed(indicator, values[valid], None if below is None else below[valid])
    return Cell(None if math.isnan(found) else found * indicator.scale, form, n=n)


def _computed(indicator: Indicator, values: np.ndarray, below: np.ndarray | None) -> float:
    if indicator.estimator == "total":
        return float(values.sum())
    if indicator.estimator == "median":
        return float(np.median(values))
    if below is not None:
        return float(values.sum() / below.sum()) if below.sum() else math.nan
    return float(values.mean())
