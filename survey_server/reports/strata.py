"""One stratum for each PSU, also where the data name several: a PSU is in one stratum, or it is no design."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def one_stratum_each(
    psu: NDArray[np.object_], stratum: NDArray[np.object_]
) -> tuple[NDArray[np.object_], Mapping[str, tuple[str, ...]]]:
    """The stratum of every row, that of most of its PSU's rows; and the PSUs that named several, the kept one first."""
    names, own = pd.factorize(psu), pd.factorize(stratum, sort=True)
    counts = np.bincount(names[0] * len(own[1]) + own[0], minlength=len(names[1]) * len(own[1]))
    table = counts.reshape(len(names[1]), len(own[1]))
    several = np.flatnonzero((table > 0).sum(axis=1) > 1)
    if not len(several):
        return stratum, {}
    order = np.argsort(-table, axis=1, kind="stable")
    torn = {str(names[1][i]): tuple(str(own[1][h]) for h in order[i] if table[i, h]) for i in several}
    return np.asarray(own[1], dtype=object)[order[:, 0]][names[0]], torn
