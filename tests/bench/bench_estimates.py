"""Estimates of 40 items x 2 waves x departments, sex and age, beside a plain bincount over the same arrays.

`svy` and R's `survey` are measured too where they are installed; nothing here needs them.
"""

from __future__ import annotations

import importlib.util
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from survey_server.estimation import Design, Domain, WaveColumns, build_cube
from survey_server.estimation.weights import rake
from tests.bench.measure import measure

ITEMS, DEPARTMENTS = 40, 22


def main() -> None:
    for rows, psus in ((100_000, 1000), (1_000_000, 5000)):
        waves = make_waves(rows, psus)
        name = f"{rows:,} interviews, {psus:,} PSUs, {ITEMS} items"
        floor = best(lambda waves=waves: bincount_floor(waves), 3)  # type: ignore[misc]
        designs = best(lambda waves=waves: build_designs(waves), 3)  # type: ignore[misc]
        ready = build_designs(waves)
        every = best(lambda waves=waves, ready=ready: cube(waves, ready, ("department", "sex", "age")), 3)  # type: ignore[misc]
        plain = best(lambda waves=waves, ready=ready: cube(waves, ready, ("department",)), 3)  # type: ignore[misc]
        measure(f"floor: one bincount per item, {name}", floor * 1000, "ms")
        measure("designs checked and coded (2 waves)", designs * 1000, "ms")
        measure("22 departments, 2 waves and change", plain * 1000, "ms", f"{plain / floor:.1f} x the floor")
        measure("departments, sex, age and everybody", every * 1000, "ms", f"{every / floor:.1f} x the floor")
        raked = [rake_wave(design, wave) for design, wave in zip(ready, waves, strict=True)]
        fitted = best(lambda waves=waves, raked=raked: cube(waves, raked, ("department", "sex", "age")), 1)  # type: ignore[misc]
        measure("the same under raked weights", fitted * 1000, "ms", f"{fitted / floor:.1f} x the floor")
        limit = 1 if rows == 100_000 else 10
        measure("estimates in all", every + designs, "s", f"limit {limit} s")
        if rows == 100_000:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            measure("peak memory, the columns themselves included", peak, "MB", "limit 500 MB")
            beside_svy(waves, plain + designs)
            beside_r(waves, plain + designs)


def make_waves(rows: int, psus: int) -> list[dict[str, np.ndarray]]:
    """Two waves over the same PSUs; departments are made of PSUs, strata of departments x urban and rural."""
    waves = []
    for wave in (0, 1):
        random = np.random.default_rng(wave)
        n = rows // 2
        psu = np.sort(random.integers(0, psus, n))
        department = psu * DEPARTMENTS // psus
        columns = {"psu": psu, "department": department, "stratum": department * 2 + psu % 2}
        columns |= {"sex": random.integers(0, 2, n), "age": random.integers(0, 4, n)}
        columns["weight"] = random.uniform(50, 150, n)
        for i in range(ITEMS):
            y = (random.random(n) < 0.3 + 0.01 * i).astype(float)
            y[random.random(n) < 0.05] = np.nan
            columns[f"q{i}"] = y
        waves.append(columns)
    return waves


def bincount_floor(waves: list[dict[str, np.ndarray]]) -> None:
    """What any method must do at least: add up each item's weights by PSU, sex, age and answer."""
    for columns in waves:
        cell = (columns["psu"] * 8 + columns["sex"] * 4 + columns["age"]) * 3
        size = int(cell.max()) + 3
        for i in range(ITEMS):
            code = np.where(np.isnan(columns[f"q{i}"]), 2, columns[f"q{i}"]).astype(np.intp)
            np.bincount(cell + code, weights=columns["weight"], minlength=size)


def build_designs(waves: list[dict[str, np.ndarray]]) -> list[Design]:
    return [Design(columns["stratum"], columns["psu"], columns["weight"]) for columns in waves]


def rake_wave(design: Design, columns: dict[str, np.ndarray]) -> Design:
    totals = {"sex": {0: 0.52, 1: 0.48}, "age": {0: 0.3, 1: 0.3, 2: 0.2, 3: 0.2}}
    return rake(design, {"sex": columns["sex"], "age": columns["age"]}, totals).design


def cube(waves: list[dict[str, np.ndarray]], designs: list[Design], names: tuple[str, ...]) -> pd.DataFrame:
    sizes = {"department": DEPARTMENTS, "sex": 2, "age": 4}
    items = [f"q{i}" for i in range(ITEMS)]
    columns = [
        WaveColumns(
            f"W{t}",
            design,
            {name: wave[name] for name in items},
            {name: Domain(wave[name], [str(i) for i in range(sizes[name])]) for name in names},
        )
        for t, (wave, design) in enumerate(zip(waves, designs, strict=True))
    ]
    return build_cube(columns, dict.fromkeys(items, "share"))


def beside_svy(waves: list[dict[str, np.ndarray]], ours: float) -> None:
    """The PyPI package svy: the same means in one call, without the changes between waves."""
    if importlib.util.find_spec("svy") is None:
        print("   svy is not installed: pip install svy in a copy of the environment to compare")
        return
    import polars
    import svy

    frame = polars.DataFrame({name: np.concatenate([w[name] for w in waves]) for name in waves[0]})
    frame = frame.with_columns(wave=np.repeat([0, 1], [len(w["psu"]) for w in waves]))
    frame = frame.with_columns(polars.col(f"q{i}").fill_nan(None) for i in range(ITEMS))
    started = time.process_time()
    sample = svy.Sample(frame, svy.Design(stratum="stratum", psu="psu", wgt="weight"))
    sample.estimation.mean([f"q{i}" for i in range(ITEMS)], by=("department", "wave"), drop_nulls=True)
    theirs = time.process_time() - started
    measure("svy, the same means without changes", theirs, "s", f"{theirs / ours:.0f} x ours")


def beside_r(waves: list[dict[str, np.ndarray]], ours: float) -> None:
    """R's survey on one item, scaled up, in seconds of its own process time."""
    r = shutil.which("Rscript")
    probe = [r, "-e", "suppressMessages(library(survey))"] if r else []
    if r is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        print("   R's survey is not installed: apt install r-cran-survey to compare")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "waves.csv"
        frame = pd.DataFrame({name: np.concatenate([w[name] for w in waves]) for name in [*[*waves[0]][:6], "q0"]})
        frame["wave"] = np.repeat([0, 1], [len(w["psu"]) for w in waves])
        frame.to_csv(path, index=False)
        script = (
            f"suppressMessages(library(survey)); x <- read.csv('{path}');"
            "d <- svydesign(id=~psu, strata=~stratum, weights=~weight, data=x);"
            "t <- system.time(svyby(~q0, ~department+wave, subset(d, !is.na(q0)), svymean, covmat=TRUE));"
            "cat(t[['user.self']] + t[['sys.self']])"
        )
        done = subprocess.run([r, "-e", script], capture_output=True, text=True, check=True)
    theirs = float(done.stdout.split()[-1]) * ITEMS
    measure("R survey, means with covariance", theirs, "s", f"{theirs / ours:.0f} x ours")


def best(run: Callable[[], object], times: int) -> float:
    """The shortest of some runs, in seconds of this process's own time (other processes don't count)."""
    spent = []
    for _ in range(times):
        started = time.process_time()
        run()
        spent.append(time.process_time() - started)
    return min(spent)


if __name__ == "__main__":
    main()
