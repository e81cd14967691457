"""Find the hole nearest the middle of a view by a disc of its size; for round holes in any foil.

Not a detector: it only answers where *that* hole is, so that a group can be centred on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import gaussian_filter, zoom

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.procedures.requests import LocateHole
from smartscope.microscope.values import AcquiredImage

Grid = NDArray[np.float64]
#: Pixels across a hole's radius when correlating: finer costs time and gains nothing.
RADIUS_PX = 12.0
#: A peak must stand this many robust deviations above the rest to count as a hole.
MIN_PEAK = 3.0


def hole_locator(diameter_um: float, *, search_um: float) -> LocateHole:
    """A `LocateHole` for holes of `diameter_um`, looking at most `search_um` from the belief.

    Give half the pitch as `search_um`, measured on the specimen, or a neighbour may be taken for
    the hole.
    """

    def locate(image: AcquiredImage, believed: Point) -> Point | None:
        pixel_um = image.pixel_size_angstrom * 1e-4
        shrink = min(1.0, RADIUS_PX * pixel_um / (diameter_um / 2))
        grid = _reduced(image, shrink)
        score = _disc_score(grid, diameter_um / 2 * shrink / pixel_um)
        x, y = (value * shrink for value in image.pixel_to_stage.to_pixel(believed))
        near = _distance_um(score, x, y, image.pixel_to_stage, shrink) <= search_um
        peak = _best_of(score, near)
        if peak is None:
            return None
        return image.pixel_to_stage.apply(peak[0] / shrink, peak[1] / shrink)

    return locate


def _reduced(image: AcquiredImage, shrink: float) -> Grid:
    """The image smoothed and shrunk, with holes bright whatever the foil is made of."""
    pixels = image.pixels.astype(np.float64)
    if shrink < 1.0:
        pixels = gaussian_filter(pixels, 0.5 / shrink)
        pixels = zoom(pixels, shrink, order=1, grid_mode=True, mode="nearest")
    centred: Grid = pixels - np.median(pixels)
    return centred


def _disc_score(grid: Grid, radius_px: float) -> Grid:
    """Mean inside a disc less the mean of the ring around it, at every pixel."""
    shape = tuple(next_fast_len(side + int(6 * radius_px), real=True) for side in grid.shape)
    y, x = (np.fft.fftfreq(side) * side for side in shape)
    distance = np.hypot(y[:, None], x[None, :])
    inside = np.clip(radius_px - distance + 0.5, 0.0, 1.0)
    ring = np.clip(1.4 * radius_px - distance + 0.5, 0.0, 1.0) - inside
    template = inside / inside.sum() - ring / ring.sum()
    padded = np.pad(grid, [(0, full - side) for full, side in zip(shape, grid.shape, strict=True)])
    score = irfft2(rfft2(padded) * np.conj(rfft2(template)), s=shape)
    cropped: Grid = score[: grid.shape[0], : grid.shape[1]]
    return cropped


def _distance_um(score: Grid, x: float, y: float, to_stage: Affine, shrink: float) -> Grid:
    """From a place to every pixel, on the specimen: a tilted one is seen shortened."""
    rows, columns = np.indices(score.shape)
    across, down = (columns - x) / shrink, (rows - y) / shrink
    distance: Grid = np.hypot(
        to_stage.a * across + to_stage.b * down, to_stage.c * across + to_stage.d * down
    )
    return distance


def _best_of(score: Grid, near: NDArray[np.bool_]) -> tuple[float, float] | None:
    if not near.any():
        return None
    spread = 1.4826 * float(np.median(np.abs(score - np.median(score)))) or 1.0
    candidates = np.where(near, score, -np.inf)
    row, column = np.unravel_index(int(candidates.argmax()), score.shape)
    if (float(score[row, column]) - float(np.median(score))) / spread < MIN_PEAK:
        return None
    # The weighted middle of the peak: the disc's correlation is a cone, not a point.
    first_row, first_column = max(0, int(row) - 2), max(0, int(column) - 2)
    top = score[first_row : row + 3, first_column : column + 3]
    weight = np.clip(top - 0.7 * float(score[row, column]), 0.0, None)
    y_top, x_top = np.indices(top.shape)
    total = float(weight.sum())
    return (
        first_column + float((weight * x_top).sum()) / total,
        first_row + float((weight * y_top).sum()) / total,
    )
