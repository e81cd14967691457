"""A Wiener filter for tomograms: what two halves share in each shell, and nothing invented."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import FloatImage
from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.shells import shells_of
from smartscope.analysis.resolution.thresholds import full_map

_SMOOTHED_SHELLS: Final = 1.5


def wiener(even: FloatImage, odd: FloatImage, *, pixel_size_angstrom: float) -> FloatImage:
    """The mean of two volumes (depth, height, width), each shell by 2F / (1 + F).

    F, the shells' correlation, is smoothed, ends where it first vanishes and is never negative.
    """
    curve = fsc(even, odd, pixel_size_angstrom=pixel_size_angstrom)
    smooth = ndimage.gaussian_filter1d(curve.values, _SMOOTHED_SHELLS, mode="nearest")
    gone = np.flatnonzero(smooth <= 0.0)
    if len(gone):
        smooth[gone[0] :] = 0.0
    gains = full_map(np.clip(smooth, 0.0, 1.0))
    shells = shells_of(even.shape, pixel_size_angstrom=pixel_size_angstrom)
    by_shell = np.append(gains, 0.0).astype(np.float32)[shells.index]
    mean = np.float32(0.5) * (even + odd)
    level = mean.mean()
    filtered = fft.irfftn(fft.rfftn(mean - level) * by_shell, s=even.shape)
    return np.asarray(filtered + level, dtype=np.float32)
