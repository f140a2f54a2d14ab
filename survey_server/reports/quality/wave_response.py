"""Who answered: the contact log of a wave in the field, by team and risk tier, and where nobody could go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from survey_server.reports.coded import Coded, Codes
from survey_server.reports.outcomes import ContactLog, read_log, rows_of_wave
from survey_server.reports.sample import Sample
from survey_server.reports.wave_data import WaveInfo

_COLUMNS = frozenset({"psu", "dwelling", "disp"})
_LEAST = 10
"""Fewer dwellings make no rate."""
_UNSAFE = "31"


@dataclass(frozen=True)
class ResponseGroup:
    """The outcomes of one team's dwellings, or of one tier's."""

    code: str
    log: ContactLog


@dataclass(frozen=True)
class Response:
    """The outcomes of all dwellings of the wave, those of the wave before, and where they differ."""

    log: ContactLog
    before: ContactLog | None
    teams: tuple[ResponseGroup, ...]
    tiers: tuple[ResponseGroup, ...]
    unsafe: tuple[tuple[str, int], ...]
    """Departments in which visits were broken off as too dangerous, and how many."""
    reasons: Mapping[str, int]
    """Why points and dwellings were substituted, by the log's own code."""

    @property
    def fall(self) -> float:
        """How far the response rate fell since the wave before, as a share; NaN without one."""
        return self.before.rates.rr1 - self.log.rates.rr1 if self.before else float("nan")


def read_response(
    logs: Sequence[Sample], wave: WaveInfo, before: WaveInfo | None, teams: Mapping[str, str]
) -> Response | None:
    """The outcome rates of a wave; None where no visit of it was written down. `teams`: of interviewers and sites."""
    contacts, rows = _visits(logs, wave)
    if contacts is None:
        return None
    earlier = _visits(logs, before)[1] if before else rows[:0]
    who, site = (Coded.of(rows, contacts.role(role) or "").texts for role in ("interviewer", "site"))
    of_team = _texts([teams.get(a or "") or teams.get(b or "") for a, b in zip(who, site, strict=True)])
    departments = Coded.of(rows, "site.department").texts
    unsafe = pd.Series(departments[Coded.of(rows, "disp").where(_UNSAFE.__eq__)]).fillna("–").value_counts()
    swapped = pd.Series(Coded.of(rows, "subst").texts).dropna()
    return Response(
        read_log(rows),
        None if earlier.empty else read_log(earlier),
        _groups(rows, of_team),
        _groups(rows, Coded.of(rows, "site.tier").texts),
        tuple((str(name), int(n)) for name, n in sorted(unsafe.items())),
        {str(code): int(n) for code, n in sorted(swapped[swapped != "0"].value_counts().items())},
    )


def _visits(logs: Sequence[Sample], wave: WaveInfo) -> tuple[Sample | None, pd.DataFrame]:
    """The visits of the wave, in whichever of the logs they are; the latest first."""
    for log in reversed(logs):
        if set(log.everyone.columns) >= _COLUMNS:
            rows = log.everyone[rows_of_wave(log.everyone, wave)].reset_index(drop=True)
            if not rows.empty:
                return log, rows
    return None, pd.DataFrame()


def _groups(rows: pd.DataFrame, codes: Codes) -> tuple[ResponseGroup, ...]:
    """The outcomes by group, those with a few dwellings only left out."""
    known = sorted({code for code in codes.tolist() if code})
    logs = [(code, read_log(rows[codes == code].reset_index(drop=True))) for code in known]
    return tuple(ResponseGroup(code, log) for code, log in logs if log.dwellings >= _LEAST)


def _texts(values: list[str | None]) -> Codes:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
