"""From shifts between pairs of groups to one position per group, whatever single pairs say.

The steps r between neighbours obey r_i + ... + r_{j-1} = b_ij for every pair, an overdetermined
system. It is solved by reweighted least squares with Tukey's biweight, which gives a pair that
disagrees with all others no say at all, and a mild preference for even motion, which carries groups
that no pair reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.movies.correlation import PairShifts

TUKEY: Final = 4.685
_REWEIGHTINGS: Final = 15
_EVENNESS: Final = 0.1
_SMALLEST_SCALE_ANGSTROM: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Positions (groups, 2) x, y in Å, mean 0; `reached` (groups,): it had a usable pair."""

    positions_angstrom: FloatArray
    reached: NDArray[np.bool_]


def solve_least_squares(pairs: PairShifts, groups: int) -> FloatArray:
    """Plain weighted least squares, positions (groups, 2), mean 0: for comparison only."""
    return _solved(pairs, _peaks(pairs), groups, evenness=0.0)


def solve_robust(pairs: PairShifts, groups: int) -> Solution:
    """Tukey's biweight at 4.685 robust sd, both axes sharing weights, 15 reweightings.

    It starts from weights that fall as 1 / residual, so that a fifth of wild pairs does not decide
    which pairs look wild.
    """
    trust = _peaks(pairs)
    positions = _solved(pairs, trust, groups, evenness=_EVENNESS)
    keep = np.ones(len(trust))
    for round_number in range(_REWEIGHTINGS):
        miss = _misses(pairs, positions)
        scale = max(1.4826 * float(np.median(miss)), _SMALLEST_SCALE_ANGSTROM)
        if round_number < _REWEIGHTINGS // 3:
            keep = 1.0 / np.maximum(miss / scale, 0.1)
        else:
            keep = np.maximum(1.0 - (miss / (TUKEY * scale)) ** 2, 0.0) ** 2
        positions = _solved(pairs, trust * keep, groups, evenness=_EVENNESS)
    reached = np.zeros(groups, dtype=np.bool_)
    used = keep > 0.0
    reached[pairs.first[used]] = True
    reached[pairs.second[used]] = True
    return Solution(positions, reached)


def _peaks(pairs: PairShifts) -> FloatArray:
    return np.maximum(pairs.peak_z, 1e-3)


def _misses(pairs: PairShifts, positions: FloatArray) -> FloatArray:
    away = positions[pairs.second] - positions[pairs.first] - pairs.shift_angstrom
    return np.hypot(away[:, 0], away[:, 1])


def _solved(pairs: PairShifts, weights: FloatArray, groups: int, *, evenness: float) -> FloatArray:
    """Minimise Σ w |p_j - p_i - b_ij|² + μ Σ |second differences|² over positions of mean 0."""
    normal = np.zeros((groups, groups))
    right = np.zeros((groups, 2))
    first, second = pairs.first, pairs.second
    np.add.at(normal, (first, first), weights)
    np.add.at(normal, (second, second), weights)
    np.add.at(normal, (first, second), -weights)
    np.add.at(normal, (second, first), -weights)
    pull = weights[:, None] * pairs.shift_angstrom
    np.add.at(right, second, pull)
    np.add.at(right, first, -pull)
    stiffness = evenness * float(np.median(np.diag(normal)))
    normal += max(stiffness, 1e-9) * bending(groups)
    # Only differences are measured: fix the mean, or the system has no single solution.
    normal += np.full((groups, groups), max(float(np.trace(normal)), 1e-6) / groups**2)
    positions = np.linalg.solve(normal + 1e-12 * np.eye(groups), right)
    centred: FloatArray = positions - positions.mean(axis=0)
    return centred


def bending(groups: int, weights: FloatArray | None = None) -> FloatArray:
    """DᵀWD of second differences D, (groups, groups); 0 where there are fewer than three.

    `weights` (groups - 2,) says how much each counts; None counts all alike.
    """
    if groups < 3:
        return np.zeros((groups, groups))
    second = np.diff(np.eye(groups), n=2, axis=0)
    result: FloatArray = second.T @ (second if weights is None else weights[:, None] * second)
    return result
