"""The report by stages: the perception form answered at random, two waves, from the frame to every edition."""

import json
import resource
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import numpy as np
import pandas as pd

from survey_server.db.publishing import check_form
from survey_server.demo.programme import DATA_SETS, FORMS, PERCEPTION
from survey_server.reports.editions import FORMATS, render_edition
from survey_server.reports.questionnaire import Questionnaire, questionnaire_of
from survey_server.reports.wave_data import ProgrammeInfo, WaveData, WaveInfo
from survey_server.reports.wave_summary import build_wave_summary
from survey_server.xlsform.registry import Registry
from tests.bench.measure import measure

T = TypeVar("T")
SITES = 60
LIMITS = {"pdf": "limit 10"}


def main() -> None:
    source = (FORMS / f"{PERCEPTION}.md").read_bytes()
    draft = check_form(f"{PERCEPTION}.md", source, {name: (FORMS / name).read_bytes() for name in DATA_SETS})
    form = questionnaire_of(json.loads(draft.phone))
    for interviews in (1_200, 20_000):
        waves = [[_wave(form, draft.registry, number, interviews)] for number in (1, 2)]
        programme = ProgrammeInfo("BENCH", "Bench", demo=True)
        summary, seconds = _timed(lambda w=waves, p=programme: build_wave_summary(p, w[0], w[1], "es"))
        measure(f"2 x {interviews:,} interviews: all pages as one value", seconds, "s CPU")
        for name in FORMATS if interviews == 1_200 else ("pdf",):
            content, seconds = _timed(lambda s=summary, f=name: render_edition(s, f))
            measure(f"2 x {interviews:,} interviews: {name}", seconds, "s CPU", LIMITS.get(name, ""))
            measure(f"2 x {interviews:,} interviews: {name}", len(content) / 1e6, "MB")
    measure("memory at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", "limit 600")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def _wave(form: Questionnaire, registry: Registry, number: int, interviews: int) -> WaveData:
    """Every question answered at random by everybody: more answers than any real wave has."""
    rng = np.random.default_rng(number)
    site = rng.integers(0, SITES, interviews)
    began = pd.Series(datetime(2026, 1 + number, 1, 15, tzinfo=UTC), index=range(interviews))
    frame = pd.DataFrame({"_id": [f"{number}-{i}" for i in range(interviews)]})
    answers: dict[str, object] = {
        "_version": form.version,
        "_started": began,
        "_ended": began + pd.to_timedelta(rng.normal(22, 4, interviews), unit="min"),
        "_received_at": began,
        "_collected_on": began.dt.tz_localize(None).dt.normalize(),
        "_repeats": 0,
    }
    for item in form.items:
        codes = [choice.code for choice in item.choices]
        if codes:
            answers[item.name] = rng.choice(codes, interviews)
        elif item.kind in ("integer", "decimal"):
            answers[item.name] = rng.integers(1, 90, interviews).astype(float)
    answers |= {
        "psu": [f"P{place}" for place in site],
        "username": [f"EN{place % 15}" for place in site],
        "consent": "1",
        "n_adults": 2.0,
        "age_grp": rng.choice(["1", "2", "3", "4"], interviews),
        "site.stratum": np.where(site < SITES // 2, "norte", "frontera"),
        "site.arm": np.where(site % 2, "programme", "comparison"),
        "site.weight": 1.0 + site % 5,
        "site.department": [f"GT{1 + place % 12:02d}" for place in site],
    }
    wave = WaveInfo(f"W{number}", number, date(2026, 1 + number, 1), date(2026, 1 + number, 28))
    return WaveData(PERCEPTION, wave, (form,), registry, frame.assign(**answers))
