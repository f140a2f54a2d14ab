"""Results framework: every result expected of the programme with its baseline, target, actual value and distance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

from survey_server.reports.measure import estimate_cell
from survey_server.reports.registers.forms import REGISTERS
from survey_server.reports.registers.monthly import plan_of
from survey_server.reports.registers.values import RegisterValue, register_values
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.units import value_format
from survey_server.reports.value import BLANK, Cell, Column, LeftOut, Note, Page, Prose, Row, Table, text_cell
from survey_server.xlsform.registry import Indicator

Reached: TypeAlias = Literal["met", "not_met", "cannot_tell", "no_target", "no_number", "not_comparable", "counted"]

LEVELS = ("output", "behaviour", "outcome")
MARKS: Mapping[Reached, str] = {"met": "improved", "not_met": "worsened", "not_comparable": "broken"}


@dataclass(frozen=True)
class Line:
    """One indicator on its way from baseline to target; `agreed` is false for a target by default."""

    indicator: Indicator
    form_id: str
    before: Cell
    after: Cell
    target: Cell
    agreed: bool
    reached: Reached
    from_day: date | None = None
    to_day: date | None = None

    @property
    def distance(self) -> Cell:
        """How much of the way was covered, in percent; blank where there is no way to speak of."""
        start, goal, now = self.before.value, self.target.value, self.after.value
        if start is None or goal is None or now is None or goal == start or self.reached == "not_comparable":
            return Cell(format="count")
        return Cell(100 * (now - start) / (goal - start), "count")


def build_framework(study: Study) -> Page | LeftOut:
    """One row for every indicator of the registry that isn't context, under its level of the logic model."""
    name = study.t["page.results"]
    lines = [*_of_results(study), *_of_registers(study)]
    if not lines:
        return LeftOut("results", name, note("left_out.no_indicators"))
    counts = Counter(line.reached for line in lines if line.agreed or line.reached == "counted")
    judged = sum(counts[key] for key in ("met", "not_met", "cannot_tell"))
    cells = {key: Cell(float(counts[key])) for key in ("met", "not_met", "cannot_tell")}
    message = Note("framework.message", {"all": Cell(float(judged)), **cells})
    if judged and not counts["met"] and not counts["not_met"]:
        message = Note("framework.message.untold", {"all": Cell(float(judged))})
    if not judged:
        message = Note("framework.message.none", {"count": Cell(float(len(lines)))})
    chain = Prose((note("framework.chain"), note("framework.lead")), "small")
    sampled = [line for line in lines if line.reached != "counted" and line.form_id not in REGISTERS]
    counted = [line for line in lines if line not in sampled]
    tables = [_table(study, sampled, "framework", "framework fixed")] if sampled else []
    if counted:
        table = _table(study, counted, "framework.registers", "framework registers folded short")
        tables.append(replace(table, title=study.t["framework.registers"] if sampled else ""))
    tables[-1] = replace(tables[-1], notes=(note("framework.note"), note("note.small_cells")))
    return Page("results", name, message, (chain, *tables))


def _of_results(study: Study) -> Iterator[Line]:
    for result in study.results:
        if result.indicator.level in LEVELS:
            indicator = result.indicator
            sides = [
                estimate_cell(side, result.value_format, interval=True, sensitive=indicator.sensitive)
                for side in (result.comparison.before, result.comparison.after)
            ]
            before = _baseline(indicator, sides[0])
            target, agreed = _target(indicator, before.value, result.minimum_change, result.value_format)
            reached = _reached(result, sides[1], target, agreed)
            days = _days(study, indicator)
            yield Line(indicator, result.pair.form_id, before, sides[1], target, agreed, reached, *days)


def _of_registers(study: Study) -> Iterator[Line]:
    for found in register_values(study):
        if found.indicator.level in LEVELS:
            yield _register_line(study, found)


def _register_line(study: Study, found: RegisterValue) -> Line:
    indicator, form = found.indicator, found.after.format
    goal = indicator.target if indicator.target is not None else found.target
    agreed = goal is not None
    reached: Reached = "counted" if found.after.shown else "no_number"
    if agreed and found.after.value is not None and goal is not None and indicator.direction != "target":
        reached = "met" if _good(indicator) * (found.after.value - goal) >= 0 else "not_met"
    before = _baseline(indicator, found.before)
    days = _days(study, indicator)
    form_id = found.sample.data.form_id
    return Line(indicator, form_id, before, found.after, Cell(goal, form), agreed, reached, *days)


