"""Observer compliance: every item of the checklist, what was met, partly met or not, and how it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from survey_server.reports.measure import Columns, Pair, count_cell, estimate_cell, share_cell
from survey_server.reports.observed import NOT_SCORED, SCORES, Observed
from survey_server.reports.pages.agreement import agreement_tables
from survey_server.reports.pages.posts import post_blocks
from survey_server.reports.pages.used import used_blocks
from survey_server.reports.questionnaire import Item, text_in
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import BLANK, Cell, Column, LeftOut, Note, Page, Part, Prose, Row, SideBySide, Table

DAGGERS = {"dagger": "†", "dropped": "††"}


def build_compliance(study: Study) -> Page | LeftOut:
    """What observers saw officers do, item by item, where officers were not told of the visit."""
    name = study.t["page.compliance"]
    observed = [Observed(pair) for pair in study.observations]
    observed = [one for one in observed if one.items]
    if not observed:
        return LeftOut("compliance", name, note("left_out.no_observation"))
    tables = [table for one in observed if (table := _items(study, one)).rows]
    tables += [table for one in observed if (table := _indicators(study, one.pair)).rows]
    beside: list[Part] = [part for one in observed for part in post_blocks(study, one)]
    rest = [SideBySide((*beside, *used_blocks(study)))]
    agreed = [table for one in observed for table in agreement_tables(study, one)]
    index = [r for r in study.headlines if r.pair in study.observations and r.comparison.after]
    cells = {"items": Cell(float(sum(len(one.items) for one in observed)))}
    if not index:
        return Page("compliance", name, Note("compliance.message.items", cells), (*tables, *rest, *agreed))
    cells["index"] = estimate_cell(index[0].comparison.after, "index")
    lead = Prose((note("compliance.lead"),), "lead")
    return Page(
        "compliance",
        name,
        Note("compliance.message", cells, {"name": study.label(index[0])}),
        (lead, *tables, *rest, *agreed),
    )


def _items(study: Study, observed: Observed) -> Table:
    t, pair = study.t, observed.pair
    columns = [
        Column("scored", t["compliance.scored"]),
        Column("met", t["compliance.met"], t["compliance.of_scored"]),
        Column("partly", t["compliance.partly"], t["compliance.of_scored"]),
        Column("not", t["compliance.not"], t["compliance.of_scored"]),
        Column("77", "77"),
        Column("66", "66"),
        Column("after", t["compliance.score"], detail=pair.after.data.wave.name),
    ]
    if pair.before:
        columns.append(Column("change", t["head.change"], detail=t["head.interval"]))
    rows: list[Row] = []
    for title, group in groupby(observed.items, key=lambda item: text_in(item.section, t.language)):
        rows.append(Row(f"section.{title}", title, (), "section"))
        rows += _item_rows(study, observed, list(group))
    notes = [note("compliance.note"), note("note.small_cells")]
    notes += [note("compliance.no_mix")] if pair.before and observed.same_mix() is None else []
    notes += [note("compliance.dagger")] if any(a.quality in DAGGERS for a in observed.agreements.values()) else []
    base = Note("compliance.base", {"n": count_cell(int((~observed.announced(pair.after)).sum()))})
    return Table(
        f"compliance.{pair.form_id}", "", tuple(columns), tuple(rows), base, tuple(notes), "items", t["head.item"]
    )


def _item_rows(study: Study, observed: Observed, items: Sequence[Item]) -> Iterator[Row]:
    pair = observed.pair
    hidden = [~observed.announced(sample) for sample in pair.samples]
    plain = pair.cube([_scores(observed, s, items, rows) for s, rows in zip(pair.samples, hidden, strict=True)], {})
    mixed = observed.same_mix()
    even = Pair(mixed[0], mixed[1]) if mixed else None
    changes = (
        even.cube([_scores(observed, s, items, rows) for s, rows in zip(even.samples, hidden, strict=True)], {})
        if even
        else None
    )
    for item in items:
        codes = pair.after.codes(item.name)[hidden[-1]].astype(str)
        scored = int(np.isin(codes, SCORES).sum())
        shares = [_share(int((codes == score).sum()), scored) for score in SCORES]
        counts = [count_cell(int((codes == code).sum())) for code in NOT_SCORED]
        cells = [count_cell(scored), *shares, *counts, estimate_cell(plain.comparison(item.name).after, "index")]
        if pair.before:
            change = changes.comparison(item.name).difference if changes else None
            cells.append(estimate_cell(change, "pp", interval=True) if change else BLANK)
        agreement = observed.agreements.get(item.name)
        dagger = DAGGERS.get(agreement.quality, "") if agreement else ""
        yield Row(item.name, f"{study.wording(item)} {dagger}".strip(), tuple(cells))


def _share(part: int, scored: int) -> Cell:
    """A share of the scored encounters, under the small-cell rule."""
    if scored < 25:
        return Cell(format="percent", n=scored, flag="suppressed")
    cell = share_cell(part, scored, "percent")
    return Cell(cell.value, "percent", n=scored, flag="bracketed") if scored < 50 else cell


def _scores(observed: Observed, sample: Sample, items: Sequence[Item], rows: np.ndarray) -> Columns:
    return Columns({i.name: np.where(rows, observed.score(sample, i), np.nan) for i in items}, {})


def _indicators(study: Study, pair: Pair) -> Table:
    """The registry's indicators of the form: domains, rates and flags."""
    t = study.t
    columns = [*(Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True))]
    if pair.before:
        columns.append(Column("change", t["head.change"], detail=t["head.interval"]))
    rows = []
    for result in study.results:
        if result.pair is not pair or not result.comparison.after:
            continue
        sides = (result.comparison.before, result.comparison.after) if pair.before else (result.comparison.after,)
        sensitive = result.indicator.sensitive
        cells = [estimate_cell(side, result.value_format, sensitive=sensitive) for side in sides]
        if pair.before:
            change = estimate_cell(
                result.comparison.difference, result.change_format, interval=True, sensitive=sensitive
            )
            cells.append(BLANK if result.comparability.breaks else change)
        rows.append(Row(result.indicator.code, study.label(result), tuple(cells)))
    table_id, title = f"compliance.indicators.{pair.form_id}", t["compliance.indicators"]
    return Table(table_id, title, tuple(columns), tuple(rows), layout="items folded")
