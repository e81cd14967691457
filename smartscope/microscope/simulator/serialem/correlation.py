"""Where one image lies against another of the same pixel, by cross-correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from smartscope.microscope.simulator.serialem.buffers import Pixels

Values = NDArray[np.float32]
#: shot noise below this many pixels, and slopes above a share of the side, are filtered out
SMOOTH_PX = 1.5
SLOPE_SHARE = 0.08


def displacement(image: Pixels, reference: Pixels) -> tuple[float, float, float]:
    """How many pixels (x right, y down) what `reference` shows is displaced in `image`.

    Both are cut to their common middle; the third value is the correlation there (-1 to 1).
    """
    height = min(image.shape[0], reference.shape[0])
    width = min(image.shape[1], reference.shape[1])
    seen, known = _prepared(image, height, width), _prepared(reference, height, width)
    product = np.fft.rfft2(seen) * np.conj(np.fft.rfft2(known))
    score = np.fft.irfft2(product, s=(height, width))
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    x = _signed(int(column), width) + _vertex(score[int(row), :], int(column))
    y = _signed(int(row), height) + _vertex(score[:, int(column)], int(row))
    norm = float(np.sqrt((seen**2).sum() * (known**2).sum()))
    return x, y, float(score[row, column]) / norm if norm > 0.0 else 0.0


def _prepared(pixels: Pixels, height: int, width: int) -> Values:
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    values = pixels[top : top + height, left : left + width].astype(np.float32)
    slope = SLOPE_SHARE * min(height, width)
    values = gaussian_filter(values, SMOOTH_PX) - gaussian_filter(values, slope)
    taper = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    tapered: Values = ((values - values.mean()) * taper).astype(np.float32)
    return tapered


def _signed(index: int, length: int) -> int:
    return index - length if index > length // 2 else index


def _vertex(line: NDArray[np.floating], peak: int) -> float:
    """The vertex of a parabola through a peak and its (cyclic) neighbours, in samples."""
    left, middle, right = (float(line[(peak + offset) % len(line)]) for offset in (-1, 0, 1))
    curvature = left - 2.0 * middle + right
    return 0.0 if curvature == 0.0 else 0.5 * (left - right) / curvature
