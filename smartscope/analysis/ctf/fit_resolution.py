"""To which resolution rings follow the fit, by CTFFIND4's rule, because people compare.

After Rohou & Grigorieff 2015 and the program's source: values of the equiphase profile are ranked
within each half lobe, then correlated with |CTF| in a sliding window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray, IntArray
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase, equal_phase_square
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum

_RANKED_EXTREMA: Final = 7
_LOW: Final = 0.1
_HALF: Final = 0.5
_HIGH: Final = 0.66
_ENOUGH_BINS: Final = 3
_ALIASED_BELOW_BINS: Final = 4
_LEVEL_ANGSTROM: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class EquiphaseProfile:
    """Directions averaged where the phase is equal, per frequency bin of the mean defocus.

    `amplitude` is of the spectrum over its running mean, `transfer` is |CTF|, `agreement` their
    correlation in a sliding window, 1 below the fitted range. All (bins,).
    """

    k_per_angstrom: FloatArray
    amplitude: FloatArray
    transfer: FloatArray
    agreement: FloatArray


@dataclass(frozen=True, slots=True)
class FitLimit:
    """Where rings stop following the fit; None when they never do.

    `aliased_from_angstrom` is where rings lie too close for the tile to show them, if they do.
    """

    angstrom: float | None
    aliased_from_angstrom: float | None


def equiphase_profile(
    spectrum: PolarSpectrum, optics: Optics, defocus: Defocus, *, coarsest_angstrom: float
) -> EquiphaseProfile:
    """Average bins of equal phase and compare with |CTF|."""
    step = spectrum.frequency_step_per_angstrom
    count = len(spectrum.power)
    square = equal_phase_square(
        optics, defocus, spectrum.k_square, spectrum.cos_twice, spectrum.sin_twice
    )
    place = np.sqrt(np.maximum(square, 0.0)) / step
    inside = (spectrum.cells > 0) & (place < count)
    bins, cells = place[inside].astype(np.int64), spectrum.cells[inside]
    weight = np.bincount(bins, cells, minlength=count)
    power = np.bincount(bins, cells * spectrum.power[inside], minlength=count)
    amplitude: FloatArray = np.sqrt(power / np.maximum(weight, 1e-9))
    box = max(5, round(math.sqrt(2) / (_LEVEL_ANGSTROM * step)))
    level = ndimage.uniform_filter1d(amplitude, box, mode="nearest")
    amplitude = amplitude / np.maximum(level, 1e-12 * max(float(level.max()), 1e-300))
    k = spectrum.k_per_angstrom
    phase = aberration_phase(optics, defocus, np.square(k))
    # Beyond the turning point rings open again; nobody fits there.
    phase = np.maximum.accumulate(phase)
    transfer = np.abs(np.sin(phase))
    agreement = _agreement(_levelled(amplitude, phase), transfer, phase)
    agreement[k < 1.0 / coarsest_angstrom] = 1.0
    return EquiphaseProfile(k, amplitude, transfer, agreement)


def fit_limit(profile: EquiphaseProfile, optics: Optics, defocus: Defocus) -> FitLimit:
    """CTFFIND4's stopping rule, from the first zero of the transfer on."""
    phase = aberration_phase(optics, defocus, np.square(profile.k_per_angstrom))
    start = int(np.searchsorted(np.maximum.accumulate(phase), math.pi))
    aliased = _aliased_from(profile, phase)
    seen = profile.agreement[start:]
    if len(seen) == 0 or not (seen > _HALF).any():
        return FitLimit(None, aliased)
    low = high = 0
    last = len(seen) - 1
    for number, value in enumerate(seen):
        low += value > _LOW
        high += value > _HIGH
        if (low > _ENOUGH_BINS and value < _LOW) or (high > _ENOUGH_BINS and value < _HALF):
            last = number
            break
    return FitLimit(1.0 / float(profile.k_per_angstrom[start + last]), aliased)


def _levelled(amplitude: FloatArray, phase: FloatArray) -> FloatArray:
    """Ranks within half lobes up to the seventh extremum, then each lobe stretched to 0-1."""
    levelled = np.empty_like(amplitude)
    extrema = _extrema(phase)
    ranked = extrema < _RANKED_EXTREMA
    half_lobes = np.floor(2 * phase / math.pi).astype(np.int64)
    lobes = np.floor(phase / math.pi).astype(np.int64) + int(half_lobes.max()) + 1
    part = np.where(ranked, half_lobes, lobes)
    for number in np.unique(part):
        inside = np.flatnonzero(part == number)
        values = amplitude[inside]
        if ranked[inside[0]]:
            rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
            levelled[inside] = np.sin(0.5 * math.pi * rank / max(len(values) - 1, 1))
        else:
            spread = float(np.ptp(values))
            levelled[inside] = (values - values.min()) / spread if spread > 0.0 else 0.5
    return levelled


def _extrema(phase: FloatArray) -> IntArray:
    """How many extrema of the transfer lie before each bin."""
    return np.floor(phase / math.pi + 0.5).astype(np.int64)


def _agreement(levelled: FloatArray, transfer: FloatArray, phase: FloatArray) -> FloatArray:
    """Correlation within windows about as wide as the lobe at hand, a tenth more each extremum."""
    count = len(levelled)
    extrema = _extrema(phase)
    bins_of = np.bincount(extrema)[extrema]
    half = np.maximum(count / 40, (1 + 0.1 * extrema) * (bins_of + 1)).astype(np.int64)
    result = np.zeros(count)
    for place in range(count):
        window = slice(max(0, place - half[place]), place + half[place] + 1)
        one, other = levelled[window], transfer[window]
        one, other = one - one.mean(), other - other.mean()
        size = math.sqrt(float(one @ one) * float(other @ other))
        result[place] = float(one @ other) / size if size > 0.0 else 0.0
    return result


def _aliased_from(profile: EquiphaseProfile, phase: FloatArray) -> float | None:
    turn = np.diff(phase, append=phase[-1])
    close = np.flatnonzero(np.abs(turn) > math.pi / _ALIASED_BELOW_BINS)
    return 1.0 / float(profile.k_per_angstrom[close[0]]) if len(close) else None
