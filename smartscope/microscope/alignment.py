"""Find a reference of one magnification in an image of another, by correlation on a shared grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from smartscope.domain.geometry import Point
from smartscope.microscope.values import AcquiredImage, Reference

GRID_PX = 192
Grid = NDArray[np.float64]


def find(reference: Reference, image: AcquiredImage) -> tuple[Point, float]:
    """Where `reference.target` lies in `image` (stage µm), and the correlation there (-1 to 1).

    Both are sampled about the target on one square grid of `extent_um`; at most a third of that
    is searched in each direction. Phase is not whitened: the outline of a square is what counts.
    """
    step_um = reference.extent_um / GRID_PX
    known = _sampled(reference.image, reference.target, step_um)
    seen = _sampled(image, reference.target, step_um)
    score = np.fft.irfft2(np.fft.rfft2(seen) * np.conj(np.fft.rfft2(known)), s=known.shape)
    norm = float(np.sqrt((known**2).sum() * (seen**2).sum()))
    reach = GRID_PX // 3
    window = np.roll(score, (reach, reach), axis=(0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    row, column = np.unravel_index(int(window.argmax()), window.shape)
    dx = (float(column) - reach + _subpixel(window[row, :], int(column))) * step_um
    dy = (float(row) - reach + _subpixel(window[:, column], int(row))) * step_um
    found = Point(reference.target.x_um + dx, reference.target.y_um + dy)
    return found, float(window[row, column]) / norm if norm > 0.0 else 0.0


def _sampled(image: AcquiredImage, centre: Point, step_um: float) -> Grid:
    """The image about a stage position, smoothed to the grid's step, windowed, of zero mean."""
    pixels = image.pixels.astype(np.float64)
    pixel_um = image.pixel_size_angstrom * 1e-4
    if step_um > pixel_um:
        pixels = gaussian_filter(pixels, 0.5 * step_um / pixel_um)
    offsets = (np.arange(GRID_PX) - (GRID_PX - 1) / 2) * step_um
    affine = image.pixel_to_stage
    x_um, y_um = np.meshgrid(centre.x_um + offsets, centre.y_um + offsets)
    determinant = affine.a * affine.d - affine.b * affine.c
    dx, dy = x_um - affine.tx, y_um - affine.ty
    x_px = (affine.d * dx - affine.b * dy) / determinant
    y_px = (affine.a * dy - affine.c * dx) / determinant
    grid = map_coordinates(pixels, [y_px, x_px], order=1, mode="nearest")
    window = np.hanning(GRID_PX)
    taper = window[:, None] * window[None, :]
    grid = grid - (grid * taper).sum() / taper.sum()
    tapered: Grid = grid * taper
    return tapered


def _subpixel(line: Grid, peak: int) -> float:
    """The vertex of a parabola through the peak and its neighbours, in samples."""
    if not 0 < peak < len(line) - 1:
        return 0.0
    left, middle, right = (float(line[peak + offset]) for offset in (-1, 0, 1))
    curvature = left - 2.0 * middle + right
    return 0.0 if curvature == 0.0 else 0.5 * (left - right) / curvature
