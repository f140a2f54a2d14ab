"""Calibration: what standard errors have to know about weights that were fitted to population margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survey_server.estimation.arrays import Codes, Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """The margins that weights were fitted to: one code per row and margin, and the weights before the fit."""

    margins: tuple[Codes, ...]
    base_weight: Floats

    @property
    def dummies(self) -> Floats:
        """One 0/1 column per category, the first of every margin after the first left out (n x q)."""
        columns = []
        for i, codes in enumerate(self.margins):
            columns += [(codes == level).astype(float) for level in range(1 if i else 0, int(codes.max()) + 1)]
        return np.column_stack(columns)

    def residuals(self, influence: Floats, weight: Floats) -> Floats:
        """The weighted influence less what the margins explain: regression under the base weights (Deville-Särndal)."""
        x, unweighted = self.dummies, influence / weight[:, None]
        cross = x.T * self.base_weight
        coefficients = np.linalg.pinv(cross @ x, hermitian=True) @ (cross @ unweighted)
        residuals: Floats = (unweighted - x @ coefficients) * weight[:, None]
        return residuals
