"""Are intervals right and false alarms as rare as promised? Simulated programmes of the demo's size, truth known.

Two waves of 1,200 interviews at the same 60 sites (20 each) in 6 strata, unequal weights, sites that differ.
"""

from __future__ import annotations

import numpy as np

from survey_server.estimation import (
    Change,
    Design,
    Estimate,
    WaveColumns,
    build_cube,
    estimate_change,
    estimate_did,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    rake,
    verdict,
)
from survey_server.estimation.causal import permutation_test
from survey_server.estimation.design import Floats
from survey_server.estimation.multiplicity import holm
from tests.bench.measure import measure

SITES, STRATA, EACH = 60, 6, 20
SITE = np.repeat(np.arange(SITES), EACH)
STRATUM = SITE % STRATA


def main() -> None:
    coverage(1000)
    false_alarms(200, 12)
    assignment(400)


def coverage(times: int) -> None:
    """How often the truth lies inside the 95 % interval: one wave, a thin domain, the change."""
    kinds = ("share, one wave", "share of 10 %", "mean", "share in a third of sites", "change of a share", "median")
    kinds += ("ratio", "difference in differences", "share under raked weights")
    inside = dict.fromkeys(kinds, 0)
    third = SITE % 3 == 0
    for seed in range(times):
        random = np.random.default_rng(seed)
        place = random.normal(0, 1, SITES)
        waves = [draw(random, place, shift) for shift in (0.0, 0.06)]
        (before, rare, score, design), (after, _, _, later) = waves
        change = estimate_change((before, design), (after, later), "share")
        thin = estimate_change((before, design, third), (after, later, third), "share")
        few = estimate_change((rare, design), (rare, design), "share")
        mean = estimate_change((score, design), (score, design))
        inside["share, one wave"] += covers(change.before, 0.50)
        inside["share of 10 %"] += covers(few.before, 0.10)
        inside["mean"] += covers(mean.before, 4.0)
        inside["share in a third of sites"] += covers(thin.before, 0.50)
        inside["change of a share"] += covers(change.estimate, 0.06)
        inside["median"] += covers(estimate_quantile(score, design), 4.0)
        inside["ratio"] += covers(estimate_ratio(before, score, design), 0.50 / 4.0)
        arms = SITE % 2 == 0
        did = estimate_did((before, design), (after, later), arms, arms)
        inside["difference in differences"] += covers(did.estimate, 0.0)
        women = (np.random.default_rng(50_000 + seed).random(len(SITE)) < 0.5).astype(int)
        raked = rake(design, {"sex": women}, {"sex": {0: 0.5, 1: 0.5}}).design
        inside["share under raked weights"] += covers(estimate_mean(before, raked, kind="share"), 0.50)
    for what, hits in inside.items():
        measure(f"95 % interval covers the truth: {what}", 100 * hits / times, "%", f"93 to 97 % in {times} samples")


def false_alarms(programmes: int, items: int) -> None:
    """Programmes in which nothing happened: how many say that a headline improved or worsened?"""
    alarms = single = said = 0
    for seed in range(programmes):
        random = np.random.default_rng(10_000 + seed)
        places = random.normal(0, 1, (items, SITES))
        columns = []
        for _ in range(2):
            drawn = [draw(random, place, 0.0) for place in places]
            columns.append(({f"q{i}": d[0] for i, d in enumerate(drawn)}, drawn[0][3]))
        cube = build_cube(
            [WaveColumns(f"W{t}", design, own) for t, (own, design) in enumerate(columns)],
            dict.fromkeys([f"q{i}" for i in range(items)], "share"),
        )
        p = cube[cube.row == "change"].p_value.to_numpy()
        adjusted = holm(p)
        alarms += bool((adjusted < 0.05).any())
        single += int((p < 0.05).sum())
        words = [
            verdict(_change(columns[0], columns[1], f"q{i}"), "up", 0.05, float(adjusted[i])).word_key
            for i in np.flatnonzero(p < 0.05)
        ]
        said += any(word in ("improved", "worsened") for word in words)
    reach = 196 * (0.05 * 0.95 / programmes) ** 0.5
    measure(
        "null programmes with a false headline (Holm)",
        100 * alarms / programmes,
        "%",
        f"nominal 5 % at most, give or take {reach:.0f}",
    )
    measure("null programmes of which the report says a word", 100 * said / programmes, "%", "nominal 5 % at most")
    measure("single changes with p < .05 where nothing changed", 100 * single / programmes / items, "%", "nominal 5 %")


def assignment(times: int) -> None:
    """A programme given to 8 of 16 districts that change each in their own way: how often is there an effect?"""
    wrong = 0
    for seed in range(times):
        change = np.random.default_rng(20_000 + seed).normal(0, 1, 16)
        wrong += permutation_test(change, np.arange(16) < 8).p_t < 0.05
    measure("permutation test with p < .05 where nothing happened", 100 * wrong / times, "%", "nominal 5 %")


def draw(random: np.random.Generator, place: Floats, shift: float) -> tuple[Floats, Floats, Floats, Design]:
    """One wave: an even share, a rare one, a score, and the design; sites keep 0.6 of what sets them apart."""
    own = 0.8 * place + 0.6 * random.normal(0, 1, SITES)
    weight = random.uniform(0.6, 1.4, SITES)[SITE] * random.choice([1.0, 2.0], len(SITE))
    chance = 0.5 + shift + 0.12 * np.clip(own, -3, 3)[SITE]
    rare = np.clip(0.10 + 0.03 * own[SITE], 0, 1)
    even = (random.random(len(SITE)) < chance).astype(float)
    few = (random.random(len(SITE)) < rare).astype(float)
    score = 4.0 + 0.5 * own[SITE] + random.normal(0, 1.5, len(SITE))
    return even, few, score, Design(STRATUM, SITE, weight)


def covers(estimate: Estimate, truth: float) -> bool:
    return estimate.low <= truth <= estimate.high


def _change(before: tuple[dict[str, Floats], Design], after: tuple[dict[str, Floats], Design], item: str) -> Change:
    return estimate_change((before[0][item], before[1]), (after[0][item], after[1]), "share")


if __name__ == "__main__":
    main()
