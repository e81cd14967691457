"""The shade that lies over a picture: what is too smooth to be noise and too strong for filters.

Thickness of ice, the edge of the beam and the hole's rim are taken off before a picture is
transformed and put back afterwards, so that opposite edges meet and no network sees them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FloatArray, FloatImage

#: standard deviation of the Gaussian that leaves only shade
SMOOTH_ANGSTROM: Final = 300.0
#: means of cells of this side are smoothed, not pixels
_CELL_ANGSTROM: Final = 60.0


def background(image: FloatImage, *, pixel_size_angstrom: float) -> FloatImage:
    """The shade of `image` (height, width), float32, in its counts."""
    cell = max(1, round(_CELL_ANGSTROM / pixel_size_angstrom))
    rows, columns = (_cells(side, cell) for side in image.shape)
    means = np.add.reduceat(
        np.add.reduceat(image, rows, axis=0, dtype=np.float64), columns, axis=1
    ) / np.outer(_widths(rows, image.shape[0]), _widths(columns, image.shape[1]))
    sigma = SMOOTH_ANGSTROM / (cell * pixel_size_angstrom)
    # a Gaussian would flatten a slope towards the rim
    plane = _plane(means)
    coarse = plane + ndimage.gaussian_filter(means - plane, sigma, mode="nearest")
    down, across = (
        _between(first, side) for first, side in zip((rows, columns), image.shape, strict=True)
    )
    return np.asarray(down @ coarse.astype(np.float32) @ across.T)


def _plane(means: FloatArray) -> FloatArray:
    """By least squares; an axis of one cell has no slope."""
    total = np.full(means.shape, means.mean())
    for axis, side in enumerate(means.shape):
        if side > 1:
            along = np.arange(side) - (side - 1) / 2.0
            slope = (along * means.mean(axis=1 - axis)).sum() / (along * along).sum()
            total += np.expand_dims(slope * along, 1 - axis)
    return total


def _cells(side: int, cell: int) -> NDArray[np.intp]:
    """Where each cell begins; the last takes what is left over."""
    return np.arange(max(1, side // cell), dtype=np.intp) * cell


def _widths(first: NDArray[np.intp], side: int) -> FloatArray:
    return np.diff(np.append(first, side)).astype(np.float64)


def _between(first: NDArray[np.intp], side: int) -> FloatImage:
    """Weights (side, cells) that interpolate straight between the centres of cells."""
    centres = first + (_widths(first, side) - 1.0) / 2.0
    pixels = np.clip(np.arange(side, dtype=np.float64), centres[0], centres[-1])
    weights = np.zeros((side, len(first)), dtype=np.float32)
    if len(first) == 1:
        weights[:] = 1.0
        return weights
    left = np.clip(np.searchsorted(centres, pixels, side="right") - 1, 0, len(first) - 2)
    part = (pixels - centres[left]) / (centres[left + 1] - centres[left])
    every = np.arange(side)
    weights[every, left] = 1.0 - part
    weights[every, left + 1] = part
    return weights
