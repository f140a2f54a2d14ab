"""The table of a breakdown: indicators side by side, one line for each level, with suppression and arrows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from survey_server.estimation.estimate import Estimate
from survey_server.estimation.multiplicity import benjamini_hochberg
from survey_server.estimation.suppression import Flag, complementary
from survey_server.reports.coded import Codes
from survey_server.reports.measure import Comparison, Cube, Pair, count_cell, estimate_cell
from survey_server.reports.results import Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import BLANK, Cell, Column, Row, Table

ARROW_FROM_N, FALSE_DISCOVERIES = 100, 0.10


@dataclass(frozen=True)
class Breakdown:
    """One breakdown of one form: its levels in order and each row's level, for each wave."""

    name: str
    label: str
    levels: tuple[str, ...]
    columns: tuple[Codes, ...]


@dataclass(frozen=True)
class Matrix:
    """What one table shows; a `narrow` one has room for the value before and for the interval of the change."""

    study: Study
    pair: Pair
    results: Sequence[Result]
    breakdowns: Sequence[Breakdown]
    cube: Cube
    narrow: bool

    def table(self) -> Table:
        """The table: everybody first, then each breakdown under its heading."""
        t = self.study.t
        everybody = t["breakdown.encounters" if self.pair.is_observation else "breakdown.all"]
        cells = [cell for result in self.results for cell in self._cells(result, result.comparison)]
        rows = [Row("all", everybody, (count_cell(self.pair.after.n), *cells), "total")]
        for breakdown in self.breakdowns:
            rows.append(Row(breakdown.name, breakdown.label, (), "section"))
            rows += self._levels(breakdown)
        notes = (note("breakdown.note"), note("note.small_cells"))
        layout = "matrix" if not self.narrow else "items folded" if len(self.results) == 1 else "items"
        return Table(
            f"breakdown.{self.pair.form_id}", "", tuple(self._columns()), tuple(rows), notes=notes, layout=layout
        )

    def comparison(self, result: Result, breakdown: Breakdown, level: str) -> Comparison:
        """One indicator in one level, in printed units."""
        return self.cube.comparison(result.indicator.code, breakdown.name, level).scaled(result.indicator.scale)

    def hidden_levels(self, result: Result, breakdown: Breakdown) -> list[bool]:
        """Which levels are suppressed, with a second one where a single one could be worked out from the rest."""
        return self._hidden(result, [self.comparison(result, breakdown, level).after for level in breakdown.levels])

    def _hidden(self, result: Result, sides: Sequence[Estimate | None]) -> list[bool]:
        """The same for one wave's estimates: of them alone, so that every report hides the same of a wave."""
        flags = [side.flagged(result.indicator.sensitive).flag if side else "" for side in sides]
        return [flag == "suppressed" for flag in complementary(flags, [side.n if side else 0 for side in sides])]

    def hidden_changes(self, result: Result, breakdown: Breakdown) -> list[bool]:
        """Which levels hide their change and their earlier value, so that neither gives the other wave away.

        What the earlier wave's own report hid stays hidden too, be it for the sake of another level.
        """
        both = [self.comparison(result, breakdown, level) for level in breakdown.levels]
        hidden_after, hidden_before = (
            self._hidden(result, sides) for sides in ([one.after for one in both], [one.before for one in both])
        )
        changes = [one.difference for one in both]
        flags: list[Flag] = [
            "suppressed" if after or before or change is None else change.flagged(result.indicator.sensitive).flag
            for after, before, change in zip(hidden_after, hidden_before, changes, strict=True)
        ]
        return [flag == "suppressed" for flag in complementary(flags, [c.n if c else 0 for c in changes])]

    def _columns(self) -> Iterator[Column]:
        waves = [sample.data.wave.name for sample in self.pair.samples]
        yield Column("n", "n", detail=waves[-1] if self.narrow else "")
        for result in self.results:
            code, group = result.indicator.code, self.study.label(result)
            if self.narrow and self.pair.before:
                yield Column(f"{code}.before", waves[0], group)
            yield Column(f"{code}.after", waves[-1], group)
            if self.pair.before:
                yield Column(
                    f"{code}.change", self.study.t["head.change" if self.narrow else "head.change_short"], group
                )

    def _levels(self, breakdown: Breakdown) -> Iterator[Row]:
        hiding = {result.indicator.code: self.hidden_levels(result, breakdown) for result in self.results}
        moving = {r.indicator.code: self.hidden_changes(r, breakdown) for r in self.results} if self.pair.before else {}
        for place, level in enumerate(breakdown.levels):
            cells = [count_cell(int((breakdown.columns[-1] == level).sum()))]
            for result in self.results:
                code = result.indicator.code
                own = self._cells(result, self.comparison(result, breakdown, level))
                if hiding[code][place]:
                    own = [hidden(cell) for cell in own]
                elif moving and moving[code][place]:  # the value after stays; what tells of the wave before goes
                    own = [cell if at == len(own) - 2 else hidden(cell) for at, cell in enumerate(own)]
                mark = self.marks.get((code, breakdown.name, level), "")
                cells += [*own[:-1], replace(own[-1], mark=mark) if mark and own[-1].shown else own[-1]]
            label = self.study.level_label(self.pair, breakdown.name, level)
            yield Row(f"{breakdown.name}={level}", label, tuple(cells))

    def _cells(self, result: Result, comparison: Comparison) -> list[Cell]:
        sensitive, two = result.indicator.sensitive, self.pair.before is not None
        sides = [comparison.before, comparison.after] if self.narrow and two else [comparison.after]
        cells = [estimate_cell(side, result.value_format, sensitive=sensitive) for side in sides]
        if two:
            change = estimate_cell(
                comparison.difference, result.change_format, interval=self.narrow, sensitive=sensitive
            )
            cells.append(BLANK if result.comparability.breaks else change)
        return cells

    @cached_property
    def marks(self) -> dict[tuple[str, str, str], str]:
        """Changes that stand out inside the table (Benjamini-Hochberg), with 100 cases in both waves."""
        tested: dict[tuple[str, str, str], Comparison] = {}
        for result in self.results:
            for breakdown in self.breakdowns:
                for level in breakdown.levels:
                    comparison = self.comparison(result, breakdown, level)
                    if not result.comparability.breaks and not math.isnan(comparison.p):
                        tested[result.indicator.code, breakdown.name, level] = comparison
        adjusted = benjamini_hochberg([comparison.p for comparison in tested.values()])
        return {
            key: "rise" if comparison.difference.value > 0 else "fall"
            for (key, comparison), p in zip(tested.items(), adjusted, strict=True)
            if p < FALSE_DISCOVERIES and comparison.difference and comparison.difference.n >= ARROW_FROM_N
        }


def hidden(cell: Cell) -> Cell:
    """The cell without what it says; words stay."""
    return Cell(format=cell.format, n=cell.n, flag="suppressed") if cell.format != "text" else cell
