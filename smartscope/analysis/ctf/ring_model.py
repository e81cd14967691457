"""Power = b(k) + e(k)·CTF², with b and e smooth: how well a defocus explains a spectrum.

b and e are cubic B-splines whose coefficients cannot be negative (an inverted ring is no ring).
They are solved for each trial, so that only the defocus is searched. Everything is weighted by the
variance of power, which is its square over the number of independent coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import interpolate, linalg, ndimage, optimize

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.optics import (
    Defocus,
    Optics,
    aberration_phase,
    equal_phase_square,
    phase_slope,
)
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum

SPLINES: Final = 8

_DEGREE: Final = 3
_SMOOTHING_RINGS: Final = 21
# Hexagonal ice: what shines there says nothing of the lens.
_CRYSTAL_ANGSTROM: Final = 3.67
_CRYSTAL_PART: Final = 0.03
_LEAST_POWER: Final = 1e-3
_LEAST_EXCESS: Final = 1e-3
_RIDGE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The rings of a spectrum between two resolutions, ready to be fitted.

    `power` (rings, sectors) is divided by its smooth mean `level` (rings,). `cells` are independent
    coefficients per bin, `weights` these over the expected variance of one. `basis` is (rings,
    SPLINES). `sum_of_squares` is what b alone leaves unexplained.
    """

    power: FloatArray
    cells: FloatArray
    weights: FloatArray
    level: FloatArray
    basis: FloatArray
    k_square: FloatArray
    cos_twice: FloatArray
    sin_twice: FloatArray
    step_per_angstrom: float
    sum_of_squares: float

    @property
    def k_per_angstrom(self) -> FloatArray:
        """(rings,) the middle of each ring, Å⁻¹."""
        weight = np.maximum(self.cells, 1e-9)
        mean = (self.k_square * weight).sum(axis=1) / weight.sum(axis=1)
        result: FloatArray = np.sqrt(mean)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """How one trial explains a band.

    `gain` is the fall of χ² from b alone, `background` and `envelope` are the spline coefficients.
    """

    gain: float
    background: FloatArray
    envelope: FloatArray

    def power(self, band: Band, transfer_square: FloatArray) -> FloatArray:
        """(rings, sectors) in the band's units."""
        fitted: FloatArray = (band.basis @ self.background)[:, None] + (band.basis @ self.envelope)[
            :, None
        ] * transfer_square
        return fitted


def band_of(
    spectrum: PolarSpectrum, *, coarsest_angstrom: float, finest_angstrom: float
) -> Band | None:
    """The rings from `coarsest_angstrom` to `finest_angstrom` without the crystals' ring.

    None when fewer than four rings a spline are left.
    """
    k = spectrum.k_per_angstrom
    taken = (k >= 1.0 / coarsest_angstrom) & (k <= 1.0 / finest_angstrom)
    taken &= np.abs(k * _CRYSTAL_ANGSTROM - 1.0) > _CRYSTAL_PART
    if taken.sum() < 4 * SPLINES:
        return None
    power, cells = spectrum.power[taken], spectrum.cells[taken]
    basis = _splines(k[taken], SPLINES)
    level = _level((power * cells).sum(axis=1) / np.maximum(cells.sum(axis=1), 1e-9), basis)
    band = Band(
        power / level[:, None],
        cells,
        cells,
        level,
        basis,
        spectrum.k_square[taken],
        spectrum.cos_twice[taken],
        spectrum.sin_twice[taken],
        spectrum.frequency_step_per_angstrom,
        0.0,
    )
    return replace(band, sum_of_squares=_unexplained(band))


def along_phase(band: Band, optics: Optics, defocus: Defocus) -> Band:
    """Directions averaged where `defocus` has equal phase: (rings, 1), at the mean defocus."""
    square = equal_phase_square(optics, defocus, band.k_square, band.cos_twice, band.sin_twice)
    k = band.k_per_angstrom
    found = np.sqrt(np.maximum(square, 0.0))
    ring = np.clip(np.searchsorted(k, found - 0.5 * band.step_per_angstrom), 0, len(k) - 1)
    kept = (np.abs(k[ring] - found) <= band.step_per_angstrom) & (band.weights > 0.0)

    def total(values: FloatArray) -> FloatArray:
        summed = np.zeros(len(k))
        np.add.at(summed, ring[kept], values[kept])
        return summed[:, None]

    weights = np.maximum(total(band.weights), 1e-12)
    empty = np.zeros_like(weights)
    merged = replace(
        band,
        power=total(band.weights * band.power) / weights,
        cells=total(band.cells),
        weights=weights,
        k_square=np.where(weights > 1e-9, total(band.weights * square) / weights, k[:, None] ** 2),
        cos_twice=empty,
        sin_twice=empty,
    )
    return replace(merged, sum_of_squares=_unexplained(merged))


def reweighted(band: Band, explained: FloatArray) -> Band:
    """Weights for the variance of what is `explained` (rings, sectors), as residuals show it.

    Groups of frames average shot noise and leave less than `cells` says; few particles and spots
    leave more. Both are measured over neighbouring rings.
    """
    weights = band.cells / np.square(np.maximum(explained, _LEAST_POWER))
    misfit = (weights * np.square(band.power - explained)).sum(axis=1)
    excess = _smooth(misfit, (band.cells > 0).sum(axis=1).astype(np.float64))
    fresh = replace(band, weights=weights / np.maximum(excess, _LEAST_EXCESS)[:, None])
    return replace(fresh, sum_of_squares=_unexplained(fresh))


