"""Hawthorne panel: how much better conduct looks when someone is known to watch, and whether observers agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from survey_server.estimation.design import Bools
from survey_server.estimation.suppression import complementary
from survey_server.estimation.taylor import estimate_mean
from survey_server.reports.encounters import Encounters, Gap, bands, find_gap, gap_change
from survey_server.reports.matrix import hidden
from survey_server.reports.measure import count_cell, estimate_cell, share_cell
from survey_server.reports.observed import Observed
from survey_server.reports.pages.agreement import agreement_note
from survey_server.reports.registers.monthly import plan_of
from survey_server.reports.study import Study, level_order, levels_of, note
from survey_server.reports.value import (
    Block,
    Cell,
    Chart,
    Column,
    LeftOut,
    Note,
    Page,
    Prose,
    Row,
    SideBySide,
    Table,
)

MINUTES = ((0, 15), (16, 30), (31, 60), (61, math.inf))
VISITS = ((1, 1), (2, 2), (3, 3), (4, math.inf))
SIDES = ("announced", "covert")


def build_hawthorne(study: Study) -> Page | LeftOut:
    """The panel of the first observation form that has announced and covert encounters."""
    for pair in study.observations:
        observed = Observed(pair)
        if observed.index is not None:
            waves = [Encounters.of(observed, [sample]) for sample in pair.samples]
            together = Encounters.of(observed, pair.samples)
            if (gap := find_gap(together)) is not None:
                return _page(study, observed, waves, together, gap)
    return LeftOut("hawthorne", study.t["page.hawthorne"], note("left_out.no_modes"))


def _page(study: Study, observed: Observed, waves: Sequence[Encounters], together: Encounters, gap: Gap) -> Page:
    t = study.t
    message = Note(
        "hawthorne.message" if gap.measured else "hawthorne.message.thin",
        {"gap": estimate_cell(gap.estimate, "index", interval=True)},
    )
    modes = _modes(study, observed, waves, together)
    caption = note("hawthorne.caption.modes")
    blocks: list[Block] = [
        Prose((note("hawthorne.lead"), *_sentences(observed, waves)), "lead"),
        modes,
    ]
    chart = Chart("hawthorne-modes", "modes", modes, t["hawthorne.chart.modes"], caption=caption, size="half")
    blocks.append(SideBySide((chart, _mix(study, observed), _reactions(study, observed))))
    curves = list(_curves(study, together))
    if curves:
        alt, more = t["hawthorne.chart.curves"], tuple(curves[1:])
        blocks += [Chart("hawthorne-curves", "curve", curves[0], alt, more=more), SideBySide(tuple(curves))]
    blocks.append(Prose(tuple(agreement_note(observed)), "", t["agreement.title"]))
    return Page("hawthorne", t["page.hawthorne"], message, tuple(blocks))


def _sentences(observed: Observed, waves: Sequence[Encounters]) -> Iterator[Note]:
    """What became of the gap between the waves; its growth is a compulsory sentence."""
    gaps = [find_gap(wave) for wave in waves]
    if len(gaps) == 2 and gaps[0] is not None and gaps[1] is not None:
        moved = gap_change(gaps[0], gaps[1], observed.pair.shared)
        rule = "grew" if moved.low > 0 else "shrank" if moved.high < 0 else "same"
        yield Note(f"hawthorne.change.{rule}", {"change": estimate_cell(moved, "pp", interval=True)})


def _modes(study: Study, observed: Observed, waves: Sequence[Encounters], together: Encounters) -> Table:
    """The index by mode, for each wave and for all together, with the gap as its last row."""
    t, pair = study.t, observed.pair
    views = {
        key: (sample.data.wave.name, wave)
        for key, sample, wave in zip(pair.wave_keys, pair.samples, waves, strict=True)
    }
    if len(waves) > 1:
        views["both"] = (t["hawthorne.both"], together)
    columns = []
    for key, (name, _) in views.items():
        columns += [Column(f"{key}.n", "n", name), Column(key, t["hawthorne.index"], name)]
    item = pair.after.data.item(observed.mode_column)
    rows = []
    for mode in level_order(levels_of([together.modes]), item):
        cells = tuple(cell for _, view in views.values() for cell in _mean_cells(view, view.modes == mode))
        rows.append(Row(mode, study.level_label(pair, observed.mode_column, mode), cells))
    rows = _protected(rows, list(views))
    gap_cells = tuple(cell for _, view in views.values() for cell in _gap_cells(find_gap(view)))
    rows.append(Row("gap", t["hawthorne.gap"], gap_cells, "total"))
    notes = (note("hawthorne.modes.note"), note("note.small_cells"))
    return Table("hawthorne.modes", "", tuple(columns), tuple(rows), notes=notes, corner=t["hawthorne.mode"])


def _protected(rows: list[Row], views: Sequence[str]) -> list[Row]:
    """A mode hidden alone takes another with it; and both waves together are hidden where one of them is."""
    columns: list[list[Cell]] = []
    for place in range(len(views)):
        cells = [row.cells[2 * place + 1] for row in rows]
        flags = complementary(
            [cell.flag if cell.flag == "suppressed" else "" for cell in cells], [c.n or 0 for c in cells]
        )
        columns.append([hidden(c) if flag == "suppressed" else c for c, flag in zip(cells, flags, strict=True)])
    if len(views) == len(SIDES) + 1:
        for at in range(len(rows)):
            if not all(column[at].shown for column in columns[:-1]):
                columns[-1][at] = hidden(columns[-1][at])
    return [
        replace(row, cells=tuple(c for place, count in enumerate(row.cells[::2]) for c in (count, columns[place][at])))
        for at, row in enumerate(rows)
    ]


def _gap_cells(gap: Gap | None) -> list[Cell]:
    if gap is None:
        return [Cell(), Cell()]
    return [count_cell(gap.estimate.n), estimate_cell(gap.estimate, "pp", interval=True)]


def _mean_cells(view: Encounters, rows: Bools) -> list[Cell]:
    """The number of encounters and their mean index."""
    inside = rows & ~np.isnan(view.y)
    if not inside.any():
        return [count_cell(0), Cell(format="index")]
    mean = estimate_mean(view.y, view.design, inside)
    cell = estimate_cell(mean, "index", interval=True)
    if cell.low is not None and cell.high is not None:  # few posts: the interval stays on the scale of the index
        cell = replace(cell, low=max(cell.low, 0.0), high=min(cell.high, 100.0))
    return [count_cell(int(inside.sum())), cell]


def _curves(study: Study, together: Encounters) -> Iterator[Table]:
    """The index by visit and by minutes since arrival, announced beside covert, all waves together."""
    t = study.t
    for kind, values, edges in (("visits", together.visits, VISITS), ("minutes", together.minutes, MINUTES)):
        if np.isnan(values).all():
            continue
        columns = []
        for side in SIDES:
            name = t[f"hawthorne.{side}"]
            columns += [Column(f"{side}.n", "n", name), Column(side, t["hawthorne.index"], name)]
        rows = []
        for (low, high), inside in zip(edges, bands(values, edges), strict=True):
            label = f"{low}+" if high == math.inf else f"{low}" if low == high else f"{low}–{high}"
            cells = tuple(cell for side in SIDES for cell in _mean_cells(together, inside & getattr(together, side)))
            if any(cell.value for cell in cells):
                rows.append(Row(label, label, cells))
        rows = _protected(rows, SIDES)
        title, corner = t[f"hawthorne.table.{kind}"], t[f"hawthorne.{kind}"]
        yield Table(f"hawthorne.{kind}", title, tuple(columns), tuple(rows), corner=corner)


def _mix(study: Study, observed: Observed) -> Table:
    """How many encounters were seen in each mode, beside what the plan wants of each."""
    pair = observed.pair
    columns = tuple(Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True))
    modes = [observed.modes(sample) for sample in pair.samples]
    rows = [
        Row(
            mode,
            study.level_label(pair, observed.mode_column, mode),
            tuple(share_cell(int((codes == mode).sum()), len(codes)) for codes in modes),
        )
        for mode in level_order(levels_of(modes), pair.after.data.item(observed.mode_column))
    ]
    rows.append(Row("n", "n", tuple(count_cell(len(codes)) for codes in modes), "total"))
    planned = plan_of(study).modes
    if not planned:
        notes = (note("hawthorne.mix.unplanned"),)
        return Table("hawthorne.mix", study.t["hawthorne.table.mix"], columns, tuple(rows), notes=notes)
    wanted = [Cell(100 * planned.get(row.key, 0.0), "percent1") if row.kind != "total" else Cell() for row in rows]
    rows = [replace(row, cells=(*row.cells, cell)) for row, cell in zip(rows, wanted, strict=True)]
    columns = (*columns, Column("planned", study.t["hawthorne.planned"]))
    return Table("hawthorne.mix", study.t["hawthorne.table.mix"], columns, tuple(rows))


def _reactions(study: Study, observed: Observed) -> Table:
    """How often the officers seemed to know, and how often someone reacted, by wave."""
    pair, t = observed.pair, study.t
    columns = tuple(Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True))
    rows = []
    for role in ("seen", "reacted"):
        for side in SIDES:
            cells = []
            for sample in pair.samples:
                said = observed.is_yes(sample, role)[getattr(observed, side)(sample)]
                known = said[~np.isnan(said)]
                cells.append(share_cell(float(known.sum()), len(known)))
            if any(cell.shown for cell in cells):
                rows.append(Row(f"{role}.{side}", t[f"hawthorne.{role}"], tuple(cells), detail=t[f"hawthorne.{side}"]))
    return Table("hawthorne.reactions", t["hawthorne.table.reactions"], columns, tuple(rows))
