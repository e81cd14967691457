"""Where one known hole lies in a view of it: a disc brighter than the film around it."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from smartscope.analysis.base import FloatArray, FloatImage, Image
from smartscope.domain.geometry import Point

#: pixels across a hole's radius are plenty; finer ones only cost time
RADIUS_PX = 12.0
#: the ring of film a hole is compared with, in radii
RING = (1.15, 1.6)
#: how far the best place must stand above the spread of all others
LEAST_Z = 5.0


def locate_hole(view: Image, expected: Point, *, radius_um: float, reach_um: float) -> Point | None:
    """The stage position (µm) of the hole nearest to `expected`, within `reach_um` of it.

    None when nothing stands out: a bar, a crack, or ice too thick to see through. Sub-pixel by the
    vertex of a parabola.
    """
    binning = max(1, round(radius_um / view.pixel_size_um / RADIUS_PX))
    small = _binned(view.pixels, binning)
    radius_px = radius_um / view.pixel_size_um / binning
    if min(small.shape) < 4 * radius_px:
        return None
    score = _disc_score(small, radius_px)
    x0, y0 = (_to_binned(value, binning) for value in view.to_stage.to_pixel(expected))
    peak = _peak(score, x0, y0, reach_um / view.pixel_size_um / binning)
    if peak is None:
        return None
    x, y = (_from_binned(value, binning) for value in peak)
    return view.stage_of(x, y)


def _binned(pixels: FloatImage, binning: int) -> FloatArray:
    height, width = (side // binning * binning for side in pixels.shape)
    blocks = pixels[:height, :width].reshape(height // binning, binning, width // binning, binning)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64))


def _to_binned(value_px: float, binning: int) -> float:
    return (value_px + 0.5) / binning - 0.5


def _from_binned(value_px: float, binning: int) -> float:
    return (value_px + 0.5) * binning - 0.5


def _disc_score(image: FloatArray, radius_px: float) -> FloatArray:
    """Mean over a disc minus mean over the ring around it, at each pixel, on log intensity."""
    log = np.log(np.maximum(image, 0.05 * max(float(np.median(image)), 1e-6)))
    reach = int(np.ceil(RING[1] * radius_px)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    r = np.hypot(x, y) / radius_px
    disc = np.clip((1.0 - r) * radius_px + 0.5, 0.0, 1.0)
    ring = ((r >= RING[0]) & (r <= RING[1])).astype(np.float64)
    kernel = disc / disc.sum() - ring / ring.sum()
    padded = np.pad(log, reach, mode="reflect")
    shape = tuple(next_fast_len(side + 2 * reach, real=True) for side in padded.shape)
    full = irfft2(rfft2(padded, shape) * np.conj(rfft2(kernel, shape)), shape)
    return np.asarray(full[: image.shape[0], : image.shape[1]])


def _peak(score: FloatArray, x0: float, y0: float, reach_px: float) -> tuple[float, float] | None:
    rows, columns = np.indices(score.shape)
    near = np.hypot(columns - x0, rows - y0) <= reach_px
    if not near.any():
        return None
    row, column = np.unravel_index(int(np.where(near, score, -np.inf).argmax()), score.shape)
    spread = 1.4826 * float(np.median(np.abs(score - np.median(score))))
    if score[row, column] <= 0.0 or score[row, column] < LEAST_Z * max(spread, 1e-9) / 2.0:
        return None
    r, c = int(row), int(column)
    return c + _vertex(score[r, :], c), r + _vertex(score[:, c], r)


def _vertex(line: FloatArray, peak: int) -> float:
    if not 0 < peak < len(line) - 1:
        return 0.0
    left, middle, right = (float(line[peak + step]) for step in (-1, 0, 1))
    curvature = left - 2.0 * middle + right
    return 0.0 if curvature >= 0.0 else 0.5 * (left - right) / curvature
