"""Weighs frequencies by what frames turned out to share there, once a path is roughly known."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray
from smartscope.analysis.movies.refine import undoing_wave
from smartscope.analysis.movies.spectra import GroupSpectra

_RINGS: Final = 200


def signal_weights(spectra: GroupSpectra, positions: FloatArray) -> FloatImage:
    """S(k) / P(k)², at most 1, in the band, (ky, kx): the weight that tells shifts best.

    S is the power two groups share when `positions` (groups, 2) are undone, P the power of one
    group, both averaged over rings. For a shift between spectra of white noise and signal S this is
    the maximum likelihood weight where noise is stronger than signal. All is 0 where nothing is.
    """
    total = np.zeros(spectra.band.shape, dtype=np.complex64)
    together = np.zeros_like(total)
    power = np.zeros(spectra.band.shape)
    for values, position in zip(spectra.values, positions, strict=True):
        each = undoing_wave(spectra, position)
        total += values * each
        together += each
        power += values.real.astype(np.float64) ** 2 + values.imag.astype(np.float64) ** 2
    groups = len(positions)
    standing = spectra.pattern_power * (np.abs(together) ** 2 - groups)
    shared = (np.abs(total) ** 2 - power - standing) / (groups * (groups - 1))
    radius = np.hypot(spectra.ky[:, None], spectra.kx[None, :])
    ring = np.minimum(radius / radius.max() * _RINGS, _RINGS - 1).astype(np.int64)
    inside = spectra.band > 0.0
    signal = _ring_means(shared, ring, inside)
    noise = _ring_means(power / groups, ring, inside)
    weights = np.maximum(signal, 0.0) / np.maximum(noise, 1e-30) ** 2
    most = float(weights.max())
    if most > 0.0:
        weights /= most
    return np.asarray(weights[ring] * spectra.band, dtype=np.float32)


def _ring_means(values: FloatArray, ring: IntArray, inside: BoolArray) -> FloatArray:
    count = np.bincount(ring[inside], minlength=_RINGS).astype(np.float64)
    total = np.bincount(ring[inside], values[inside], minlength=_RINGS)
    smooth = [ndimage.gaussian_filter1d(each, 1.0) for each in (total, count)]
    return np.asarray(smooth[0] / np.maximum(smooth[1], 1e-9))
