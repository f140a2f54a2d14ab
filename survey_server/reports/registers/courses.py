"""The training register as a report reads it: sessions, rosters, who finished, who led, what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from survey_server.estimation.design import Floats
from survey_server.estimation.justice import months_between
from survey_server.estimation.training import TaperMonth, taper
from survey_server.reports.plan import Plan
from survey_server.reports.registers.monthly import numbers_of, plain
from survey_server.reports.sample import Sample

ROSTER, BLOCKS = "att", "block"


@dataclass(frozen=True)
class Courses:
    """The register: its sessions, its rosters, and what was planned."""

    sample: Sample
    plan: Plan

    @cached_property
    def held(self) -> pd.DataFrame:
        """The sessions that took place."""
        return plain(self.sample.frame)[np.isin(self.sample.codes("held").astype(str), ("1", "2"))]

    @property
    def cancelled(self) -> int:
        """How many were cancelled."""
        return int((self.sample.codes("held").astype(str) == "3").sum())

    @cached_property
    def roster(self) -> pd.DataFrame:
        """One row for each person and session held, with the session's month."""
        return self._joined(ROSTER)

    @cached_property
    def blocks(self) -> pd.DataFrame:
        """One row for each block of a session held."""
        return self._joined(BLOCKS)

    def _joined(self, repeat: str) -> pd.DataFrame:
        rows = plain(self.sample.data.repeats.get(repeat, pd.DataFrame({"_id": []})))
        names = [name for name in ("_id", "session_id", "s_date", "shadow_id", "venue") if name in self.held.columns]
        joined = rows.merge(self.held[names], on="_id", how="inner", validate="many_to_one")
        return joined.assign(_month=joined["s_date"].astype(str).str[:7])

    @cached_property
    def finished(self) -> pd.DataFrame:
        """One row for each person who attended every required module, with the month of the last of them."""
        modules = self.blocks[["_id", "b_module"]].drop_duplicates()
        attended = self.roster[self.roster["p_att"].astype(str) == "1"]
        taken = attended.merge(modules, on="_id").assign(b_module=lambda frame: frame["b_module"].astype(str))
        required = self.plan.required_modules or tuple(sorted(set(taken["b_module"])))
        by_month = taken[taken["b_module"].isin(required)].sort_values("_month", kind="stable")
        first = by_month.drop_duplicates(["p_code", "b_module"])
        modules_of = first["p_code"].value_counts()
        people = first.drop_duplicates("p_code", keep="last").sort_values("p_code")[["p_code", "_month"]]
        people.insert(1, "modules", people["p_code"].map(modules_of))
        done = people[people["modules"] == len(set(required))].reset_index(drop=True)
        names = [name for name in ("p_code", "p_inst", "p_sex", "venue") if name in attended.columns]
        traits = attended.drop_duplicates("p_code", keep="last")[names]
        return done.merge(traits, on="p_code", how="left")

    @cached_property
    def span(self) -> list[str]:
        """Every month from the first planned or held to the last."""
        months = [*self.plan.trained, *self.plan.national_share, *self.held["s_date"].astype(str).str[:7]]
        return months_between(min(months), max(months))

    @cached_property
    def taper(self) -> list[TaperMonth]:
        """The share of minutes led by nationals against the plan; empty without a plan."""
        months = self.held["s_date"].astype(str).str[:7].tolist()
        return taper(months, self.column("tot_min"), self.column("sh_min"), self.plan.national_share)

    def column(self, name: str) -> Floats:
        """A number of the sessions held."""
        return numbers_of(self.held, name)

    @cached_property
    def spent(self) -> float:
        """Everything spent, cancelled sessions too, in the plan's currency; NaN where a currency has no rate."""
        frame = self.sample.frame
        amounts = np.nan_to_num(numbers_of(frame, "c_total"))
        rates = {self.plan.currency: 1.0, **self.plan.rates}
        worth = np.array([rates.get(str(code), math.nan) for code in frame["currency"]])
        return float((amounts * worth)[amounts > 0].sum())

    @property
    def elapsed(self) -> float:
        """The share of the planned months that has gone by."""
        planned = sorted(self.plan.trained) or sorted(self.plan.national_share)
        last = str(self.held["s_date"].max())[:7]
        return sum(month <= last for month in planned) / len(planned) if planned else math.nan
