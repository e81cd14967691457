"""What dark bars of any direction match in a prepared micrograph: rods have no width of disc."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.picking.prepared import Prepared

_TURNS: Final = 10
#: a bar is compared with what surrounds it out to this multiple of its width
_AROUND: Final = 2.2
_MAD: Final = 1.4826


def bar_responses(
    micrograph: Prepared, length_angstrom: float, width_angstrom: float
) -> tuple[FloatImage, FloatImage]:
    """(height, width) each: the darkest, and the brightest, answer over all directions of a bar, in
    deviations of its answers in one direction.
    """
    pixels, pixel = micrograph.pixels, micrograph.pixel_size_angstrom
    spectrum = fft.rfft2(pixels)
    rows = np.fft.fftfreq(pixels.shape[0], 1.0 / pixels.shape[0])[:, None].astype(np.float32)
    columns = np.fft.fftfreq(pixels.shape[1], 1.0 / pixels.shape[1]).astype(np.float32)
    dark = np.full(pixels.shape, -np.inf, dtype=np.float32)
    bright = dark.copy()
    for turn in range(_TURNS):
        angle = np.pi * turn / _TURNS
        along = np.abs(np.cos(angle) * columns + np.sin(angle) * rows)
        across = np.abs(np.cos(angle) * rows - np.sin(angle) * columns)
        template = _bar(along, across, length_angstrom / 2.0 / pixel, width_angstrom / 2.0 / pixel)
        raw = fft.irfft2(-spectrum * np.conj(fft.rfft2(template)), s=pixels.shape)
        values = raw[micrograph.seen]
        middle = float(np.median(values))
        spread = _MAD * float(np.median(np.abs(values - middle)))
        level = np.asarray(raw / np.float32(max(spread, 1e-9)), dtype=np.float32)
        np.maximum(dark, level, out=dark)
        np.maximum(bright, -level, out=bright)
    return dark, bright


def _bar(
    along: FloatImage, across: FloatImage, half_length: float, half_width: float
) -> FloatImage:
    """A soft bar whose sum is 0 over itself and its surroundings."""
    bar = _soft(along, half_length) * _soft(across, half_width)
    whole = _soft(along, half_length + (_AROUND - 1.0) * half_width)
    whole = whole * _soft(across, _AROUND * half_width)
    return np.asarray(whole * (bar - (bar * whole).sum() / whole.sum()), dtype=np.float32)


def _soft(away_px: FloatImage, edge_px: float) -> FloatImage:
    steps = np.clip(away_px - np.float32(edge_px), -30.0, 30.0)
    return np.asarray(1.0 / (1.0 + np.exp(steps)), dtype=np.float32)
