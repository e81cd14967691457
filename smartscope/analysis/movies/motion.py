"""Decides how the specimen moved during a movie, and whether that could be measured at all.

Shifts between all pairs of groups are solved robustly (after MotionCorr, Li et al. 2013, with
Xmipp's rejection of outliers), then refined. Everything is done on two halves of the coefficients
apart: what one half finds must hold in the other, else no motion is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.correlation import pair_shifts, weight
from smartscope.analysis.movies.refine import agreement, refine
from smartscope.analysis.movies.solve import solve_robust
from smartscope.analysis.movies.spectra import GroupSpectra

SIGNIFICANT_Z: Final = 5.0
_B_SQUARE_ANGSTROM: Final = (150.0, 300.0, 600.0, 1200.0)
# Motion must explain the unseen half better than rest by one sd: rest is the simpler answer.
_WORTH_Z: Final = 1.0
_CLEAR_PEAK_Z: Final = 5.0
_EVENNESS: Final = (0.0, 0.3, 3.0, 30.0, 300.0)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Positions (groups, 2), x, y in Å, mean 0, and what speaks for them.

    `measured` is False when groups share nothing that could be followed: then positions are 0 and
    `error_angstrom` is None. `evidence_z` is how many sd above noise the halves confirm each other.
    `reached` (groups,) is False where no pair of that group was usable and it was interpolated.
    """

    positions_angstrom: FloatArray
    measured: bool
    error_angstrom: float | None
    evidence_z: float
    reached: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    spectra: GroupSpectra
    weights: FloatImage
    start: FloatArray
    reached: NDArray[np.bool_]


def measure_motion(spectra: GroupSpectra) -> Motion:
    """Measure the shifts of all groups, or say that it cannot be done."""
    groups = len(spectra.values)
    still = np.zeros((groups, 2))
    unknown = Motion(still, False, None, 0.0, np.zeros(groups, dtype=np.bool_))
    if groups < 2:
        return unknown
    first, second = _halves(spectra)
    best = max(
        (_confirmed(first, second, evenness) for evenness in _EVENNESS),
        key=lambda trial: trial.evidence_z,
    )
    at_rest = _evidence(first, second, still, still)
    if max(best.evidence_z, at_rest) < SIGNIFICANT_Z:
        return unknown
    reached = first.reached | second.reached
    error = _standard_error(best.first, best.second)
    if best.evidence_z < at_rest + _WORTH_Z:
        return Motion(still, True, error, at_rest, reached)
    weights = np.empty_like(spectra.band)
    weights[:, 0::2], weights[:, 1::2] = first.weights, second.weights
    start = 0.5 * (best.first + best.second)
    positions = refine(spectra, weights, start, evenness=best.evenness)
    return Motion(positions, True, error, best.evidence_z, reached)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    evenness: float
    first: FloatArray
    second: FloatArray
    evidence_z: float


def _halves(spectra: GroupSpectra) -> tuple[_Half, _Half]:
    """Both halves solved from their own pairs, with the least blur that shows clear peaks."""
    parts = spectra.columns(0), spectra.columns(1)
    for b_square_angstrom in _B_SQUARE_ANGSTROM:
        weights = [weight(part, b_square_angstrom=b_square_angstrom) for part in parts]
        pairs = [pair_shifts(part, w) for part, w in zip(parts, weights, strict=True)]
        if np.median(np.concatenate([p.peak_z for p in pairs])) >= _CLEAR_PEAK_Z:
            break
    solutions = [solve_robust(pair, len(spectra.values)) for pair in pairs]
    first, second = (
        _Half(part, w, s.positions_angstrom, s.reached)
        for part, w, s in zip(parts, weights, solutions, strict=True)
    )
    return first, second


def _confirmed(first: _Half, second: _Half, evenness: float) -> _Trial:
    of_first = refine(first.spectra, first.weights, first.start, evenness=evenness)
    of_second = refine(second.spectra, second.weights, second.start, evenness=evenness)
    return _Trial(evenness, of_first, of_second, _evidence(first, second, of_first, of_second))


def _evidence(first: _Half, second: _Half, of_first: FloatArray, of_second: FloatArray) -> float:
    """z of each half's agreement under the other half's positions, taken together."""
    here = agreement(first.spectra, first.weights, of_second)
    there = agreement(second.spectra, second.weights, of_first)
    noise = float(np.sqrt(here.variance + there.variance))
    return (here.value + there.value) / noise if noise > 0.0 else 0.0


def _standard_error(first: FloatArray, second: FloatArray) -> float:
    """Per axis, of the mean of two independent measurements: half their rms difference."""
    return 0.5 * float(np.sqrt(np.mean((first - second) ** 2)))
