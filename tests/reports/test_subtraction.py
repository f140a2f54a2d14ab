"""Whoever holds every edition, in every language and form, adds and subtracts: what is hidden must stay hidden."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import html
from openpyxl import load_workbook

from survey_server.estimation.incident_counts import count_incidents
from survey_server.estimation.incidents import GRAVE, incident_frame
from survey_server.reports.audiences import EDITIONS
from survey_server.reports.csv_pack import csv_lines
from survey_server.reports.editions import render_edition
from survey_server.reports.formats import SUPPRESSED
from survey_server.reports.pages.incidents import incident_tables
from survey_server.reports.value import Cell
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary
from tests.reports.registers import register, study_of

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
HELD = [*((edition, "es") for edition in EDITIONS), ("full", "en"), ("partner", "fr"), ("public", "en")]
KINDS, DAYS = ("0101", "0301", "0501", "0601", "0901"), ("2025-09-01", "2026-03-01", "2026-09-01")


@pytest.fixture(scope="module")
def held(waves: Waves) -> Mapping[tuple[str, str], WaveSummary]:
    """Editions and languages, all of the same data."""
    return {(edition, language): build_wave_summary(*waves, language, edition) for edition, language in HELD}


@pytest.fixture(scope="module")
def hidden(held: Mapping[tuple[str, str], WaveSummary]) -> set[tuple[str, str, str]]:
    """What the fullest edition hides."""
    found = {(line.table_id, line.row, line.col) for line in csv_lines(held["full", "es"]) if line.flag == "suppressed"}
    assert len(found) > 5
    return {key for key in found if not key[0].startswith("text.")}


def test_no_edition_and_no_language_tells_what_the_fullest_hides(
    held: Mapping[tuple[str, str], WaveSummary], hidden: set[tuple[str, str, str]]
) -> None:
    for summary in held.values():
        told = {(line.table_id, line.row, line.col): line for line in csv_lines(summary)}
        assert {key for key in hidden & set(told) if told[key].value or told[key].se or told[key].n_eff} == set()
        assert not [key for key in told if key[2].endswith((".low", ".high")) and _of_edge(key) in hidden]


def _of_edge(key: tuple[str, str, str]) -> tuple[str, str, str]:
    return key[0], key[1], key[2].rpartition(".")[0]


@pytest.mark.parametrize("key", [("full", "es"), ("partner", "fr"), ("public", "en")])
def test_every_form_of_an_edition_hides_the_same_cells(
    key: tuple[str, str], held: Mapping[tuple[str, str], WaveSummary]
) -> None:
    summary = held[key]
    cells = [cell for table in summary.tables() for row in table.rows for cell in row.cells]
    dark = [cell for cell in cells if cell.flag == "suppressed"]
    assert all(cell.value is cell.se is cell.low is cell.high is None for cell in dark)
    written = list(_suppressed(json.loads(render_edition(summary, "json"))))
    assert len(written) >= len(dark) > 0
    assert all(set(cell) & {"value", "se", "low", "high", "text"} == set() for cell in written)
    book = load_workbook(io.BytesIO(render_edition(summary, "xlsx")))
    signs = Counter(cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    assert signs[SUPPRESSED] == len(dark)
    page = html.document_fromstring(render_edition(summary, "html").decode())
    assert {cell.text_content().strip() for cell in page.xpath("//td[contains(@class, 'suppressed')]")} == {SUPPRESSED}


def _suppressed(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, dict):
        if part.get("flag") == "suppressed":
            yield part
        for inner in part.values():
            yield from _suppressed(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _suppressed(inner)


@settings(max_examples=15, deadline=None)
@given(
    counts=st.lists(st.lists(st.integers(0, 12), min_size=15, max_size=15), min_size=2, max_size=5),
)
def test_the_table_of_departments_tells_of_grave_kinds_what_the_cube_tells(counts: Sequence[Sequence[int]]) -> None:
    """The cube's own attacker is in tests/estimation/test_told_places.py: here is nothing more to attack."""
    rows = [
        {
            "adm1": f"GT{area + 1:02d}",
            "muni": f"GT{area + 1:02d}01",
            "unit": "U1",
            "ictype": kind,
            "t_event": f"{day}T10:00:00",
            "_received_at": pd.Timestamp(f"{day}T18:00:00Z"),
        }
        for area, line in enumerate(counts)
        for (day, kind), n in zip(product(DAYS, KINDS), line, strict=True)
        for _ in range(n)
    ]
    assume(len({row["t_event"] for row in rows}) == len(DAYS))
    study = study_of(incident=register("ssr_incident", rows))
    table = next(table for table in incident_tables(study) if table.id == "incidents.places")
    cube = count_incidents(incident_frame(pd.DataFrame(rows)), ("department", "group", "half"))
    grave = cube[cube["group"].isin(GRAVE)]
    told = {(row["department"], f"{row['group']}.{row['half']}"): row["n"] for row in grave.to_dict(orient="records")}
    shown = {
        (row.key.replace("joined", "*"), column.key): cell.value
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if "." in column.key and cell.value
    }
    assert shown == told
    assert not [n for (place, _), n in shown.items() if place != "*" and n < 5]
    assert not [column.key for column in table.columns if column.key.endswith("2026-S2")]


def test_no_later_report_tells_what_a_waves_own_report_hid(waves: Waves) -> None:
    """A wave hides a department of ten and, for its sake, one of sixty; a later one hides another for its sake."""
    programme, (before, *_), (after, *_) = waves
    first = _in_departments(before, GT09=10, GT18=60, GT17=0)
    compared = build_wave_summary(programme, [first], [_in_departments(after, GT09=100, GT17=40, GT18=0)], "es")
    own = build_wave_summary(programme, [], [first], "es")
    hid = {(row, column) for row, column, cell in _breakdown(own) if cell.flag == "suppressed"}
    assert {row for row, _ in hid} >= {"site.department=GT09", "site.department=GT18"}
    told = {(row, column): cell for row, column, cell in _breakdown(compared)}
    for row, column in hid:
        indicator = column.removesuffix(".after")
        assert told[row, f"{indicator}.change"].value is None, "the value after less the change is the value before"
        assert told.get((row, f"{indicator}.before"), HIDDEN).value is None
    assert any(told[row, column].value is not None for row, column in hid), "the wave after hides nothing of its own"


def _in_departments(data: WaveData, **sizes: int) -> WaveData:
    """The wave with so many interviews in each department, the rest in the last one."""
    *names, last = sizes
    departments = np.repeat([*names, last], [*(sizes[name] for name in names), len(data.frame) - sum(sizes.values())])
    return replace(data, frame=data.frame.assign(**{"site.department": departments}))


HIDDEN = Cell(flag="suppressed")


def _breakdown(summary: WaveSummary) -> Iterator[tuple[str, str, Cell]]:
    """Row, column and cell of the estimates by group."""
    for table in summary.tables():
        if table.id == "breakdown.small":
            for row in table.rows:
                for column, cell in zip(table.columns, row.cells, strict=False):
                    if "." in column.key and "=" in row.key:
                        yield row.key, column.key, cell
