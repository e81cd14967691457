"""Reads a frame at places between its pixels, by cubic B-splines, in one compiled loop.

The spline's own blur is undone beforehand in Fourier space (`spline_prefilter`), where the frame is
anyway for its whole-frame shift: so a frame is interpolated once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.compiled import compiled

#: displacements are given on a grid of this many pixels and are linear between
CELL_PX: Final = 32


def spline_prefilter(side: int, *, half: bool = False) -> FloatArray:
    """What turns samples into cubic B-spline coefficients, along one axis of a transform.

    (side,), or the `rfft` half of it. The spline's response is (2 + cos 2πq) / 3.
    """
    q = np.fft.rfftfreq(side) if half else np.fft.fftfreq(side)
    return np.asarray(3.0 / (2.0 + np.cos(2.0 * np.pi * q)))


def displaced(coefficients: FloatImage, displacement_px: NDArray[np.float32]) -> FloatImage:
    """The picture whose pixel (x, y) is the spline at (x, y) + displacement; edges wrap around.

    `coefficients` is (height, width); `displacement_px` (cells down + 1, cells across + 1, 2), x
    and y, at every `CELL_PX` pixels.
    """
    out = np.empty_like(coefficients)
    _displace(coefficients, displacement_px, out)
    return out


@compiled
def _displace(
    source: NDArray[np.float32], grid: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    height, width = source.shape
    one = np.float32(1.0)
    for row in range(height):
        cell_y = row // CELL_PX
        down = np.float32(row - cell_y * CELL_PX) / np.float32(CELL_PX)
        for cell_x in range((width + CELL_PX - 1) // CELL_PX):
            dx0 = grid[cell_y, cell_x, 0] * (one - down) + grid[cell_y + 1, cell_x, 0] * down
            dy0 = grid[cell_y, cell_x, 1] * (one - down) + grid[cell_y + 1, cell_x, 1] * down
            dx1 = grid[cell_y, cell_x + 1, 0] * (one - down)
            dx1 += grid[cell_y + 1, cell_x + 1, 0] * down
            dy1 = grid[cell_y, cell_x + 1, 1] * (one - down)
            dy1 += grid[cell_y + 1, cell_x + 1, 1] * down
            first = cell_x * CELL_PX
            for column in range(first, min(first + CELL_PX, width)):
                right = np.float32(column - first) / np.float32(CELL_PX)
                dx = dx0 + (dx1 - dx0) * right
                dy = dy0 + (dy1 - dy0) * right
                out[row, column] = _spline(source, row, column, dx, dy)


@compiled
def _spline(
    source: NDArray[np.float32], row: int, column: int, dx: np.float32, dy: np.float32
) -> np.float32:
    """Sixteen coefficients around (column + dx, row + dy), weighed by the spline at each."""
    height, width = source.shape
    left, upper = int(np.floor(dx)), int(np.floor(dy))
    x, y = np.float32(dx - left), np.float32(dy - upper)
    left += column - 1
    upper += row - 1
    one, half, sixth = np.float32(1.0), np.float32(0.5), np.float32(1.0 / 6.0)
    two, most = np.float32(2.0), np.float32(2.0 / 3.0)
    u, v = one - x, one - y
    wx0, wx3 = u * u * u * sixth, x * x * x * sixth
    wx1, wx2 = most - half * x * x * (two - x), most - half * u * u * (two - u)
    wy0, wy3 = v * v * v * sixth, y * y * y * sixth
    wy1, wy2 = most - half * y * y * (two - y), most - half * v * v * (two - v)
    if left >= 0 and upper >= 0 and left + 3 < width and upper + 3 < height:
        i0, i1, i2, i3 = left, left + 1, left + 2, left + 3
        j0, j1, j2, j3 = upper, upper + 1, upper + 2, upper + 3
    else:
        i0, i1, i2, i3 = left % width, (left + 1) % width, (left + 2) % width, (left + 3) % width
        j0, j1 = upper % height, (upper + 1) % height
        j2, j3 = (upper + 2) % height, (upper + 3) % height
    line0 = wx0 * source[j0, i0] + wx1 * source[j0, i1]
    line0 += wx2 * source[j0, i2] + wx3 * source[j0, i3]
    line1 = wx0 * source[j1, i0] + wx1 * source[j1, i1]
    line1 += wx2 * source[j1, i2] + wx3 * source[j1, i3]
    line2 = wx0 * source[j2, i0] + wx1 * source[j2, i1]
    line2 += wx2 * source[j2, i2] + wx3 * source[j2, i3]
    line3 = wx0 * source[j3, i0] + wx1 * source[j3, i1]
    line3 += wx2 * source[j3, i2] + wx3 * source[j3, i3]
    return np.float32(wy0 * line0 + wy1 * line1 + wy2 * line2 + wy3 * line3)
