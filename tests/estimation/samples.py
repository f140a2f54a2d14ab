"""Small made-up samples for the tests: strata, PSUs with an effect of their own, unequal weights, missing answers.

And how numbers are compared with those of another program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from survey_server.estimation.design import Design


def make_wave(seed: int, psus: range = range(24), per_psu: int = 12, rise: float = 0.0) -> pd.DataFrame:
    """One wave of a survey: 4 strata of PSUs, a department for every three PSUs, sex, age, two items."""
    random = np.random.default_rng(seed)
    rows = []
    for psu in psus:
        place = np.random.default_rng(1000 + psu).normal(0, 0.4)
        for _ in range(per_psu):
            share = 1 / (1 + np.exp(-(place + rise)))
            trust = float(np.clip(round(4 + 2 * place + 3 * rise + random.normal(0, 1.5)), 1, 7))
            rows.append(
                {
                    "stratum": f"S{psu % 4}",
                    "psu": f"P{psu:02d}",
                    "department": f"GT{psu // 3:02d}",
                    "weight": float(50 + 20 * (psu % 5) + random.integers(0, 30)),
                    "sex": random.choice(["F", "M"]),
                    "age": random.choice(["18-29", "30-44", "45+"]),
                    "safe": float(random.random() < share) if random.random() > 0.08 else np.nan,
                    "trust": trust if random.random() > 0.05 else np.nan,
                }
            )
    return pd.DataFrame(rows)


def design_of(wave: pd.DataFrame, **rules: Any) -> Design:
    return Design(wave.stratum, wave.psu, wave.weight, **rules)


def assert_agrees(ours: ArrayLike, theirs: Sequence[float], where: str) -> None:
    """Number by number to 1e-8; what cancels to nothing is compared with its neighbours."""
    mine, wanted = np.asarray(ours, dtype=float).ravel(), np.asarray(theirs, dtype=float)
    least = 1e-12 * float(np.nanmax(np.abs(wanted), initial=0.0))
    np.testing.assert_allclose(mine, wanted, rtol=1e-8, atol=max(least, 1e-14), err_msg=where)
