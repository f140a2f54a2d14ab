"""Registers made by hand for tests: a form of the house with rows as the database gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from survey_server.db.publishing import check_form
from survey_server.reports.catalogue import get_catalogue
from survey_server.reports.questionnaire import Questionnaire, questionnaire_of
from survey_server.reports.sample import Sample
from survey_server.reports.study import Study
from survey_server.reports.value import LeftOut, Page, Table, tables_of
from survey_server.reports.wave_data import ProgrammeInfo, WaveData, WaveInfo
from survey_server.xlsform.registry import Registry

FORMS = Path(__file__).parents[2] / "forms"
MONTHS = [f"{2025 + k // 12}-{k % 12 + 1:02d}" for k in range(24)]
START = "2026-01"
FLAT = [20.0, 22.0, 19.0, 21.0] * 6


@cache
def compiled(name: str) -> tuple[Questionnaire, Registry]:
    source = (FORMS / f"{name}.md").read_text()
    data = {path.name: path.read_bytes() for path in FORMS.glob("*.csv") if path.name in source}
    draft = check_form(f"{name}.md", source.encode(), data)
    return questionnaire_of(json.loads(draft.phone)), draft.registry


def register(
    name: str, rows: Sequence[Mapping[str, Any]], repeats: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> Sample:
    """A register as the database gives it."""
    frame = pd.DataFrame(rows)
    frame["_id"] = [f"{name}-{place}" for place in range(len(frame))]
    if "_received_at" not in frame.columns:
        frame["_received_at"] = pd.Timestamp("2027-01-05", tz="UTC")
    questionnaire, registry = compiled(name)
    frames = {key: pd.DataFrame(lines) for key, lines in (repeats or {}).items()}
    info = WaveInfo("Registro", 1)
    return Sample(WaveData(name, info, (questionnaire,), registry, frame, repeats=frames))


def study_of(plan: Mapping[str, Any] | None = None, **registers: Sample) -> Study:
    info = ProgrammeInfo("P", "Programa", plan={"started": START} if plan is None else plan)
    return Study(info, (), get_catalogue("es"), {f"ssr_{name}": sample for name, sample in registers.items()})


def returns(deaths: Mapping[str, Sequence[float | None]], **more: float) -> list[dict[str, Any]]:
    """A return for each unit and month with a number; None: it never came."""
    return [
        {
            "unit": unit,
            "month": f"{month}-01",
            "revision": 1.0,
            "complete": "1",
            "dead_viol": count,
            "siege_days": 0.0,
            "site.arm": "programme" if unit.startswith("P") else "comparison",
            **more,
        }
        for unit, counts in deaths.items()
        for month, count in zip(MONTHS, counts, strict=False)
        if count is not None
    ]


def page_of(built: Page | LeftOut) -> Page:
    assert isinstance(built, Page)
    return built


def table(page: Page, name: str) -> Table:
    return next(one for one in tables_of(page) if one.id == name)
