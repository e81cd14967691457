"""Moves a noise-free image by shifts that vary slowly over the field: Catmull-Rom, in 32-pixel
blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
_TAPS = 4
_BAND = 4

FloatImage = NDArray[np.float32]


def _weights(fraction: FloatImage) -> FloatImage:
    """(n, 32, 35) matrices that interpolate a run of 35 samples at `fraction` in [0, 1) past the
    second.
    """
    t = fraction.astype(np.float64)
    taps = np.stack(
        [
            0.5 * (-t + 2 * t**2 - t**3),
            0.5 * (2 - 5 * t**2 + 3 * t**3),
            0.5 * (t + 4 * t**2 - 3 * t**3),
            0.5 * (-(t**2) + t**3),
        ]
    ).astype(np.float32)
    matrices = np.zeros((t.size, BLOCK, BLOCK + _TAPS - 1), dtype=np.float32)
    rows = np.arange(BLOCK)
    for tap in range(_TAPS):
        matrices[:, rows, rows + tap] = taps[tap][:, None]
    return matrices


def moved(
    image: FloatImage,
    margin: tuple[int, int],
    shape: tuple[int, int],
    shifts_px: NDArray[np.float64],
) -> FloatImage:
    """The (height, width) `shape` window of a padded image, moved.

    `margin` is the window's (top, left) in `image`; `shifts_px` (block rows, block columns, 2)
    holds
    (x, y) per 32-pixel block: what was at p appears at p + shift. Shifts must stay within the
    margin.
    """
    across = -(-shape[1] // BLOCK)
    result: FloatImage = np.empty(shape, dtype=np.float32)
    # A few rows of blocks at a time: windows copied whole would not fit the processor's cache.
    for first in range(0, len(shifts_px), _BAND):
        shifts = shifts_px[first : first + _BAND]
        rows = slice(first * BLOCK, min((first + len(shifts)) * BLOCK, shape[0]))
        corner = (margin[0] + first * BLOCK, margin[1])
        band: FloatImage = _moved_band(image, corner, across, shifts)
        result[rows] = band[: rows.stop - rows.start, : shape[1]]
    return result


def _moved_band(
    image: FloatImage, corner: tuple[int, int], across: int, shifts_px: NDArray[np.float64]
) -> FloatImage:
    down = len(shifts_px)
    top = corner[0] + BLOCK * np.arange(down)[:, None] - shifts_px[..., 1]
    left = corner[1] + BLOCK * np.arange(across)[None, :] - shifts_px[..., 0]
    whole_y, whole_x = np.floor(top).astype(np.int64), np.floor(left).astype(np.int64)
    weights_y = _weights((top - whole_y).ravel().astype(np.float32))
    weights_x = _weights((left - whole_x).ravel().astype(np.float32))
    run = BLOCK + _TAPS - 1
    windows = np.lib.stride_tricks.sliding_window_view(image, (run, run))
    blocks = windows[(whole_y - 1).ravel(), (whole_x - 1).ravel()]
    moved_blocks = weights_y @ blocks @ weights_x.transpose(0, 2, 1)
    tiled = moved_blocks.reshape(down, across, BLOCK, BLOCK).swapaxes(1, 2)
    return tiled.reshape(down * BLOCK, across * BLOCK).astype(np.float32, copy=False)
