"""Programme against comparison areas: the four means of each headline and the difference in differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from survey_server.estimation.change import DifferenceInDifferences as Did
from survey_server.estimation.multiplicity import holm
from survey_server.reports.matrix import hidden
from survey_server.reports.measure import Pair, count_cell, estimate_cell, number_cell, programme_arm
from survey_server.reports.pages.evidence import balance_blocks, event_blocks, wild_p
from survey_server.reports.results import PSUS_PER_ARM, Result
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Chart, Column, LeftOut, Note, Page, Prose, Row, Table

SIGNIFICANT = 0.05


def build_comparison(study: Study) -> Page | LeftOut:
    """The page that comes closest to saying what the programme did; left out without enough comparison areas."""
    name = study.t["page.comparison"]
    able = [pair for pair in study.pairs if pair.before and all(programme_arm(s) is not None for s in pair.samples)]
    if not able:
        return LeftOut("comparison", name, note("left_out.no_arms" if study.before_wave else "left_out.one_wave"))
    able = [pair for pair in able if min(pair.psus_per_arm) >= PSUS_PER_ARM]
    if not able:
        return LeftOut("comparison", name, Note("left_out.few_psus", {"count": Cell(float(PSUS_PER_ARM))}))
    effects = list(_effects(study, able))
    if not effects:
        return LeftOut("comparison", name, note("left_out.no_arms"))
    adjusted = holm([did.p_value for _, did in effects])
    table = _table(study, effects, adjusted)
    clear = [p for p in adjusted if p < SIGNIFICANT]
    rule = "comparison.message.some" if clear else "comparison.message.none"
    message = Note(rule, {"count": Cell(float(len(clear))), "all": Cell(float(len(effects)))})
    blocks: tuple[Block, ...] = (
        Prose((note("comparison.lead"), *_disagreements(study, effects)), "lead"),
        _chart(study, table),
        table,
        Prose((note("comparison.note"), *_psu_notes(study, able)), "small"),
        *(block for pair in able for block in event_blocks(study, pair, _of(pair, effects))),
        *(block for pair in able for block in balance_blocks(study, pair, _of(pair, effects))),
    )
    return Page("comparison", name, message, blocks)


def _effects(study: Study, pairs: Sequence[Pair]) -> Iterator[tuple[Result, Did]]:
    for result in study.headlines:
        if result.pair in pairs and not result.comparability.breaks and (did := result.pair.did(result.indicator)):
            yield result, did


def _of(pair: Pair, effects: Sequence[tuple[Result, Did]]) -> list[Result]:
    return [result for result, _ in effects if result.pair is pair]


def _table(study: Study, effects: Sequence[tuple[Result, Did]], adjusted: Iterable[float]) -> Table:
    t, waves = study.t, study.wave_names
    columns = (
        *(Column(f"programme.{wave}", wave, t["head.programme_areas"]) for wave in waves),
        *(Column(f"comparison.{wave}", wave, t["head.comparison_areas"]) for wave in waves),
        Column("did", t["head.did"], detail=t["head.interval"]),
        Column("p", "p"),
        Column("p_adjusted", t["head.p_adjusted"]),
        Column("n", "n", detail=t["head.smallest_cell"]),
    )
    wild = [wild_p(result) for result, _ in effects]
    if not all(math.isnan(p) for p in wild):
        columns = (*columns, Column("p_wild", t["head.p_wild"]))
    rows = tuple(
        _row(study, result, did, p, w, len(columns))
        for (result, did), p, w in zip(effects, adjusted, wild, strict=True)
    )
    notes = (note("comparison.table.note"), note("note.small_cells"))
    return Table("comparison.did", "", columns, rows, notes=notes, layout="items", corner=t["head.indicator"])


def _row(study: Study, result: Result, did: Did, adjusted: float, wild: float, columns: int) -> Row:
    scale, sensitive = result.indicator.scale, result.indicator.sensitive
    means = (did.programme_before, did.programme_after, did.comparison_before, did.comparison_after)
    cells = [estimate_cell(mean.scaled(scale), result.value_format, sensitive=sensitive) for mean in means]
    effect = estimate_cell(did.estimate.scaled(scale), result.change_format, interval=True, sensitive=sensitive)
    if not all(cell.shown for cell in (*cells, effect)):  # one hidden cell could be had from the others and the total
        cells, effect = [hidden(cell) for cell in cells], hidden(effect)
    tests = [Cell(p if effect.shown else None, "p") for p in (did.p_value, float(adjusted))]
    line = (*cells, effect, *tests, count_cell(did.estimate.n), number_cell(wild, "p"))
    return Row(result.indicator.code, study.label(result), line[:columns])


def _chart(study: Study, table: Table) -> Chart:
    alt = study.t.write(Note("comparison.chart.alt", {"count": Cell(float(len(table.rows)))}))
    return Chart(
        "comparison", "slope", table, alt, caption=note("comparison.chart", waves=" → ".join(study.wave_names))
    )


def _disagreements(study: Study, effects: Sequence[tuple[Result, Did]]) -> Iterator[Note]:
    """Indicators whose plain change is clear while the difference in differences points the other way."""
    for result, did in effects:
        plain = result.comparison.difference
        if plain and result.p_adjusted < 0.05 and plain.value * did.estimate.value < 0:
            yield note("comparison.disagree", name=study.label(result))


def _psu_notes(study: Study, pairs: Sequence[Pair]) -> Iterator[Note]:
    for pair in pairs:
        programme, comparison = pair.psus_per_arm
        cells = {"programme": Cell(float(programme)), "comparison": Cell(float(comparison))}
        yield Note("comparison.psus", cells, {"form": study.title_of(pair)})
