"""How a film bends as a whole: a quadratic in the lattice's indices, kept only where it helps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FloatArray, IntArray, Lattice

#: the cross-validated residual must fall by this share before a bend is believed
WORTH_IT = 0.2
FOLDS = 5
FEWEST_POINTS = 40
TUKEY_CUTOFF_SD = 4.7
FIT_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class LatticeWarp:
    """Offsets in px from a straight lattice: `coefficients` (6, 2) of 1, i, j, i², ij, j²."""

    coefficients: FloatArray

    @classmethod
    def none(cls) -> LatticeWarp:
        """A film that does not bend."""
        return cls(np.zeros((6, 2)))

    def offsets(self, indices: IntArray) -> FloatArray:
        """(N, 2) px to add to the straight nodes (N, 2)."""
        return np.asarray(_design(indices) @ self.coefficients)


def fit_warp(positions_px: FloatArray, indices: IntArray, lattice: Lattice) -> LatticeWarp:
    """The bend of points (N, 2) with known nodes (N, 2), or none.

    Tukey-weighted least squares, accepted only if the median residual of points left out of the
    fit falls by 20 % (five folds, dealt out by index so that the answer repeats).
    """
    residual = positions_px - lattice.nodes(indices)
    if len(residual) < FEWEST_POINTS:
        return LatticeWarp.none()
    fold = (indices[:, 0] + 2 * indices[:, 1]) % FOLDS
    left = np.empty(len(residual))
    for number in range(FOLDS):
        out = fold == number
        if out.all() or not out.any():
            return LatticeWarp.none()
        fitted = _fit(residual[~out], indices[~out])
        left[out] = np.linalg.norm(residual[out] - fitted.offsets(indices[out]), axis=1)
    straight = np.linalg.norm(residual, axis=1)
    if float(np.median(left)) > (1 - WORTH_IT) * float(np.median(straight)):
        return LatticeWarp.none()
    return _fit(residual, indices)


def _fit(residual: FloatArray, indices: IntArray) -> LatticeWarp:
    design, weights = _design(indices), np.ones(len(residual))
    solution = np.zeros((design.shape[1], 2))
    for _ in range(FIT_ROUNDS):
        root = np.sqrt(weights)[:, None]
        solution = np.asarray(np.linalg.lstsq(design * root, residual * root, rcond=None)[0])
        away = np.linalg.norm(residual - design @ solution, axis=1)
        spread = max(float(np.median(away)) / 1.1774, 1e-6)
        weights = np.clip(1 - (away / (TUKEY_CUTOFF_SD * spread)) ** 2, 1e-6, None) ** 2
    return LatticeWarp(solution)


def _design(indices: IntArray) -> FloatArray:
    i, j = indices.astype(np.float64).T
    return np.column_stack([np.ones(len(i)), i, j, i * i, i * j, j * j])
