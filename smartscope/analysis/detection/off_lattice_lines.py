"""Strands too thin for their pixels: dark lines, sought along many directions at once."""

from __future__ import annotations

import numpy as np
from scipy import fft

from smartscope.analysis.base import BoolArray, FloatImage

DIRECTIONS = 12
#: a line is averaged over this much of its length, and compared with what lies this far beside it
ALONG_UM = 0.4
ACROSS_UM = 0.08
BESIDE_UM = 0.25
#: the strongest of the directions must stand so far above the noise of one of them
CERTAIN_SD = 4.0


def dark_lines(flat: FloatImage, noise: FloatImage, pixel_size_um: float) -> BoolArray:
    """(height, width) True on lines darker than both sides, in flattened log grey of one square.

    `noise` is the standard deviation of single pixels, taken as white; what is not film is 0 in
    `flat`.
    """
    shape = tuple(fft.next_fast_len(side + 32, real=True) for side in flat.shape)
    spectrum = fft.rfft2(flat.astype(np.float32), s=shape)
    fy = fft.fftfreq(shape[0]).astype(np.float32)[:, None]
    fx = fft.rfftfreq(shape[1]).astype(np.float32)[None, :]
    best = np.full(flat.shape, -np.inf, dtype=np.float32)
    gain = 1.0
    for number in range(DIRECTIONS):
        kernel = _kernel(fx, fy, np.pi * number / DIRECTIONS, pixel_size_um)
        if number == 0:
            gain = _noise_gain(kernel, shape)
        seen = fft.irfft2(spectrum * kernel, s=shape)[: flat.shape[0], : flat.shape[1]]
        np.maximum(best, seen, out=best)
    return np.asarray(best > CERTAIN_SD * gain * noise)


def _kernel(fx: FloatImage, fy: FloatImage, angle: float, pixel_size_um: float) -> FloatImage:
    """Transfer function: how much darker a line is than its sides, averaged along it."""
    along, across, beside = (
        max(0.5, length / pixel_size_um) for length in (ALONG_UM, ACROSS_UM, BESIDE_UM)
    )
    lengthwise = np.cos(angle) * fx + np.sin(angle) * fy
    sideways = np.cos(angle) * fy - np.sin(angle) * fx
    line = np.exp(-2 * (np.pi * along * lengthwise) ** 2)
    profile = np.exp(-2 * (np.pi * beside * sideways) ** 2) - np.exp(
        -2 * (np.pi * across * sideways) ** 2
    )
    return np.asarray(line * profile, dtype=np.float32)


def _noise_gain(kernel: FloatImage, shape: tuple[int, ...]) -> float:
    """Standard deviation that white noise of unit standard deviation keeps."""
    doubled = 2.0 * float(np.sum(kernel[:, 1:] ** 2)) + float(np.sum(kernel[:, 0] ** 2))
    return float(np.sqrt(doubled / (shape[0] * shape[1])))
