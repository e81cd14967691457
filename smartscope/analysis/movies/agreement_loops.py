"""The loops over coefficients behind `refine`: what all groups agree on, in one pass over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.compiled import compiled

Complex = NDArray[np.complex64]


@compiled
def slope_tables(
    values: Complex,
    weights: FloatImage,
    waves_y: Complex,
    waves_x: Complex,
    ky: NDArray[np.float32],
    kx: NDArray[np.float32],
    pattern: np.float32,
    tables: NDArray[np.complex128],
) -> None:
    """Fill `tables` (groups, 3, 3): Σ W z ky^a kx^b of each group, z its cross power with the rest.

    `values` (groups, ky, kx), `waves_y` (groups, ky) and `waves_x` (groups, kx) undo the shifts;
    `pattern` is the power that stands still.
    """
    groups, rows, columns = values.shape
    moved = np.empty((groups, columns), np.complex64)
    waves = np.empty((groups, columns), np.complex64)
    total = np.empty(columns, np.complex64)
    together = np.empty(columns, np.complex64)
    tables[:] = 0.0
    for row in range(rows):
        total[:] = 0.0
        together[:] = 0.0
        for group in range(groups):
            vertical = waves_y[group, row]
            for column in range(columns):
                wave = vertical * waves_x[group, column]
                each = values[group, row, column] * wave
                waves[group, column] = wave
                moved[group, column] = each
                total[column] += each
                together[column] += wave
        y = ky[row]
        for group in range(groups):
            none, once, twice = np.complex64(0.0), np.complex64(0.0), np.complex64(0.0)
            for column in range(columns):
                each, wave = moved[group, column], waves[group, column]
                cross = np.conj(total[column] - each) * each
                cross -= pattern * (np.conj(together[column] - wave) * wave)
                cross *= weights[row, column]
                none += cross
                once += cross * kx[column]
                twice += cross * (kx[column] * kx[column])
            for power, factor in enumerate((np.float32(1.0), y, y * y)):
                tables[group, power, 0] += none * factor
                tables[group, power, 1] += once * factor
                tables[group, power, 2] += twice * factor


@compiled
def agreement_sums(
    values: Complex,
    weights: FloatImage,
    waves_y: Complex,
    waves_x: Complex,
    pattern: float,
    sums: FloatArray,
) -> None:
    """Fill `sums` (2,): Σ W (|Σ F|² - Σ |F|²) less the pattern, and Σ W² ((Σ |F|²)² - Σ |F|⁴)."""
    groups, rows, columns = values.shape
    total = np.empty(columns, np.complex64)
    together = np.empty(columns, np.complex64)
    power = np.empty(columns)
    square = np.empty(columns)
    sums[:] = 0.0
    for row in range(rows):
        total[:] = 0.0
        together[:] = 0.0
        power[:] = 0.0
        square[:] = 0.0
        for group in range(groups):
            vertical = waves_y[group, row]
            for column in range(columns):
                each = values[group, row, column]
                wave = vertical * waves_x[group, column]
                total[column] += each * wave
                together[column] += wave
                own = np.float64(each.real) ** 2 + np.float64(each.imag) ** 2
                power[column] += own
                square[column] += own * own
        for column in range(columns):
            weight = np.float64(weights[row, column])
            shared = np.float64(total[column].real) ** 2 + np.float64(total[column].imag) ** 2
            still = np.float64(together[column].real) ** 2 + np.float64(together[column].imag) ** 2
            sums[0] += weight * (shared - power[column] - pattern * (still - groups))
            sums[1] += weight * weight * (power[column] ** 2 - square[column])
