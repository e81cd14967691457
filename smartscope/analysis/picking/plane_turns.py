"""Turns small square pictures by every angle of a circle at once, as one sparse matrix product."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy import sparse

from smartscope.analysis.base import FloatArray, FloatImage

#: Keys' cubic kernel (1981) with a = -1/2, the one of third order
_SHARPNESS: Final = -0.5


@lru_cache(maxsize=4)
def turning(side_px: int, angles: int, *, back: bool = False) -> sparse.csr_array:
    """(angles · side², side²): what each pixel of a picture turned by 2πa/angles is made of.

    The middle pixel side // 2 stays; x turns towards y (down). What lies outside the inscribed
    circle is 0. `back` turns the other way.
    """
    axis = np.arange(side_px) - side_px // 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    inside = np.flatnonzero((np.hypot(x, y) <= side_px // 2 - 3).ravel())
    px, py = x.ravel()[inside], y.ravel()[inside]
    rows, columns, weights = [], [], []
    for number in range(angles):
        angle = 2.0 * np.pi * number / angles * (-1.0 if back else 1.0)
        # A pixel of the turned picture is looked up where it came from.
        from_x = np.cos(angle) * px + np.sin(angle) * py + side_px // 2
        from_y = -np.sin(angle) * px + np.cos(angle) * py + side_px // 2
        whole_x, whole_y = np.floor(from_x).astype(int), np.floor(from_y).astype(int)
        across = _cubic(from_x - whole_x)
        down = _cubic(from_y - whole_y)
        for dy in range(4):
            for dx in range(4):
                rows.append(number * side_px**2 + inside)
                columns.append((whole_y + dy - 1) * side_px + whole_x + dx - 1)
                weights.append(across[dx] * down[dy])
    shape = (angles * side_px**2, side_px**2)
    entries = np.concatenate(weights).astype(np.float32)
    places = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(sparse.coo_array((entries, places), shape=shape))


def turned(pictures: FloatImage, angles: int) -> FloatImage:
    """Pictures (n, side, side) turned by every angle: (n, angles, side, side)."""
    count, side = pictures.shape[:2]
    flat = turning(side, angles) @ pictures.reshape(count, -1).T
    return np.asarray(flat.T.reshape(count, angles, side, side), dtype=np.float32)


def turned_back_and_summed(pictures: FloatImage) -> FloatImage:
    """(n, angles, side, side) turned back, each by its angle, and summed: (n, side, side)."""
    count, angles, side = pictures.shape[:3]
    matrix = turning(side, angles, back=True)
    total = np.zeros((side**2, count), dtype=np.float32)
    for number in range(angles):
        part = matrix[number * side**2 : (number + 1) * side**2]
        total += part @ pictures[:, number].reshape(count, -1).T
    return np.asarray(total.T.reshape(count, side, side), dtype=np.float32)


def _cubic(part: FloatArray) -> tuple[FloatArray, ...]:
    """Weights of the four neighbours at -1, 0, 1, 2 for a place `part` beyond the second."""
    a = _SHARPNESS

    def near(t: FloatArray) -> FloatArray:
        return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0

    def far(t: FloatArray) -> FloatArray:
        return ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a

    return far(1.0 + part), near(part), near(1.0 - part), far(2.0 - part)