def _baseline(indicator: Indicator, measured: Cell) -> Cell:
    """The registry's baseline where another source gives it, else the earlier wave's value."""
    return measured if indicator.baseline is None else Cell(indicator.baseline, measured.format)


def _days(study: Study, indicator: Indicator) -> tuple[date | None, date | None]:
    """The day of the baseline and the day by which the target should be reached."""
    wave = study.before_wave
    first = indicator.baseline_date or (wave.ends.isoformat() if wave and wave.ends else "")
    last = indicator.target_date or plan_of(study).target_date
    return _day(first), _day(last)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _target(indicator: Indicator, start: float | None, step: float, form: str) -> tuple[Cell, bool]:
    """The registry's target; without one, the smallest change that matters beyond the baseline, marked as default."""
    if indicator.target is not None:
        return Cell(indicator.target, value_format(indicator)), True
    if start is None or indicator.direction not in ("up", "down"):
        return Cell(format=value_format(indicator)), False
    return Cell(start + _good(indicator) * step, value_format(indicator)), False


def _good(indicator: Indicator) -> int:
    return -1 if indicator.direction == "down" else 1


def _reached(result: Result, after: Cell, target: Cell, agreed: bool) -> Reached:
    """Judged on the interval: a target inside it is neither met nor missed."""
    if not after.shown:
        return "no_number"
    if not agreed:
        return "not_comparable" if result.comparability.breaks else "no_target"
    assert target.value is not None
    low, high = after.low, after.high
    if low is None or high is None:
        return "cannot_tell"
    if low <= target.value <= high:
        return "cannot_tell"
    return "met" if _good(result.indicator) * (low - target.value) > 0 else "not_met"


def _table(study: Study, lines: Sequence[Line], table_id: str, layout: str) -> Table:
    """The lines of one kind by level and source; how often and by whom stands in the heading of its rows."""
    t, numbers = study.t, study.t.numbers
    shared = [_shared([getattr(line, key) for line in lines]) for key in ("from_day", "to_day")]
    first, last = (numbers.short_date(day) if day else "" for day in shared)
    columns = [Column("before", t["framework.baseline"], detail=first)]
    columns += [Column("from", t["framework.from"])] if not first else []
    columns.append(Column("target", t["head.target"], detail=last))
    columns += [Column("to", t["framework.to"])] if not last else []
    columns += [
        Column("after", t["framework.actual"], detail=study.wave_names[-1]),
        Column("distance", t["framework.distance"], detail="%"),
    ]
    columns += [Column("reached", t["framework.reached"], left=True)] if "folded" not in layout else []
    keys = [column.key for column in columns]
    rows: list[Row] = []
    for level in LEVELS:
        inside = [line for line in lines if line.indicator.level == level]
        for form_id in dict.fromkeys(line.form_id for line in inside):
            parts = (f"{kind}.{form_id}" for kind in ("source", "frequency", "responsible"))
            told = (t.find(part, t[f"{part.partition('.')[0]}.other"]) for part in parts)
            name = t[f"framework.level.{level}"]
            name = name if not any(row.key.startswith(f"{level}.") for row in rows) else name.partition(" (")[0]
            head = " · ".join((name, *told))
            rows.append(Row(f"{level}.{form_id}", head, (), "section"))
            rows += [_row(study, line, keys) for line in inside if line.form_id == form_id]
    return Table(table_id, "", tuple(columns), tuple(rows), layout=layout, corner=t["head.indicator"])


def _shared(days: Sequence[date | None]) -> date | None:
    """The one day that all rows share; it stands in the head then, and not in every row."""
    return days[0] if len(set(days)) == 1 else None


def _row(study: Study, line: Line, keys: Sequence[str]) -> Row:
    t = study.t
    words = {
        "from": t.numbers.short_date(line.from_day) if line.from_day else "",
        "to": t.numbers.short_date(line.to_day) if line.to_day else "",
    }
    status = t[f"framework.status.{line.reached}"]
    cells = {
        "before": replace(line.before, low=None, high=None) if len(study.wave_names) > 1 else BLANK,
        "target": Cell(
            line.target.value, line.target.format, mark="" if line.agreed or not line.target.shown else "default"
        ),
        "after": line.after,
        "distance": line.distance,
        "reached": text_cell(status, MARKS.get(line.reached, "stable")),
        **{key: text_cell(text) for key, text in words.items()},
    }
    indicator = line.indicator
    told = "" if "reached" in keys or line.reached == "counted" else status
    detail = " · ".join(filter(None, (indicator.code, indicator.unit, told, indicator.frequency, indicator.owner)))
    return Row(indicator.code, indicator.label(t.language), tuple(cells[key] for key in keys), detail=detail)
