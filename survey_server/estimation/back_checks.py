"""Back-checks: what people said when they were asked again, beside what the interview has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from survey_server.estimation.design import Bools
from survey_server.estimation.intervals import wilson_interval

UNKNOWN = frozenset({"66", "77", "88", "99", "-88", "-99"})
FIRM, LOOSE = ("n_adults", "age", "edu"), ("v_theft", "cross_freq")
"""Type 1: what can't have changed, so that a difference is the interviewer's. Type 2: what memory may change."""
SLACK: Mapping[str, float] = {"age": 1.0}
"""How far a number may be off and still be the same answer."""


@dataclass(frozen=True)
class Question:
    """How often one question differed."""

    name: str
    firm: bool
    compared: int
    differ: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The error rate; NaN of none."""
        return self.differ / self.compared if self.compared else float("nan")


@dataclass(frozen=True)
class Checker:
    """What one person's back-checks say: how many, in how many a firm or a loose answer differs, how many no visits."""

    code: str
    checks: int
    firm: int
    loose: int
    unreal: int
    low: float
    high: float
    """Of the share in which a firm answer differs."""


@dataclass(frozen=True)
class BackChecks:
    """The back-checks that an interview was found for, one row each, and how often each question differed.

    `rows`: `case`, `row` (of the interview), `firm` and `loose` (whether any answer of that type differs), `real`
    (whether people remember an interview), `differs` (the names of the questions), `by` (who checked).
    """

    rows: pd.DataFrame
    questions: tuple[Question, ...]
    unmatched: int
    """Back-checks of which no interview is known."""

    @property
    def mismatch(self) -> float:
        """The share of back-checks with a type 1 difference; NaN of none."""
        return float(self.rows["firm"].mean()) if len(self.rows) else float("nan")

    @property
    def checkers(self) -> tuple[Checker, ...]:
        """By who checked: one who finds far more, or nothing, than others may be the one to look at."""
        found = []
        for code, rows in self.rows[self.rows["by"].notna()].groupby("by"):
            firm, loose, unreal = int(rows["firm"].sum()), int(rows["loose"].sum()), int((~rows["real"]).sum())
            found.append(Checker(str(code), len(rows), firm, loose, unreal, *wilson_interval(firm, len(rows))))
        return tuple(found)


def compare_back_checks(
    interviews: Mapping[str, Sequence[str | None]],
    checks: Mapping[str, Sequence[str | None]],
    firm: Sequence[str] = FIRM,
    loose: Sequence[str] = LOOSE,
) -> BackChecks:
    """Both sides as columns of codes, with `case`; of `checks` also `was_int` and `by`. Of a case the last counts."""
    first = pd.DataFrame({"case": list(interviews["case"])})
    first["row"] = np.arange(len(first))
    first = first[first["case"].notna()].drop_duplicates("case")
    asked = pd.DataFrame({"case": list(checks["case"])})
    asked["check"] = np.arange(len(asked))
    asked = asked[asked["case"].notna()].drop_duplicates("case", keep="last")
    both = asked.merge(first, on="case", how="inner").reset_index(drop=True)
    found: dict[str, tuple[Bools, Bools]] = {}
    for name in (*firm, *loose):
        if name in interviews and name in checks:
            then, now = _taken(interviews[name], both["row"]), _taken(checks[name], both["check"])
            found[name] = _compare(then, now, SLACK.get(name, 0.0))
    questions = tuple(_question(name, name in firm, *marks) for name, marks in found.items())
    rows = pd.DataFrame({"case": both["case"], "row": both["row"]})
    for kind, names in (("firm", firm), ("loose", loose)):
        rows[kind] = np.any([found[n][1] for n in names if n in found] or [np.zeros(len(both), dtype=bool)], axis=0)
    remembered = _taken(checks["was_int"], both["check"]) if "was_int" in checks else np.full(len(both), "1")
    rows["real"] = remembered != "0"
    rows["by"] = _taken(checks["by"], both["check"]) if "by" in checks else None
    rows["differs"] = [tuple(n for n, (_, differ) in found.items() if differ[k]) for k in range(len(both))]
    return BackChecks(rows, questions, len(asked) - len(both))


def _taken(values: Sequence[str | None], places: pd.Series) -> NDArray[np.object_]:
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    taken: NDArray[np.object_] = column[places.to_numpy(dtype=np.intp)]
    return taken


def _compare(then: NDArray[np.object_], now: NDArray[np.object_], slack: float) -> tuple[Bools, Bools]:
    """Which pairs are both known, and which of these differ."""
    known = np.array([a is not None and b is not None and not {a, b} & UNKNOWN for a, b in zip(then, now, strict=True)])
    known = known.astype(bool)
    if slack:
        apart = (pd.to_numeric(pd.Series(then), errors="coerce") - pd.to_numeric(pd.Series(now), errors="coerce")).abs()
        differ = (apart > slack).to_numpy(dtype=bool)
    else:
        differ = then != now
    return known, known & differ


def _question(name: str, firm: bool, known: Bools, differ: Bools) -> Question:
    compared, count = int(known.sum()), int(differ.sum())
    low, high = wilson_interval(count, compared) if compared else (float("nan"), float("nan"))
    return Question(name, firm, compared, count, low, high)
