"""What became of every dwelling that was drawn, from the contact log: final outcomes and the rates made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.estimation.outcome_rates import OutcomeRates, Outcomes, outcome_rates
from survey_server.reports.coded import codes_of
from survey_server.reports.registers.forms import CONTACTS
from survey_server.reports.study import Study
from survey_server.reports.wave_data import WaveInfo

BEST_FIRST = ("11", "12", "23", "22", "21", "26", "25", "24", "33", "32", "31", "50", "43", "42", "41")
"""Of several visits to a dwelling the best outcome counts, in this order."""

NOT_SWAPPED = ("0", "None")
KINDS: Mapping[str, str] = {
    "11": "complete",
    "12": "partial",
    **dict.fromkeys(("21", "22", "23"), "refusal"),
    **dict.fromkeys(("24", "25", "50"), "non_contact"),
    "26": "other",
    **dict.fromkeys(("31", "32", "33"), "unknown_household"),
    **dict.fromkeys(("41", "42", "43"), "not_eligible"),
}


@dataclass(frozen=True)
class ContactLog:
    """The log of one wave: dwellings by final outcome, the rates, substitutions and places out of reach."""

    outcomes: Outcomes
    rates: OutcomeRates
    dwellings: int
    visits: int
    substituted: int
    unsafe: int
    reasons: Mapping[str, int]
    """Visits with a substitution, by the code of the reason."""


def contact_log(study: Study, wave: WaveInfo) -> ContactLog | None:
    """The contact log of a wave; None when there is no log, or none of this wave."""
    register = study.registers.get(CONTACTS)
    if register is None or not {"psu", "dwelling", "disp"} <= set(register.everyone.columns):
        return None
    frame = register.everyone
    rows = frame[rows_of_wave(frame, wave)]
    return None if rows.empty else read_log(rows)


def read_log(rows: pd.DataFrame) -> ContactLog:
    """The outcomes of these visits: of each dwelling the best."""
    disposition = codes_of(rows, "disp").astype(str)
    rank = {code: place for place, code in enumerate(BEST_FIRST)}
    place = np.array([rank.get(code, len(rank)) for code in disposition])
    key = [codes_of(rows, name).astype(str) for name in ("psu", "dwelling")]
    best = pd.Series(place).groupby([pd.Series(column) for column in key]).min()
    final = [KINDS[BEST_FIRST[int(each)]] for each in best if each < len(rank)]
    counts = {kind: final.count(kind) for kind in set(KINDS.values())}
    outcomes = Outcomes(**{kind: float(count) for kind, count in counts.items()})
    swapped = codes_of(rows, "subst").astype(str) if "subst" in rows.columns else np.array([])
    return ContactLog(
        outcomes,
        outcome_rates(outcomes),
        len(best),
        len(rows),
        int((~np.isin(swapped, NOT_SWAPPED)).sum()),
        int((best == rank["31"]).sum()),
        dict(Counter(code for code in swapped if code not in NOT_SWAPPED)),
    )


def rows_of_wave(frame: pd.DataFrame, wave: WaveInfo) -> np.ndarray:
    """Rows that name the wave, or whose visit fell into its dates."""
    if "wave" in frame.columns:
        return np.isin(codes_of(frame, "wave").astype(str), (str(wave.ordinal), wave.name))
    if wave.starts is None or wave.ends is None:
        return np.zeros(len(frame), dtype=bool)
    days = pd.to_datetime(frame["_collected_on"], errors="coerce")
    inside: np.ndarray = days.between(pd.Timestamp(wave.starts), pd.Timestamp(wave.ends)).to_numpy()
    return inside
