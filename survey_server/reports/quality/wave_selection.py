"""Whether the person who was drawn in a dwelling is the one who answered, and whether the draw was one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools, Floats
from survey_server.reports.coded import Coded
from survey_server.reports.sample import MISSING_CODES, Sample

LIST, POSITION = "roster", "_position"
LISTED_AGE, LISTED_SEX, DRAWN, AGE, SEX = "r_age", "r_sex", "sel_pos", "age", "sex"
"""The list of a dwelling's adults, what it says of each, which one was drawn; and what the respondent said."""
YEARS_APART = 2.0
WOMAN, YOUNG, OLD = "1", 30, 60
LEAST = 50


@dataclass(frozen=True)
class Mix:
    """A kind of people: their share as fair draws would give it, among those drawn and among those who answered."""

    kind: str
    expected: float
    drawn: float
    answered: float
    z: float
    """How many standard errors the drawn are from what fair draws give."""


@dataclass(frozen=True)
class Selection:
    """What is known of the draws of a wave."""

    drawn: int
    compared: int
    others: Bools
    """The interviews, by row, whose respondent is of another sex or age than the person who was drawn."""
    mixes: tuple[Mix, ...]

    @property
    def share(self) -> float:
        """The share of the interviews that can be compared; NaN of none."""
        return int(self.others.sum()) / self.compared if self.compared else math.nan

    @property
    def farthest(self) -> float:
        """The largest distance of a mix from fair draws, in standard errors; NaN where there are few draws."""
        return max((abs(mix.z) for mix in self.mixes), default=math.nan)


def check_selection(sample: Sample, frame: pd.DataFrame) -> Selection | None:
    """The draws of the wave; `frame` are the interviews. None where the form draws nobody from a list."""
    listed = sample.data.repeats.get(LIST)
    asked = {LISTED_AGE, LISTED_SEX, POSITION, "_id"}
    if listed is None or not asked <= set(listed.columns) or DRAWN not in sample.everyone:
        return None
    people = _people(listed)
    drawn = _drawn(sample.everyone, people)
    answered = frame["_id"].isin(drawn.index).to_numpy(dtype=bool)
    chosen = drawn.reindex(frame["_id"])
    others, compared = _others(frame, chosen)
    mixes = tuple(_mixes(people, drawn, drawn.reindex(frame["_id"][answered]))) if len(drawn) >= LEAST else ()
    return Selection(len(drawn), compared, others, mixes)


def _people(listed: pd.DataFrame) -> pd.DataFrame:
    age = pd.to_numeric(listed[LISTED_AGE], errors="coerce").to_numpy(dtype=float)
    sex = Coded.of(listed, LISTED_SEX)
    known = sex.where(lambda code: code not in MISSING_CODES)
    age = np.where(age >= 0, age, np.nan)
    return pd.DataFrame(
        {
            "dwelling": listed["_id"].to_numpy(),
            "position": listed[POSITION].to_numpy(dtype=float),
            "age": age,
            "sex": pd.Series(sex.texts).where(known, None),
            "woman": np.where(known, sex.where(WOMAN.__eq__), np.nan),
            "young": np.where(np.isnan(age), np.nan, age < YOUNG),
            "old": np.where(np.isnan(age), np.nan, age >= OLD),
        }
    )


def _drawn(everyone: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Who was drawn, by the id of the submission."""
    places = pd.to_numeric(pd.Series(Coded.of(everyone, DRAWN).texts), errors="coerce")
    draws = pd.DataFrame({"dwelling": everyone["_id"].to_numpy(), "position": places.to_numpy(dtype=float)})
    return draws.merge(people, on=["dwelling", "position"]).drop_duplicates("dwelling").set_index("dwelling")


def _others(frame: pd.DataFrame, chosen: pd.DataFrame) -> tuple[Bools, int]:
    """Which respondents aren't who was drawn, of how many of whom both are known."""
    said = Coded.of(frame, SEX)
    said_sex, drawn_sex = said.texts, chosen["sex"].to_numpy(dtype=object)
    both = said.where(lambda code: code not in MISSING_CODES) & chosen["sex"].notna().to_numpy(dtype=bool)
    age = pd.to_numeric(frame[AGE], errors="coerce").to_numpy(dtype=float) if AGE in frame else np.full(len(frame), -1)
    apart: Floats = np.abs(np.where(age >= 0, age, np.nan) - chosen["age"].to_numpy(dtype=float))
    known = both | ~np.isnan(apart)
    others: Bools = (both & (said_sex != drawn_sex)) | (np.nan_to_num(apart) > YEARS_APART)
    return others, int(known.sum())


def _mixes(people: pd.DataFrame, drawn: pd.DataFrame, answered: pd.DataFrame) -> Iterator[Mix]:
    """Of each kind what fair draws would give: the mean of the shares in the dwellings' own lists."""
    inside = people[people["dwelling"].isin(drawn.index)]
    for kind in ("woman", "young", "old"):
        chance = inside.groupby("dwelling", sort=False)[kind].mean().reindex(drawn.index).to_numpy(dtype=float)
        happened = drawn[kind].to_numpy(dtype=float)
        known = ~np.isnan(chance) & ~np.isnan(happened)
        spread = math.sqrt(float((chance[known] * (1 - chance[known])).sum()))
        off = float((happened[known] - chance[known]).sum())
        z = off / spread if spread else 0.0
        yield Mix(kind, float(chance[known].mean()), float(happened[known].mean()), float(answered[kind].mean()), z)
