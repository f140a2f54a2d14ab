"""The border, two views: what travellers tell of their last crossing beside what observers saw at the posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from survey_server.estimation.design import Bools, Floats
from survey_server.reports.measure import Columns, Comparison, Pair, estimate_cell
from survey_server.reports.observed import Observed
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import BLANK, Cell, Chart, Column, LeftOut, Note, Page, Prose, Row, Table, text_cell

APART = 15.0
OFFICIAL = "1"


@dataclass(frozen=True)
class Behaviour:
    """One thing that the public sees and an observer can tick: the question with its yes, and the item with its yes."""

    key: str
    asked: str
    yes: frozenset[str]
    no: frozenset[str]
    seen: tuple[str, ...]
    crossing: bool = True


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


BEHAVIOURS = (
    Behaviour("present", "x_nvis", _codes("1 2 3"), _codes("0"), ("m5_position",)),
    Behaviour("questions", "x_ask", _codes("1"), _codes("0"), ("m2_where", "m2_why")),
    Behaviour("documents", "x_doc", _codes("1"), _codes("0"), ("m1_inspect",)),
    Behaviour("recorded", "x_record", _codes("1"), _codes("0"), ("m3_log",)),
    Behaviour("searched", "x_search", _codes("1"), _codes("0"), ("searched",)),
    Behaviour("thorough", "x_thor", _codes("1 2"), _codes("3 4"), ("m4_system",)),
    Behaviour("patrols", "see_patrol", _codes("1 2 3"), _codes("4 5"), ("m5_patrol",), crossing=False),
    Behaviour("respect", "x_court", _codes("1 2"), _codes("3 4"), ("m6_respect",)),
)
TRAVELLERS = ("S47", "S48", "S49", "S50", "S51", "S52", "S53", "S54", "S55")


def build_border(study: Study) -> Page | LeftOut:
    """Both views of the same behaviours; neither is the truth."""
    name = study.t["page.border"]
    survey = next((p for p in study.surveys if any(b.asked in p.after.frame.columns for b in BEHAVIOURS)), None)
    watched = next((p for p in study.observations if Observed(p).items), None)
    if survey is None or watched is None:
        return LeftOut("border", name, note("left_out.no_border"))
    able = [b for b in BEHAVIOURS if _is_in(survey, (b.asked,)) and _is_in(watched, b.seen)]
    told, seen = _told(survey, able), _seen(watched, able)
    table = _table(study, survey, able, told, seen)
    if not any(cell.shown for row in table.rows for cell in row.cells):
        return LeftOut("border", name, note("left_out.no_border"))
    apart = [row for row in table.rows if row.cells[-1].mark]
    cells = {"count": Cell(float(len(apart))), "all": Cell(float(len(table.rows)))}
    message = Note("border.message.apart" if apart else "border.message", cells)
    named = [note("border.apart", names=study.t.listed(row.label for row in apart))] if apart else []
    blocks = (
        Prose((note("border.lead"), *named), "lead"),
        Chart("border", "views", table, study.t["border.alt"], caption=note("border.caption")),
        table,
        _others(study, survey),
    )
    return Page("border", name, message, tuple(b for b in blocks if not isinstance(b, Table) or b.rows))


def _is_in(pair: Pair, names: Sequence[str]) -> bool:
    return all(name in sample.frame.columns for sample in pair.samples for name in names)


def _told(pair: Pair, able: Sequence[Behaviour]) -> Mapping[str, Comparison]:
    """What those say who crossed at an official post (patrols: everybody)."""
    columns = [Columns({b.key: _answers(sample, b) for b in able}, {}) for sample in pair.samples]
    cube = pair.cube(columns, {b.key: "share" for b in able})
    return {b.key: cube.comparison(b.key).scaled(100) for b in able}


def _answers(sample: Sample, behaviour: Behaviour) -> Floats:
    codes = sample.codes(behaviour.asked).astype(str)
    known = np.isin(codes, list(behaviour.yes | behaviour.no))
    if behaviour.crossing and "x_where" in sample.frame.columns:
        known &= sample.codes("x_where").astype(str) == OFFICIAL
    return np.where(known, np.isin(codes, list(behaviour.yes)).astype(float), np.nan)


def _seen(pair: Pair, able: Sequence[Behaviour]) -> Mapping[str, Mapping[str, Comparison]]:
    """What observers saw, announced and unannounced apart: never pooled."""
    observed = Observed(pair)
    found: dict[str, dict[str, Comparison]] = {b.key: {} for b in able}
    for mode in ("announced", "unannounced"):
        columns = []
        for sample in pair.samples:
            is_open: Bools = observed.announced(sample)
            rows = is_open if mode == "announced" else ~is_open
            columns.append(Columns({b.key: np.where(rows, _ticks(sample, b), np.nan) for b in able}, {}))
        cube = pair.cube(columns, {b.key: "share" for b in able})
        for behaviour in able:
            found[behaviour.key][mode] = cube.comparison(behaviour.key).scaled(100)
    return found


def _ticks(sample: Sample, behaviour: Behaviour) -> Floats:
    """1 where any of the items was met, 0 where all that could be scored were not or partly met."""
    columns = [sample.codes(name).astype(str) for name in behaviour.seen]
    if behaviour.seen == ("searched",):
        return np.where(np.isin(columns[0], ("0", "1")), (columns[0] == "1").astype(float), np.nan)
    met = np.any([column == "2" for column in columns], axis=0)
    scored = np.any([np.isin(column, ("0", "1", "2")) for column in columns], axis=0)
    return np.where(scored, met.astype(float), np.nan)


def _table(
    study: Study,
    survey: Pair,
    able: Sequence[Behaviour],
    told: Mapping[str, Comparison],
    seen: Mapping[str, Mapping[str, Comparison]],
) -> Table:
    t, waves = study.t, study.wave_names
    keys = list(zip(("before", "after")[-len(waves) :], waves, strict=True))
    columns = [Column(f"told.{key}", wave, t["border.told"]) for key, wave in keys]
    for mode in ("unannounced", "announced"):
        columns += [Column(f"{mode}.{key}", wave, t[f"border.{mode}"]) for key, wave in keys]
    columns.append(Column("apart", t["border.difference"], detail=t["border.difference.of"]))
    rows = tuple(_row(study, b, told[b.key], seen[b.key], [key for key, _ in keys]) for b in able)
    notes = (note("border.note"), note("note.small_cells"))
    return Table("border.views", "", tuple(columns), rows, notes=notes, layout="items", corner=t["border.behaviour"])


def _row(
    study: Study, behaviour: Behaviour, told: Comparison, seen: Mapping[str, Comparison], keys: Sequence[str]
) -> Row:
    cells: list[Cell] = []
    for comparison in (told, seen["unannounced"], seen["announced"]):
        sides = {"before": comparison.before, "after": comparison.after}
        cells += [estimate_cell(sides[key], "percent1", interval=False) for key in keys]
    one, two = cells[len(keys) - 1], cells[2 * len(keys) - 1]
    apart = BLANK
    if one.value is not None and two.value is not None:
        gap = one.value - two.value
        apart = Cell(gap, "pp", n=min(one.n or 0, two.n or 0), mark="apart" if abs(gap) > APART else "")
    return Row(behaviour.key, study.t[f"border.{behaviour.key}"], (*cells, apart))


def _others(study: Study, pair: Pair) -> Table:
    """The registry's other indicators of travellers, with what they may be read as."""
    t = study.t
    columns = [Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True)]
    if pair.before:
        columns.append(Column("change", t["head.change"], detail=t["head.interval"]))
    columns.append(Column("n", "n", detail=pair.after.data.wave.name))
    return Table(
        "border.travellers",
        t["border.travellers"],
        tuple(columns),
        tuple(_other_rows(study, pair)),
        notes=(note("border.travellers.note"),),
        layout="items",
        corner=t["head.indicator"],
    )


def _other_rows(study: Study, pair: Pair) -> Iterator[Row]:
    for result in study.results:
        if result.pair is pair and result.indicator.code in TRAVELLERS and result.comparison.after:
            sensitive = result.indicator.sensitive
            sides = (result.comparison.before, result.comparison.after) if pair.before else (result.comparison.after,)
            cells = [estimate_cell(side, result.value_format, sensitive=sensitive) for side in sides]
            if pair.before:
                change = estimate_cell(
                    result.comparison.difference, result.change_format, interval=True, sensitive=sensitive
                )
                cells.append(BLANK if result.comparability.breaks else change)
            cells.append(Cell(float(result.comparison.after.n)))
            unit = text_cell(study.t.find(f"unit.{result.indicator.unit}", result.indicator.unit)).text
            yield Row(result.indicator.code, study.label(result), tuple(cells), detail=unit)
