"""How far two groups of frames are apart: the peak of their weighted cross-correlation.

The correlation is evaluated where it is wanted by a matrix Fourier transform, first on a 4 Å grid,
then climbed by Newton's method from the top of a parabola; no padded transform is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage, IntArray
from smartscope.analysis.movies.pair_loops import row_moments, weighted_cross
from smartscope.analysis.movies.side_by_side import processors, side_by_side
from smartscope.analysis.movies.spectra import GroupSpectra

SEARCH_ANGSTROM: Final = 40.0
_GRID_ANGSTROM: Final = 4.0
_NEWTON_STEPS: Final = 2
_HEARD: Final = 0.05
# Frames of a camera that was off have no noise either.
_TINY: Final = 1e-30
_BATCH_BYTES: Final = 64 * 1024 * 1024

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class PairShifts:
    """For each pair: groups `first` and `second`, shift of the second from the first (n, 2) x, y in
    Å, and how many sd of pure noise its peak is high."""

    first: IntArray
    second: IntArray
    shift_angstrom: FloatArray
    peak_z: FloatArray


def weight(spectra: GroupSpectra, *, b_square_angstrom: float) -> FloatImage:
    """exp(-2 B k²) in the band (RELION's form; Zivanov et al. 2019, with B in Å²)."""
    square = spectra.ky[:, None] ** 2 + spectra.kx[None, :] ** 2
    return (spectra.band * np.exp(-2.0 * b_square_angstrom * square)).astype(np.float32)


def pair_shifts(spectra: GroupSpectra, weights: FloatImage) -> PairShifts:
    """Measure every pair of groups within ±40 Å along each axis.

    What weighs under a twentieth is left out: of what noise there is, it brings a hundredth.
    """
    spectra, weights = _heard(spectra, weights)
    first, second = np.triu_indices(len(spectra.values), k=1)
    shifts = np.empty((len(first), 2))
    peaks = np.empty(len(first))
    cells = weights.size * np.dtype(np.complex64).itemsize
    batch = max(1, _BATCH_BYTES // cells // processors())
    still = np.float32(spectra.pattern_power) * weights

    def measure(start: int) -> None:
        part = slice(start, start + batch)
        cross = np.empty((len(first[part]), *weights.shape), dtype=np.complex64)
        for number, (one, other) in enumerate(zip(first[part], second[part], strict=True)):
            weighted_cross(
                spectra.values[one], spectra.values[other], weights, still, cross[number]
            )
        shifts[part], peaks[part] = climb(cross, spectra, _highest_on_grid(cross, spectra))

    side_by_side(measure, range(0, len(first), batch))
    noise = np.maximum(_noise(spectra, weights, first, second), _TINY)
    return PairShifts(first.astype(np.int64), second.astype(np.int64), shifts, peaks / noise)


def _heard(spectra: GroupSpectra, weights: FloatImage) -> tuple[GroupSpectra, FloatImage]:
    """The least part of the grid that has all weights of a twentieth and more; its weights."""
    heard = weights >= _HEARD * float(weights.max(initial=0.0))
    rows, columns = np.flatnonzero(heard.any(axis=1)), np.flatnonzero(heard.any(axis=0))
    return spectra.part(rows, columns), np.ascontiguousarray(weights[np.ix_(rows, columns)])


def climb(
    cross: Complex, spectra: GroupSpectra, start: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Newton's method on the correlations of weighted cross spectra (n, ky, kx) from `start` (n,
    2).

    Returns shifts (n, 2) x, y in Å and correlations (n,), those where the last step should end. A
    step longer than the grid is cut, so that a flat correlation does not throw the search away.
    """
    shift, height = start.copy(), np.zeros(len(start))
    for _ in range(_NEWTON_STEPS):
        value, gradient, hessian = moments(cross, spectra, shift)
        step = np.clip(_uphill(gradient, hessian), -0.5 * _GRID_ANGSTROM, 0.5 * _GRID_ANGSTROM)
        shift += step
        height = value + 0.5 * (gradient * step).sum(axis=1)
    return shift, height


def moments(
    cross: Complex, spectra: GroupSpectra, shift: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Correlation (n,), gradient (n, 2) and Hessian (n, 2, 2) at `shift` (n, 2) x, y in Å."""
    vertical = np.exp(2j * np.pi * shift[:, 1, None] * spectra.ky).astype(np.complex64)
    rows = np.empty((len(cross), 3, len(spectra.kx)), dtype=np.complex64)
    row_moments(cross, vertical, spectra.ky.astype(np.float32), rows)
    return derivatives(rows @ _phases(spectra.kx, shift[:, 0]).transpose(0, 2, 1))


def derivatives(
    table: NDArray[np.complexfloating],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value (n,), gradient (n, 2) and Hessian (n, 2, 2) from Σ cross ky^a kx^b, (n, 3, 3)."""
    turn = 2.0 * np.pi
    gradient = -turn * np.stack([table[:, 0, 1].imag, table[:, 1, 0].imag], axis=1)
    xx, yy, xy = table[:, 0, 2].real, table[:, 2, 0].real, table[:, 1, 1].real
    hessian = -(turn**2) * np.stack([np.stack([xx, xy], 1), np.stack([xy, yy], 1)], axis=1)
    return (
        table[:, 0, 0].real.astype(np.float64),
        gradient.astype(np.float64),
        hessian.astype(np.float64),
    )


def _phases(frequency: FloatArray, shift: FloatArray) -> Complex:
    """exp(2πi k d) times k⁰, k¹, k²: (n, 3, k)."""
    wave = np.exp(2j * np.pi * shift[:, None] * frequency[None, :])
    powers = np.stack([np.ones_like(frequency), frequency, frequency**2])
    table: Complex = (wave[:, None, :] * powers[None, :, :]).astype(np.complex64)
    return table


def _uphill(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Newton's step where the correlation is concave, else none."""
    determinant = hessian[:, 0, 0] * hessian[:, 1, 1] - hessian[:, 0, 1] ** 2
    concave = (determinant > 0.0) & (hessian[:, 0, 0] < 0.0)
    safe = np.where(concave[:, None, None], hessian, -np.eye(2))
    step = -np.linalg.solve(safe, gradient[:, :, None])[:, :, 0]
    return np.where(concave[:, None], step, 0.0)


def _highest_on_grid(cross: Complex, spectra: GroupSpectra) -> FloatArray:
    """Of each correlation (n,) the highest place of a grid, moved to the top of a parabola through
    it and its neighbours: (n, 2) x, y in Å.
    """
    grid = np.arange(-SEARCH_ANGSTROM, SEARCH_ANGSTROM + 0.5 * _GRID_ANGSTROM, _GRID_ANGSTROM)
    vertical = np.exp(2j * np.pi * grid[:, None] * spectra.ky[None, :]).astype(np.complex64)
    horizontal = np.exp(2j * np.pi * spectra.kx[:, None] * grid[None, :]).astype(np.complex64)
    # one large product is several times faster than as many small ones as there are pairs
    across = (cross.reshape(-1, len(spectra.kx)) @ horizontal).reshape(len(cross), -1, len(grid))
    height: NDArray[np.float32] = (vertical @ across).real
    row, column = np.divmod(height.reshape(len(cross), -1).argmax(axis=1), len(grid))
    pair = np.arange(len(cross))
    x = grid[column] + _GRID_ANGSTROM * _top(height[pair, row], column)
    y = grid[row] + _GRID_ANGSTROM * _top(height[pair, :, column], row)
    return np.stack([x, y], axis=1)


def _top(lines: NDArray[np.float32], highest: IntArray) -> FloatArray:
    """Where between -½ and ½ of a step from `highest` (n,) the `lines` (n, places) have their top.

    0 at an end of a line.
    """
    last = lines.shape[1] - 1
    inner = np.clip(highest, 1, last - 1)
    pair = np.arange(len(lines))
    left, middle, right = (lines[pair, inner + step].astype(np.float64) for step in (-1, 0, 1))
    bend = np.minimum(left - 2.0 * middle + right, -_TINY)
    top = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    return np.where(inner == highest, top, 0.0)


def _noise(
    spectra: GroupSpectra, weights: FloatImage, first: IntArray, second: IntArray
) -> FloatArray:
    """Standard deviation of each pair's correlation if both were noise of the power they have."""
    power = (spectra.values.real**2 + spectra.values.imag**2) * weights
    flat = power.reshape(len(power), -1).astype(np.float64)
    variance = 0.5 * (flat @ flat.T)
    result: FloatArray = np.sqrt(variance[first, second])
    return result
