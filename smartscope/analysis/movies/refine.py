"""Climbs to the positions under which all groups agree best, and tells how well unseen data agree.

The agreement is Q = Σ over pairs of their weighted correlation = ½ Σ_k W (|Σ F|² - Σ |F|²), the
standing pattern taken away. Motion that is fitted to one half of the coefficients and raises Q of
the other half is real; noise cannot do that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.agreement_loops import agreement_sums, slope_tables
from smartscope.analysis.movies.correlation import derivatives
from smartscope.analysis.movies.spectra import GroupSpectra

_ROUNDS = 12
_LONGEST_STEP_ANGSTROM = 2.0
_SETTLED_ANGSTROM = 0.01

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Q and the variance it would have if groups shared nothing."""

    value: float
    variance: float


def agreement(spectra: GroupSpectra, weights: FloatImage, positions: FloatArray) -> Agreement:
    """Q of `positions` (groups, 2), x, y in Å."""
    vertical, horizontal = _waves(spectra, positions)
    sums = np.empty(2)
    agreement_sums(spectra.values, weights, vertical, horizontal, spectra.pattern_power, sums)
    return Agreement(0.5 * float(sums[0]), 0.25 * float(sums[1]))


def refine(
    spectra: GroupSpectra,
    weights: FloatImage,
    start: FloatArray,
    *,
    evenness: float,
    stiffness: FloatArray,
) -> FloatArray:
    """Climb Q from `start` (groups, 2), less `evenness` times pᵀ `stiffness` p on each axis.

    `evenness` is in units of the typical curvature of one group's correlation. Each group is
    compared with the sum of all others, so that none is compared with itself. Returns positions of
    mean 0.
    """
    positions: FloatArray = start - start.mean(axis=0)
    groups = len(positions)
    # All groups move at once towards each other, so each goes only its share of the way.
    share = (groups - 1) / groups
    for _ in range(_ROUNDS):
        gradient, hessian = _slopes(spectra, weights, positions)
        curvature = -0.5 * np.trace(hessian, axis1=1, axis2=2)
        typical = float(np.median(curvature))
        if typical <= 0.0:
            break
        bend = evenness * typical * stiffness
        step = _step(gradient - bend @ positions, _concave(hessian, 0.1 * typical), bend)
        step = np.clip(share * step, -_LONGEST_STEP_ANGSTROM, _LONGEST_STEP_ANGSTROM)
        positions += step
        positions -= positions.mean(axis=0)
        if float(np.abs(step).max()) < _SETTLED_ANGSTROM:
            break
    return positions


def _slopes(
    spectra: GroupSpectra, weights: FloatImage, positions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (groups, 2) and Hessian (groups, 2, 2) of Q for each group, the others held."""
    vertical, horizontal = _waves(spectra, positions)
    tables = np.empty((len(positions), 3, 3), dtype=np.complex128)
    slope_tables(
        spectra.values,
        weights,
        vertical,
        horizontal,
        spectra.ky.astype(np.float32),
        spectra.kx.astype(np.float32),
        np.float32(spectra.pattern_power),
        tables,
    )
    _, gradient, hessian = derivatives(tables)
    return gradient, hessian


def _waves(spectra: GroupSpectra, positions: FloatArray) -> tuple[Complex, Complex]:
    """exp(2πi k d) along y (groups, ky) and x (groups, kx)."""
    vertical = np.exp(2j * np.pi * positions[:, 1, None] * spectra.ky)
    horizontal = np.exp(2j * np.pi * positions[:, 0, None] * spectra.kx)
    return vertical.astype(np.complex64), horizontal.astype(np.complex64)


def _concave(hessian: FloatArray, floor: float) -> FloatArray:
    """-Hessian with eigenvalues raised to `floor`, so that every step goes uphill."""
    values, vectors = np.linalg.eigh(-hessian)
    raised = np.maximum(values, floor)
    result: FloatArray = (vectors * raised[:, None, :]) @ vectors.transpose(0, 2, 1)
    return result


def _step(gradient: FloatArray, curvature: FloatArray, bend: FloatArray) -> FloatArray:
    """Solve (block-diagonal curvature + bend on each axis) δ = gradient."""
    groups = len(gradient)
    system = np.kron(bend, np.eye(2))
    for number in range(groups):
        block = slice(2 * number, 2 * number + 2)
        system[block, block] += curvature[number]
    solved: FloatArray = np.linalg.solve(system, gradient.reshape(-1)).reshape(groups, 2)
    return solved


def undoing_wave(spectra: GroupSpectra, position: FloatArray) -> Complex:
    """exp(2πi k·d): undoes a shift by `position`."""
    vertical = np.exp(2j * np.pi * spectra.ky * position[1])
    horizontal = np.exp(2j * np.pi * spectra.kx * position[0])
    wave: Complex = np.outer(vertical, horizontal).astype(np.complex64)
    return wave
