"""Quality, the supervisors' back-checks: what people said the second time beside what the interview has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survey_server.estimation.intervals import wilson_interval
from survey_server.reports.coded import codes_of
from survey_server.reports.measure import Pair, count_cell
from survey_server.reports.registers.forms import BACK_CHECKS
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Cell, Column, Note, Row, Table

FIRM, LOOSE = ("n_adults", "age", "edu"), ("cross_freq", "v_theft")
"""What must match a back-check (age by one year), and what memory may change."""

MISMATCH_LIMIT = 5.0
_AGE_SLACK = 1


def back_check_tables(study: Study) -> Iterator[Table]:
    """The tables of the back-checks; none without them."""
    checks = study.registers.get(BACK_CHECKS)
    if checks is not None and "case_id" in checks.frame.columns:
        matched = back_checks(study, checks)
        if len(matched):
            yield _checks(study, checks, matched)
            yield _by_interviewer(study, matched)


def back_check_warnings(study: Study) -> Iterator[Note]:
    """A red flag for every wave in which too many back-checks disagree with the interview."""
    checks = study.registers.get(BACK_CHECKS)
    if checks is None or "case_id" not in checks.frame.columns:
        return
    matched = back_checks(study, checks)
    for wave in sorted(set(matched["wave"])):
        own = matched[matched["wave"] == wave]
        share = 100 * float(own["firm"].mean())
        if share > MISMATCH_LIMIT:
            cells = {"share": Cell(share, "percent1"), "n": count_cell(len(own))}
            yield Note("checks.mismatch", cells, {"wave": str(wave)})


def back_checks(study: Study, checks: Sample) -> pd.DataFrame:
    """Every back-check that an interview of the report matches: wave, interviewer, and whether answers differ."""
    found = [_matched(pair, checks) for pair in study.surveys]
    empty = pd.DataFrame({"wave": [], "interviewer": [], "firm": [], "loose": [], "real": []})
    return pd.concat([empty, *found], ignore_index=True) if any(len(one) for one in found) else empty


def _matched(pair: Pair, checks: Sample) -> pd.DataFrame:
    parts = []
    for sample in pair.samples:
        case = sample.role("case_id")
        if case is None:
            continue
        interviews = pd.DataFrame(
            {
                "case": sample.frame[case].astype(str),
                "interviewer": sample.codes(sample.role("interviewer") or "_interviewer"),
            }
        )
        said = pd.DataFrame({"case": checks.frame["case_id"].astype(str)})
        shared = [name for name in (*FIRM, *LOOSE) if name in sample.frame.columns and name in checks.frame.columns]
        for name in shared:
            interviews[f"{name}.then"] = sample.codes(name)
            said[f"{name}.now"] = checks.codes(name)
        said["real"] = (
            codes_of(checks.frame, "was_int").astype(str) != "0" if "was_int" in checks.frame.columns else True
        )
        both = said.merge(interviews.drop_duplicates("case"), on="case", how="inner")
        firm, loose = (
            np.any(
                [_differs(both, name) for name in names if name in shared] or [np.zeros(len(both), dtype=bool)], axis=0
            )
            for names in (FIRM, LOOSE)
        )
        parts.append(
            both.assign(wave=sample.data.wave.name, firm=firm, loose=loose)[
                ["wave", "interviewer", "firm", "loose", "real"]
            ]
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _differs(both: pd.DataFrame, name: str) -> np.ndarray:
    """Whether an answer differs; unknown ones don't, and an age may be a year off."""
    then, now = both[f"{name}.then"], both[f"{name}.now"]
    known = then.notna() & now.notna() & ~now.isin(["88", "99", "-88", "-99"]) & ~then.isin(["88", "99", "-88", "-99"])
    if name == "age":
        apart = (pd.to_numeric(then, errors="coerce") - pd.to_numeric(now, errors="coerce")).abs() > _AGE_SLACK
    else:
        apart = then != now
    return (known & apart).to_numpy(dtype=bool)


def _checks(study: Study, checks: Sample, matched: pd.DataFrame) -> Table:
    t, waves = study.t, sorted(set(matched["wave"]))
    interviews = {s.data.wave.name: s.n for pair in study.surveys for s in pair.samples}
    lines: dict[str, list[Cell]] = {key: [] for key in ("done", "share", "firm", "loose", "unreal")}
    for wave in waves:
        own = matched[matched["wave"] == wave]
        lines["done"].append(count_cell(len(own)))
        lines["share"].append(Cell(100 * len(own) / interviews[wave], "percent1", n=interviews[wave]))
        lines["firm"].append(_mismatch(own["firm"]))
        lines["loose"].append(_mismatch(own["loose"]))
        lines["unreal"].append(count_cell(int((~own["real"].astype(bool)).sum())))
    rows = tuple(Row(key, t[f"checks.row.{key}"], tuple(cells)) for key, cells in lines.items())
    heads = tuple(Column(wave, wave, detail=t["head.interval"]) for wave in waves)
    notes = (Note("checks.note", {"all": count_cell(checks.n)}),)
    return Table("quality.backchecks", t["checks.table.backchecks"], heads, rows, notes=notes)


def _mismatch(differs: pd.Series) -> Cell:
    n, count = len(differs), int(differs.sum())
    low, high = wilson_interval(count, n)
    return Cell(100 * count / n, "percent1", None, 100 * low, 100 * high, n)


def _by_interviewer(study: Study, matched: pd.DataFrame) -> Table:
    """The interviewers whose back-checks disagree more often than one in ten; at least three must have been made."""
    t, rows = study.t, []
    for (wave, person), own in matched.groupby(["wave", "interviewer"], sort=True):
        if len(own) >= 3 and own["firm"].mean() > 0.1 and own["firm"].sum() >= 2:
            cells = (count_cell(len(own)), _mismatch(own["firm"]))
            rows.append(Row(f"{wave}.{person}", str(person), cells, detail=str(wave)))
    heads = (Column("done", t["checks.row.done"]), Column("firm", t["checks.row.firm"], detail=t["head.interval"]))
    return Table(
        "quality.backchecks.people",
        t["checks.table.people"],
        heads,
        tuple(rows),
        notes=(note("checks.people.note"),),
        corner=t["quality.head.code"],
        audience="full",
    )
