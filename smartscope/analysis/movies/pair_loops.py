"""The loops over coefficients behind `correlation`: cross spectra of pairs and their moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.compiled import compiled

Complex = NDArray[np.complex64]


@compiled
def weighted_cross(
    first: Complex, second: Complex, weights: FloatImage, still: FloatImage, cross: Complex
) -> None:
    """Fill `cross` (ky, kx): conj(first) second, weighed, less `still`, the pattern's share."""
    rows, columns = first.shape
    for row in range(rows):
        for column in range(columns):
            product = np.conj(first[row, column]) * second[row, column]
            cross[row, column] = product * weights[row, column] - still[row, column]


@compiled
def row_moments(cross: Complex, waves_y: Complex, ky: NDArray[np.float32], sums: Complex) -> None:
    """Fill `sums` (n, 3, kx): Σ over ky of cross (n, ky, kx) times a wave (n, ky) and ky⁰, ¹, ²."""
    pairs, rows, columns = cross.shape
    sums[:] = 0.0
    for pair in range(pairs):
        none, once, twice = sums[pair, 0], sums[pair, 1], sums[pair, 2]
        for row in range(rows):
            wave, y = waves_y[pair, row], ky[row]
            square = y * y
            for column in range(columns):
                turned = cross[pair, row, column] * wave
                none[column] += turned
                once[column] += turned * y
                twice[column] += turned * square
