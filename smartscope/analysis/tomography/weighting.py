"""How strongly each frequency of each tilt counts in a weighted back-projection."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.movies.dose import critical_dose
from smartscope.analysis.tomography.geometry import TiltGeometry, steps_are_even

#: cycles per pixel from which detail fades, to 0 at one half
_FADES_FROM: Final = 0.45
#: a direct sum of few tilts may nearly vanish; it counts at least so much of one tilt's own part
_LEAST_SUM: Final = 0.5


class Weighting(StrEnum):
    """RAMP for evenly spaced angles, EXACT for any (Harauz & van Heel 1986); AUTO asks them."""

    AUTO = "auto"
    RAMP = "ramp"
    EXACT = "exact"


def tilt_weights(
    geometry: TiltGeometry, frequencies: FloatArray, *, depth_px: int, weighting: Weighting
) -> FloatArray:
    """(tilts, |frequencies|) factors by cycles per pixel across the axis.

    RAMP is |k| times the step of angles. EXACT is 1 / Σ_j 2a sinc(2πa k·n_j), a half the depth and
    n_j the j-th beam: k lies in the i-th picture, so k·n_j is |k| sin(α_i - α_j). Both give density
    per voxel.
    """
    k = np.abs(frequencies)
    if weighting is Weighting.AUTO:
        even = steps_are_even(geometry.angles_deg)
        weighting = Weighting.RAMP if even else Weighting.EXACT
    if weighting is Weighting.RAMP:
        angles = np.radians(np.sort(geometry.angles_deg))
        step = float(np.median(np.diff(angles)[np.diff(angles) > 1e-4]))
        # The mean is what a ramp loses; a quarter of the first step gives most of it back.
        first = 0.25 * float(np.min(k[k > 0.0], initial=0.5))
        weights = np.tile(step * np.maximum(k, first), (len(geometry), 1))
    else:
        weights = _exact(np.radians(geometry.angles_deg), k, float(depth_px))
    return np.asarray(weights * _fading(k))


def dose_weights(
    geometry: TiltGeometry, k_per_angstrom: FloatArray, *, voltage_kv: float
) -> FloatArray:
    """(tilts, |k|): what is left of detail at each tilt, noise kept as strong as without weights.

    All ones where doses are not known. Critical doses after Grant & Grigorieff 2015.
    """
    before, dose = geometry.dose_before_e_per_a2, geometry.dose_e_per_a2
    if before is None or dose is None:
        return np.ones((len(geometry), len(k_per_angstrom)))
    twice = 2.0 * critical_dose(k_per_angstrom, voltage_kv=voltage_kv)
    left = np.exp(-(before[:, None] + 0.5 * dose) / twice)
    return np.asarray(left / np.sqrt(np.mean(left**2, axis=0)))


def _exact(angles: FloatArray, k: FloatArray, depth_px: float) -> FloatArray:
    apart = np.sin(angles[:, None] - angles[None, :])
    # numpy's sinc has π in it: sin(2πa k s) / (2πa k s) with 2a the depth
    total = (depth_px * np.sinc(depth_px * apart[:, :, None] * k)).sum(axis=1)
    return np.asarray(1.0 / np.maximum(total, _LEAST_SUM * depth_px))


def _fading(k: FloatArray) -> FloatArray:
    part = np.clip((k - _FADES_FROM) / (0.5 - _FADES_FROM), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part))
