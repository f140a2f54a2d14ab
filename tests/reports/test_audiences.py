"""Editions: what partners and the public may see, and that holding several says no more than the fullest."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from survey_server.problems import UnknownEdition
from survey_server.reports.audiences import EDITIONS, protected
from survey_server.reports.csv_pack import csv_lines
from survey_server.reports.editions import file_name, render_edition
from survey_server.reports.value import Cell, Column, Row, Table
from survey_server.reports.wave_data import ProgrammeInfo, WaveData
from survey_server.reports.wave_summary import WaveSummary, build_wave_summary

Waves = tuple[ProgrammeInfo, list[WaveData], list[WaveData]]
DEPARTMENT = "site.department"


@pytest.fixture(scope="module")
def editions(waves: Waves) -> Mapping[str, WaveSummary]:
    """All editions of one report."""
    return {edition: build_wave_summary(*waves, "es", edition) for edition in EDITIONS}


def cells(summary: WaveSummary) -> dict[tuple[str, str, str], str]:
    return {(line.table_id, line.row, line.col): line.value for line in csv_lines(summary)}


def test_it_shows_nothing_in_a_more_public_edition_that_a_fuller_one_hides(
    editions: Mapping[str, WaveSummary],
) -> None:
    for fuller, narrower in (("full", "us"), ("us", "partner"), ("partner", "public"), ("full", "public")):
        above = cells(editions[fuller])
        tables = {key: value for key, value in cells(editions[narrower]).items() if not key[0].startswith("text.")}
        assert {key for key, value in tables.items() if value and above.get(key) != value} == set()


def test_it_names_no_person_post_or_point_outside_the_full_edition(
    editions: Mapping[str, WaveSummary], waves: Waves
) -> None:
    codes = {
        str(code) for data in waves[2] for name in ("username", "post", "psu") for code in data.frame.get(name, ())
    }
    for edition in ("us", "partner", "public"):
        text = render_edition(editions[edition], "html").decode() + render_edition(editions[edition], "json").decode()
        assert {code for code in codes if f">{code}<" in text or f'"{code}"' in text or f" {code} " in text} == set()
    full = render_edition(editions["full"], "html").decode()
    assert ">EN03<" in full


def test_it_leaves_the_interviewers_table_to_the_full_edition(editions: Mapping[str, WaveSummary]) -> None:
    assert any(table.id.startswith("quality.interviewers") for table in editions["full"].tables())
    assert not any(
        table.audience == "full" for edition in ("partner", "public") for table in editions[edition].tables()
    )


def test_it_fits_the_public_edition_on_two_sheets_and_says_what_it_is(editions: Mapping[str, WaveSummary]) -> None:
    reader = PdfReader(io.BytesIO(render_edition(editions["public"], "pdf")))
    assert len(reader.pages) <= 3
    assert "Edición pública" in reader.pages[0].extract_text()
    assert {page.reason.rule for page in editions["public"].left_out} >= {"left_out.edition"}


def test_it_hides_everything_under_50_cases_from_the_public(editions: Mapping[str, WaveSummary]) -> None:
    table = next(table for table in editions["public"].tables() if table.id == "breakdown.small")
    estimates = [cell for row in table.rows for cell in row.cells if cell.format not in ("count", "text")]
    assert estimates
    assert all(cell.value is None for cell in estimates if (cell.n or 0) < 50)


def test_it_gives_each_edition_its_own_id_and_file_name(editions: Mapping[str, WaveSummary]) -> None:
    assert len({summary.report_id for summary in editions.values()}) == len(EDITIONS)
    assert file_name(editions["public"], "pdf").endswith("_public.pdf")
    assert "_public" not in file_name(editions["full"], "pdf")


def test_it_names_on_the_cover_who_gets_the_edition(waves: Waves) -> None:
    programme = replace(
        waves[0], funder="Donante", recipients={"us": ("Embajada", "Oficina"), "full": ("Misión Andina",)}
    )
    shared = render_edition(build_wave_summary(programme, *waves[1:], "es", "us"), "html").decode()
    assert "Destinatarios: Embajada; Oficina." in shared
    assert "Donante" in shared
    assert "Misión Andina" not in shared
    partner = render_edition(build_wave_summary(programme, *waves[1:], "es", "partner"), "html").decode()
    assert "Sin lista de destinatarios." in partner


def test_it_refuses_an_edition_that_there_is_not(waves: Waves) -> None:
    with pytest.raises(UnknownEdition):
        build_wave_summary(*waves, "es", "secret")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(min_value=3, max_value=160), min_size=3, max_size=6), seed=st.integers(0, 999))
def test_it_can_not_be_subtracted_from_totals_or_between_editions(waves: Waves, sizes: list[int], seed: int) -> None:
    """Whoever holds all editions solves for hidden departments: none may come out."""
    programme, before, after = waves
    data = after[0]
    frame = data.frame[data.frame["consent"] == "1"].copy()
    order = np.random.default_rng(seed).permutation(len(frame))
    ends = np.cumsum(np.array(sizes) * len(frame) // sum(sizes))
    frame[DEPARTMENT] = [
        f"GT{1 + min(int(np.searchsorted(ends, place, 'right')), len(sizes) - 1):02d}" for place in order
    ]
    frame["site.weight"] = 1.0
    first = replace(before[0], frame=before[0].frame.assign(**{DEPARTMENT: "GT01", "site.weight": 1.0}))
    held = [build_wave_summary(programme, [first], [replace(data, frame=frame)], "es", edition) for edition in EDITIONS]
    for column in ("X01.after", "X02.after", "X04.after"):
        assert _worked_out(held, column) == set()


def _worked_out(held: list[WaveSummary], column: str) -> set[str]:
    """The departments hidden in the full edition whose value follows from everything that is shown."""
    full = _departments(held[0], column)
    known = {level for summary in held for level, cell in _departments(summary, column).items() if cell.shown}
    hidden = {level for level, cell in full.items() if not cell.shown and (cell.n or 0) > 0}
    unknown = [level for level in full if level not in known and (full[level].n or 0) > 0]
    return hidden if len(unknown) == 1 else {level for level in hidden if level in known}


def _departments(summary: WaveSummary, column: str) -> dict[str, Cell]:
    found = next((table for table in summary.tables() if table.id == "breakdown.small"), None)
    if found is None or all(each.key != column for each in found.columns):
        return {}
    place = found.column(column)
    return {row.key: row.cells[place] for row in found.rows if row.key.startswith(f"{DEPARTMENT}=")}


@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=8),
    st.integers(min_value=25, max_value=60),
)
def test_it_never_leaves_one_hidden_cell_alone_in_its_group(groups: list[tuple[int, bool]], least: int) -> None:
    rows = [
        Row(f"r{place}", "", (Cell(1.0, "percent1", n=n, flag="suppressed" if is_hidden else ""),))
        for place, (n, is_hidden) in enumerate(groups)
    ]
    table = Table("t", "", (Column("a", "a"),), (Row("g", "", (), "section"), *rows))
    done = protected(table, least)
    after = [row.cells[0] for row in done.rows if row.cells]
    hidden = [cell for cell in after if not cell.shown and (cell.n or 0) > 0]
    shown = [cell for cell in after if cell.shown]
    assert all((cell.n or 0) >= least for cell in shown)
    assert not (len(hidden) == 1 and shown)


@pytest.mark.parametrize(("n", "text"), [(24, "‡"), (25, "("), (49, "("), (50, "")])
def test_it_suppresses_24_cases_brackets_25_to_49_and_prints_50(waves: Waves, n: int, text: str) -> None:
    programme, before, after = waves
    frame = after[0].frame[after[0].frame["consent"] == "1"].copy()
    answered = frame["safe_night"].isin(["1", "2", "3", "4"])
    chosen = frame.index[answered][:n]
    frame[DEPARTMENT] = np.where(frame.index.isin(chosen), "GT01", np.where(frame.index % 2 == 0, "GT02", "GT03"))
    summary = build_wave_summary(programme, before[:1], [replace(after[0], frame=frame)], "es")
    table = next(table for table in summary.tables() if table.id == "breakdown.small")
    cell = table.cell(f"{DEPARTMENT}=GT01", "X01.after")
    flags = {"‡": "suppressed", "(": "bracketed", "": ""}
    assert (cell.n, cell.flag) == (n, flags[text])


def test_it_builds_the_same_public_edition_whatever_language_is_read(
    build: Callable[..., WaveSummary], waves: Waves
) -> None:
    shown = [
        {key: value for key, value in cells(build_wave_summary(*waves, language, "public")).items() if value}
        for language in ("es", "fr")
    ]
    assert shown[0] == shown[1]
