"""What a correlation means, and up to where it holds.

A half map's correlation F comes from a signal-to-noise ratio s = F/(1-F) of one half; the whole map
has 2s, and would correlate with a perfect reference by √(2F/(1+F)) (Rosenthal & Henderson 2003): so
1/7 between halves says what 1/2 says against a reference. Half-bit and sigma curves after van Heel
& Schatz 2005.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.resolution.shells import ShellCurve
from smartscope.domain.errors import InvalidInput

#: between a map and a reference: the map's signal equals its noise there
AGAINST_REFERENCE: Final = 0.5
#: between independent halves: the whole map would reach 0.5 against a perfect reference
BETWEEN_HALVES: Final = 1.0 / 7.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a curve falls below its threshold, Å; both are None when it never does.

    `first_angstrom` is quoted; a `last_angstrom` far from it says that the curve rose again.
    """

    first_angstrom: float | None
    last_angstrom: float | None


def snr_of_half(correlation: FloatArray) -> FloatArray:
    """s = F / (1 - F) of one half; infinite at 1, negative where F is."""
    with np.errstate(divide="ignore"):
        return np.asarray(correlation / (1.0 - correlation))


def correlation_of(snr: FloatArray) -> FloatArray:
    """s / (1 + s), the expected correlation of halves whose signal-to-noise ratio is `snr`."""
    return np.asarray(snr / (1.0 + snr))


def full_map(correlation: FloatArray) -> FloatArray:
    """2F / (1 + F): what two whole maps would correlate by."""
    return np.asarray(2.0 * correlation / (1.0 + correlation))


def against_perfect(correlation: FloatArray) -> FloatArray:
    """√(2F / (1 + F)), the whole map's correlation with a perfect reference; 0 where F < 0."""
    return np.asarray(np.sqrt(np.maximum(full_map(correlation), 0.0)))


def half_bit(curve: ShellCurve) -> FloatArray:
    """The correlation of halves whose sum carries half a bit for each voxel (shells,)."""
    root = np.sqrt(np.maximum(curve.voxels, 1.0))
    return np.asarray((0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root))


def sigma_curve(curve: ShellCurve, *, sigmas: float = 3.0) -> FloatArray:
    """`sigmas` / √n, n a shell's voxels (shells,): what noise alone exceeds rarely."""
    return np.asarray(sigmas / np.sqrt(np.maximum(curve.voxels, 1.0)))


def crossing(curve: ShellCurve, threshold: float | FloatArray, *, least_k: float = 0.0) -> Crossing:
    """Where `curve` falls below `threshold`, linear between shells.

    Shells below `least_k` (Å⁻¹) are not looked at. Raises `InvalidInput` for a threshold of another
    length.
    """
    limit = np.asarray(threshold, dtype=np.float64)
    if limit.ndim == 1 and limit.shape != curve.values.shape:
        raise InvalidInput(
            {"threshold": f"It has {len(limit)} values for {len(curve.values)} shells."}
        )
    above = curve.values - limit
    falls = [
        number
        for number in range(1, len(above))
        if above[number - 1] >= 0.0 > above[number] and curve.k_per_angstrom[number] > least_k
    ]
    if not falls:
        return Crossing(None, None)
    return Crossing(_angstrom(curve, above, falls[0]), _angstrom(curve, above, falls[-1]))


def describe(crossed: Crossing, *, pixel_size_angstrom: float) -> str:
    """The resolution as people write it: "3.42 Å", or that the pixel is the limit."""
    if crossed.first_angstrom is None:
        return f"≤ {2.0 * pixel_size_angstrom:.2f} Å (two pixels)"
    return f"{crossed.first_angstrom:.2f} Å"


def _angstrom(curve: ShellCurve, above: FloatArray, number: int) -> float:
    part = above[number - 1] / (above[number - 1] - above[number])
    k = curve.k_per_angstrom
    place = float(k[number - 1] + part * (k[number] - k[number - 1]))
    return math.inf if place <= 0.0 else 1.0 / place