def transfer_square(band: Band, optics: Optics, defocus: Defocus) -> FloatArray:
    """CTF² (rings, sectors) as a tile sees it: averaged over a ring's width and the tile's."""
    phase = aberration_phase(optics, defocus, band.k_square, band.cos_twice, band.sin_twice)
    seen: FloatArray = 0.5 - 0.5 * visible(band, optics, defocus)[:, None] * np.cos(2 * phase)
    return seen


def explain(band: Band, squares: FloatArray) -> Explained:
    """Solve b and e for a trial's CTF² (rings, sectors)."""
    w = band.weights
    first = (w * squares).sum(axis=1)
    second = (w * np.square(squares)).sum(axis=1)
    normal = _normal(band.basis, w.sum(axis=1), first, second)
    right = np.concatenate(
        [
            band.basis.T @ (w * band.power).sum(axis=1),
            band.basis.T @ (w * band.power * squares).sum(axis=1),
        ]
    )
    found = _not_negative(normal, right)
    gain = float(2 * found @ right - found @ normal @ found)
    total = float((w * np.square(band.power)).sum())
    left_over = total - gain
    return Explained(band.sum_of_squares - left_over, found[:SPLINES], found[SPLINES:])


def evidence(band: Band, optics: Optics, defocus: Defocus) -> float:
    """χ² by which rings explain the band better than a smooth curve with as many coefficients.

    Directions are averaged first: what merely falls steeply (blobs) or lies along one direction
    (edges) is no ring. Noise alone reaches about 30.
    """
    merged = along_phase(band, optics, defocus)
    round_defocus = replace(defocus, cos_angstrom=0.0, sin_angstrom=0.0)
    rings = explain(merged, transfer_square(merged, optics, round_defocus))
    fine = replace(merged, basis=_splines(merged.k_per_angstrom, 2 * SPLINES))
    return rings.gain - (merged.sum_of_squares - _unexplained(fine))


def visible(band: Band, optics: Optics, defocus: Defocus) -> FloatArray:
    """How much of a ring's swing is left: what turns fast within a ring or a tile is averaged."""
    return swing_left(phase_slope(optics, defocus, band.k_per_angstrom), band.step_per_angstrom)


def swing_left(slope: FloatArray, step_per_angstrom: float) -> FloatArray:
    """The same where the phase has this `slope` (rad·Å, any shape) and rings are so far apart."""
    turn = np.abs(slope) * step_per_angstrom / np.pi
    result: FloatArray = np.maximum(np.sinc(turn), 0.0) * np.maximum(1.0 - turn, 0.0)
    return result


def _unexplained(band: Band) -> float:
    w = band.weights
    normal = (band.basis * w.sum(axis=1)[:, None]).T @ band.basis
    right = band.basis.T @ (w * band.power).sum(axis=1)
    found = _not_negative(normal, right)
    total = float((w * np.square(band.power)).sum())
    return total - float(2 * found @ right - found @ normal @ found)


def _normal(
    basis: FloatArray, zeroth: FloatArray, first: FloatArray, second: FloatArray
) -> FloatArray:
    corner = basis.T @ (basis * zeroth[:, None])
    side = basis.T @ (basis * first[:, None])
    last = basis.T @ (basis * second[:, None])
    return np.block([[corner, side], [side.T, last]])


def _not_negative(normal: FloatArray, right: FloatArray) -> FloatArray:
    """argmin xᵀNx - 2 xᵀr over x ≥ 0; the plain solution where that is allowed already."""
    steady = normal + _RIDGE * float(np.trace(normal)) / len(normal) * np.eye(len(normal))
    lower = linalg.cholesky(steady, lower=True, check_finite=False)
    plain: FloatArray = linalg.cho_solve((lower, True), right, check_finite=False)
    if (plain >= 0.0).all():
        return plain
    towards = linalg.solve_triangular(lower, right, lower=True, check_finite=False)
    found: FloatArray = optimize.nnls(lower.T, towards)[0]
    return found


def _splines(k: FloatArray, count: int) -> FloatArray:
    """(rings, count) cubic B-splines, closer together where power falls steeply."""
    low, high = float(k[0]), float(k[-1])
    inner = np.square(np.linspace(np.sqrt(low), np.sqrt(high), count - _DEGREE + 1))
    inner[0], inner[-1] = low, high
    knots = np.concatenate([[low] * _DEGREE, inner, [high] * _DEGREE])
    matrix: FloatArray = interpolate.BSpline.design_matrix(k, knots, _DEGREE).toarray()
    return matrix


def _level(mean: FloatArray, basis: FloatArray) -> FloatArray:
    """The mean power of rings as smooth as the splines: rings of the lens must stay in the rest."""
    floor = 1e-12 * max(float(mean.max()), 1e-300)
    coefficients = np.linalg.lstsq(basis, np.log(np.maximum(mean, floor)), rcond=None)[0]
    level: FloatArray = np.exp(basis @ coefficients)
    return level


def _smooth(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Ratio of running sums over neighbouring rings."""
    size = min(_SMOOTHING_RINGS, len(values))
    top = ndimage.uniform_filter1d(values.astype(np.float64), size, mode="nearest")
    bottom = ndimage.uniform_filter1d(weights.astype(np.float64), size, mode="nearest")
    result: FloatArray = top / np.maximum(bottom, 1e-12)
    return result
