"""Community voice and joint activity: what committees raised and whether it was answered, what was done together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survey_server.estimation.design import Bools, Design
from survey_server.estimation.taylor import estimate_mean, estimate_ratio
from survey_server.reports.coded import codes_of
from survey_server.reports.measure import count_cell, estimate_cell
from survey_server.reports.pages.strands import strand_table
from survey_server.reports.registers.forms import COMMITTEES, JOINT
from survey_server.reports.registers.monthly import choice_labels, numbers_of, plain
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Column, LeftOut, Note, Page, Part, Prose, Row, SideBySide, Table

POINTS = "item"
CONCERN, ANSWERED = "1", ("3", "4")
QUARTER = pd.Timedelta(days=92)


def build_community(study: Study) -> Page | LeftOut:
    """The page of committees and joint activities; points that could put somebody at risk are never counted here."""
    name = study.t["page.community"]
    committees, joint = study.registers.get(COMMITTEES), study.registers.get(JOINT)
    if committees is not None and not {"cmt_id", "m_date"} <= set(committees.frame.columns):
        committees = None
    if joint is not None and not {"j_type", "held"} <= set(joint.frame.columns):
        joint = None
    if committees is None and joint is None:
        return LeftOut("community", name, note("left_out.no_community"))
    beside: list[Part] = []
    message = note("community.message.joint")
    if committees is not None:
        voice = Voice(committees)
        message = Note(
            "community.message", {"share": voice.answered_by_next(), "committees": count_cell(len(voice.committees))}
        )
        beside += [_committees(study, voice), _points(study, voice)]
    strands = strand_table(study)
    if strands.rows:
        beside.append(strands)
    blocks: list[Block] = [Prose((note("community.lead"),), "lead"), SideBySide(tuple(beside))]
    if joint is not None:
        blocks += list(_joint(study, joint))
    return Page("community", name, message, tuple(blocks))


class Voice:
    """The meetings and the points that may be printed."""

    def __init__(self, sample: Sample) -> None:
        self.sample, self.frame = sample, plain(sample.frame)
        self.ids = self.frame["cmt_id"].astype(str)
        self.days = pd.to_datetime(self.frame["m_date"], errors="coerce")
        self.committees = sorted(set(self.ids))
        points = plain(sample.data.repeats.get(POINTS, pd.DataFrame({"_id": []})))
        counted = points.merge(self.frame[["_id", "cmt_id", "m_date"]], on="_id", how="inner")
        risky = counted.get("v_sens", pd.Series("", index=counted.index)).astype(str) == "1"
        self.restricted = int(risky.sum())
        self.points = counted[~risky]

    @property
    def last_day(self) -> pd.Timestamp:
        """The day of the latest meeting: what counts as now."""
        return self.days.max()

    def active(self) -> int:
        """Committees that met in the last quarter."""
        return len(set(self.ids[self.days > self.last_day - QUARTER]))

    def answered_by_next(self) -> Cell:
        """The share of points that had an answer when the committee met again, committees being the clusters."""
        order = self.frame.assign(_day=self.days).sort_values(["cmt_id", "_day"], kind="stable")
        raised = pd.to_numeric(order["n_items"], errors="coerce").groupby(order["cmt_id"]).shift()
        still = pd.to_numeric(order["prev_open"], errors="coerce")
        known = (raised > 0) & still.notna()
        if not known.any():
            return Cell(format="percent")
        done = (raised - still)[known].clip(lower=0).to_numpy(dtype=float)
        design = Design(None, order.loc[known, "cmt_id"].astype(str).to_numpy(dtype=object), None)
        return estimate_cell(
            estimate_ratio(done, raised[known].to_numpy(dtype=float), design).scaled(100), "percent1", interval=True
        )

    def due(self) -> tuple[int, int]:
        """Points whose promised day has come, and those among them that are answered or settled."""
        days = pd.to_datetime(self.points["v_due"], errors="coerce")
        due = (days <= self.last_day).to_numpy()
        done = self.points["v_status"].astype(str).isin(ANSWERED).to_numpy()
        return int(due.sum()), int((due & done).sum())

    def mean(self, values: np.ndarray, rows: Bools) -> Cell:
        """A mean of meetings in percent, committees being the clusters."""
        if not rows.any():
            return Cell(format="percent1")
        design = Design(None, self.ids.to_numpy(dtype=object), None)
        return estimate_cell(estimate_mean(values, design, rows), "percent1", interval=True)


def _committees(study: Study, voice: Voice) -> Table:
    t, frame = study.t, voice.frame
    mood, police = (codes_of(frame, name).astype(str) for name in ("mood", "mood_pol"))
    people = {name: float(np.nansum(numbers_of(frame, name))) for name in ("n_att", "n_att_f", "n_att_y")}
    due, done = voice.due()
    rows = [
        ("committees", count_cell(len(voice.committees))),
        ("active", Cell(100 * voice.active() / len(voice.committees), "percent1", n=len(voice.committees))),
        ("meetings", count_cell(len(frame))),
        ("people", Cell(people["n_att"], "count")),
        ("women", _share(people["n_att_f"], people["n_att"])),
        ("young", _share(people["n_att_y"], people["n_att"])),
        ("by_next", voice.answered_by_next()),
        ("due", _share(done, due)),
        ("mood", voice.mean(100.0 * ((mood == "1").astype(float) - (mood == "3")), np.isin(mood, ("1", "2", "3")))),
        ("police", voice.mean(100.0 * np.isin(police, ("1", "2")), np.isin(police, ("1", "2", "3", "4")))),
        ("restricted", count_cell(voice.restricted)),
    ]
    lines = tuple(
        Row(key, t[f"community.row.{key}"], (cell,), detail=t.find(f"community.detail.{key}", "")) for key, cell in rows
    )
    return Table(
        "community.committees",
        t["community.table.committees"],
        (Column("value", "", detail=t["head.interval"]),),
        lines,
        notes=(note("community.quotes"),),
    )


def _share(part: float, whole: float) -> Cell:
    return Cell(100 * float(part) / float(whole) if whole else None, "percent1", n=int(whole))


def _points(study: Study, voice: Voice) -> Table:
    """Concerns by theme and urgency, without those that could put somebody at risk."""
    t = study.t
    concerns = voice.points[voice.points["v_kind"].astype(str) == CONCERN]
    theme, urgency = (codes_of(concerns, name).astype(str) for name in ("v_theme", "v_urg"))
    done = concerns["v_status"].astype(str).isin(ANSWERED).to_numpy()
    urgencies = choice_labels(study, voice.sample, "v_urg")
    rows = []
    for code, label in choice_labels(study, voice.sample, "v_theme").items():
        own = theme == code
        if own.any():
            cells = [count_cell(int((own & (urgency == level)).sum())) for level in urgencies]
            rows.append(
                Row(code, label, (count_cell(int(own.sum())), *cells, _share(int((own & done).sum()), int(own.sum()))))
            )
    rows.sort(key=lambda row: -(row.cells[0].value or 0.0))
    heads = (
        Column("all", t["community.concerns"]),
        *(Column(f"urgency.{level}", words, t["community.urgency"]) for level, words in urgencies.items()),
        Column("answered", t["community.answered"]),
    )
    return Table("community.points", t["community.table.points"], heads, tuple(rows), layout="items narrow fixed")


def _joint(study: Study, sample: Sample) -> Iterator[Table]:
    """Joint activities by kind, and what came of them."""
    t, frame = study.t, sample.frame
    kind, held = sample.codes("j_type").astype(str), np.isin(sample.codes("held").astype(str), ("1", "2"))
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").where(lambda column: column >= 0).to_numpy(dtype=float)
        for name in ("planned", "met", "actions", "actions_done", "n_people")
        if name in frame.columns
    }
    yes = {name: sample.codes(name).astype(str) == "1" for name in ("sop", "info_ex")}
    rows = []
    for code, label in {**choice_labels(study, sample, "j_type"), "": t["community.all_kinds"]}.items():
        own = (kind == code) if code else np.ones(len(kind), dtype=bool)
        done = own & held
        if not own.any():
            continue
        met, planned = (numbers[name][done] for name in ("met", "planned"))
        both = ~np.isnan(met) & ~np.isnan(planned)
        cells = (
            count_cell(int(done.sum())),
            count_cell(int((own & ~held).sum())),
            Cell(float(np.nansum(numbers["n_people"][done])), "count"),
            _share(float(met[both].sum()), float(planned[both].sum())),
            _share(int((yes["sop"] & done).sum()), int(done.sum())),
            _share(int((yes["info_ex"] & done).sum()), int(done.sum())),
        )
        rows.append(Row(code or "all", label, cells, "" if code else "total"))
    keys = ("held", "cancelled", "people", "met", "sop", "info")
    heads = tuple(Column(key, t[f"joint.{key}"]) for key in keys)
    kept = Note("joint.commitments", {"share": kept_commitments(sample)})
    yield Table("community.joint", t["community.table.joint"], heads, tuple(rows), notes=(kept,), layout="items")


def kept_commitments(sample: Sample) -> Cell:
    """Commitments kept: those reported done at an activity among those written at the one before it."""
    if not {"j_date", "held", "actions", "actions_done"} <= set(sample.frame.columns):
        return Cell(format="percent1")
    held = np.isin(sample.codes("held").astype(str), ("1", "2"))
    order = np.argsort(pd.to_datetime(sample.frame["j_date"], errors="coerce").to_numpy()[held], kind="stable")
    written, done = (numbers_of(sample.frame, name)[held][order] for name in ("actions", "actions_done"))
    if len(written) < 2:
        return Cell(format="percent1")
    before, kept = written[:-1], done[1:]
    known = ~np.isnan(before) & ~np.isnan(kept) & (before > 0)
    return _share(float(np.minimum(kept, before)[known].sum()), float(before[known].sum()))
