"""Annex 1: how the numbers were made, written from the design that was used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from survey_server.reports.measure import Pair, count_cell, number_cell
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study, note
from survey_server.reports.value import Block, Cell, Column, Note, Page, Paragraphs, Prose, Row, SideBySide, Table

PARAGRAPHS = ("estimates", "change", "many", "verdict", "comparable", "small", "missing", "limits")


def build_method(study: Study) -> Page:
    """The methodology annex."""
    tables = tuple(
        table for pair in study.pairs for table in (_design(study, pair), _strata(study, pair)) if table.rows
    )
    prose = [Prose((note(f"method.{key}"),), title=study.t[f"method.title.{key}"]) for key in PARAGRAPHS]
    if study.before_wave is not None:
        prose.append(Prose((note("method.elsewhere"),), title=study.t["method.title.elsewhere"]))
    prose.append(Prose((_ethics(study),), title=study.t["method.title.ethics"]))
    if study.observations:
        prose.insert(5, Prose((note("method.observation"),), title=study.t["method.title.observation"]))
    blocks: tuple[Block, ...] = (
        Prose((note("method.lead"),), "lead"),
        SideBySide(tables),
        Prose((*_lonely(study), *_raked(study)), "small"),
        Paragraphs(tuple(prose)),
    )
    return Page("method", study.t["page.method"], note("method.message"), blocks)


def _design(study: Study, pair: Pair) -> Table:
    t = study.t
    columns = tuple(Column(key, s.data.wave.name) for key, s in zip(pair.wave_keys, pair.samples, strict=True))
    facts: dict[str, Callable[[Sample], Cell]] = {
        "counted": lambda s: count_cell(s.n),
        "psus": lambda s: count_cell(s.design.n_psu),
        "strata": lambda s: count_cell(s.design.n_strata),
        "df": lambda s: count_cell(s.design.df),
        "weight_ratio": lambda s: number_cell(_weight_ratio(s), "coefficient"),
        "kish": lambda s: number_cell(_kish(s), "coefficient"),
    }
    rows = [Row(key, t[f"method.row.{key}"], tuple(fact(s) for s in pair.samples)) for key, fact in facts.items()]
    if pair.shared is not None and pair.has_sites:
        overlap = Cell(100 * pair.shared.overlap, "percent1")
        rows.append(Row("overlap", t["method.row.overlap"], (*([Cell()] * (len(columns) - 1)), overlap)))
    title = f"{t['method.table.design']} · {study.title_of(pair)}"
    return Table(f"method.design.{pair.form_id}", title, columns, tuple(rows))


def _strata(study: Study, pair: Pair) -> Table:
    """PSUs and interviews by stratum in the wave after."""
    t, sample = study.t, pair.after
    column = sample.role("stratum")
    rows: list[Row] = []
    if column is not None:
        design = sample.design
        stratum = design.psu_stratum[design.row_psu]
        for place, name in enumerate(design.stratum_labels):
            label = study.level_label(pair, column, str(name))
            cells = (count_cell(int(design.psus_of_stratum[place])), count_cell(int((stratum == place).sum())))
            rows.append(Row(str(name), label, cells))
    columns = (Column("psus", t["method.row.psus"]), Column("n", "n"))
    title = f"{t['method.table.strata']} · {sample.data.wave.name}"
    return Table(f"method.strata.{pair.form_id}", title, columns, tuple(rows), corner=t["breakdown.stratum"])


def _ethics(study: Study) -> Note:
    """The references of the ethics approvals that the waves rest on."""
    waves = dict.fromkeys(sample.data.wave for pair in study.pairs for sample in pair.samples)
    papers = dict.fromkeys(paper for wave in waves for paper in wave.ethics)
    return note("method.ethics", papers=study.t.listed(papers)) if papers else note("method.no_ethics")


def _lonely(study: Study) -> Iterator[Note]:
    for pair in study.pairs:
        for sample in pair.samples:
            if sample.design.lonely_strata:
                names = ", ".join(str(name) for name in sample.design.lonely_strata)
                yield note("method.lonely", wave=sample.data.wave.name, strata=names)


def _raked(study: Study) -> Iterator[Note]:
    """How the weights were fitted to the population, wave by wave."""
    for pair in study.pairs:
        for sample in pair.samples:
            told = sample.fitted.report
            if told is None:
                continue
            columns = [study.breakdown_label(pair, name) for name in "*".join(sample.data.margins).split("*")]
            cells = {
                "rounds": Cell(float(told.rounds)),
                "smallest": Cell(told.smallest_factor, "coefficient"),
                "largest": Cell(told.largest_factor, "coefficient"),
                "trimmed": Cell(float(told.trimmed)),
                "before": Cell(told.kish_before, "coefficient"),
                "after": Cell(told.kish_after, "coefficient"),
                "gap": Cell(100 * told.largest_gap, "percent1"),
            }
            rule = "method.raked" if told.converged else "method.raked_short"
            yield Note(rule, cells, {"wave": sample.data.wave.name, "margins": ", ".join(dict.fromkeys(columns))})


def _weight_ratio(sample: Sample) -> float:
    """The largest weight over the smallest."""
    return float(sample.design.weight.max() / sample.design.weight.min())


def _kish(sample: Sample) -> float:
    """Kish's design effect of the weights alone."""
    weight = sample.design.weight
    return float(len(weight) * np.square(weight).sum() / weight.sum() ** 2)
