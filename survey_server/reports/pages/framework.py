"""Results framework: every result expected of the programme with its baseline, target, actual value and distance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from survey_server.reports.measure import estimate_cell
from survey_server.reports.register_values import RegisterValue, register_values
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.units import value_format
from survey_server.reports.value import BLANK, Cell, Column, LeftOut, Note, Page, Prose, Row, Table, text_cell
from survey_server.xlsform.registry import Indicator

Reached: TypeAlias = Literal["met", "not_met", "cannot_tell", "no_target", "no_number", "not_comparable", "counted"]

LEVELS = ("output", "behaviour", "outcome")
MARKS: Mapping[Reached, str] = {"met": "improved", "not_met": "worsened", "not_comparable": "broken"}
MINIMUM = 5.0


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
    chain = Prose((note("framework.chain"), note("framework.lead")), "lead")
    return Page("results", name, message, (chain, _table(study, lines)))


def _of_results(study: Study) -> Iterator[Line]:
    for result in study.results:
        if result.indicator.level in LEVELS:
            indicator = result.indicator
            sides = [
                estimate_cell(side, result.value_format, interval=True, sensitive=indicator.sensitive)
                for side in (result.comparison.before, result.comparison.after)
            ]
            target, agreed = _target(indicator, sides[0].value, result.minimum_change, result.value_format)
            reached = _reached(result, sides[1], target, agreed)
            yield Line(indicator, result.pair.form_id, sides[0], sides[1], target, agreed, reached)


def _of_registers(study: Study) -> Iterator[Line]:
    for found in register_values(study):
        if found.indicator.level in LEVELS:
            yield _register_line(found)


def _register_line(found: RegisterValue) -> Line:
    indicator, form = found.indicator, found.after.format
    target = Cell(indicator.target, form)
    agreed = indicator.target is not None
    reached: Reached = "counted" if found.after.shown else "no_number"
    if agreed and found.after.value is not None and indicator.target is not None:
        enough = _good(indicator) * (found.after.value - indicator.target) >= 0
        reached = "met" if enough else "not_met"
    return Line(indicator, found.sample.data.form_id, found.before, found.after, target, agreed, reached)


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


def _table(study: Study, lines: list[Line]) -> Table:
    t, waves = study.t, study.wave_names
    columns = (
        Column("before", t["framework.baseline"], detail=waves[0] if len(waves) > 1 else ""),
        Column("target", t["head.target"]),
        Column("after", t["framework.actual"], detail=waves[-1]),
        Column("distance", t["framework.distance"], detail="%"),
        Column("reached", t["framework.reached"], left=True),
    )
    rows: list[Row] = []
    for level in LEVELS:
        inside = [line for line in lines if line.indicator.level == level]
        for form_id in dict.fromkeys(line.form_id for line in inside):
            rows.append(
                Row(f"{level}.{form_id}", f"{t[f'framework.level.{level}']} · {_source(study, form_id)}", (), "section")
            )
            rows += [_row(study, line) for line in inside if line.form_id == form_id]
    notes = (note("framework.note"), note("note.small_cells"))
    return Table("framework", "", columns, tuple(rows), notes=notes, layout="framework", corner=t["head.indicator"])


def _source(study: Study, form_id: str) -> str:
    """Where the rows come from, how often, and who answers for them."""
    t = study.t
    return " · ".join(
        t.find(f"{part}.{form_id}", t[f"{part}.other"]) for part in ("source", "frequency", "responsible")
    )


def _row(study: Study, line: Line) -> Row:
    t = study.t
    target = Cell(line.target.value, line.target.format, mark="" if line.agreed or not line.target.shown else "default")
    cells = (
        line.before if len(study.wave_names) > 1 else BLANK,
        target,
        line.after,
        line.distance,
        text_cell(t[f"framework.status.{line.reached}"], MARKS.get(line.reached, "stable")),
    )
    return Row(line.indicator.code, line.indicator.label(t.language), cells, detail=line.indicator.code)
