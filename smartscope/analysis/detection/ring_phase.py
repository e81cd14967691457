"""Where in a lattice's cell the holes are, by their rims.

Through ice so thick that holes are as grey as the film, only their rims are seen, and what lies
between shadows is brightest midway: a finder of discs then has the lattice right and its origin
half a cell off. The mean of many cells shows the ring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import FloatArray, FloatImage, Image
from smartscope.analysis.detection.flatten import binned, log_grey, scaled_grey

#: pixels a pitch in the mean cell
CELL_PX = 40
#: the mean shows so much to each side, and rings are looked for so far away: a turned square cell's
#: middle is 0.71 pitches from its nodes, which are a pitch apart (0.83 where it is tilted by 45°)
SHOWN_PITCHES, REACH_PITCHES = 1.4, 0.75
#: the picture keeps at least so much of its resolution
OVERSAMPLED = 1.5
#: what is finer than a rim, and what is as wide as a shadow, is left out (pitches)
FINE_PITCHES, WIDE_PITCHES = 0.025, 0.15
#: dirt is clipped at so many robust deviations
CLIP_DEVIATIONS = 2.5
RIM_PX = 1.6
#: radii looked for, in pitches: the smallest and largest of any film sold
RADII_PITCHES = (0.2, 0.43)
RADIUS_STEP = 0.01
#: a declared diameter may be wrong by so much
DECLARED_WITHIN = 0.2
#: a ring elsewhere must be so much clearer than any at the origin, and stand so many deviations
#: above the rest: noise alone reaches 2.0 and 4.5
CLEARER = 2.0
DEVIATIONS = 5.0
FARTHER_THAN = 0.25
#: rims are where holes are believed when they are no farther than this (pitches)
AT_ORIGIN = 0.1
MOST_NODES = 160
FEWEST_NODES = 12


@dataclass(frozen=True, slots=True)
class Ring:
    """Where the ring lies from the origin (x, y) and its radius, in px of the image."""

    offset_px: tuple[float, float]
    radius_px: float


def ring_elsewhere(
    image: Image, nodes_px: FloatArray, pitch_px: float, radius_px: float | None = None
) -> Ring | None:
    """The holes' ring when it is a quarter pitch or more from nodes (N, 2) in px of the image.

    None where rims agree with the nodes, or show nothing clearly. `radius_px` is a declared radius.
    """
    if len(nodes_px) < FEWEST_NODES or pitch_px < CELL_PX / 4:
        return None
    mean = _mean_cell(image, nodes_px, pitch_px)
    if mean is None:
        return None
    best: tuple[float, float, tuple[float, float]] | None = None
    origin = 0.0
    for radius in _radii(radius_px, pitch_px):
        answer = _answers(mean, radius * CELL_PX)
        side = answer.shape[0]
        middle = side // 2
        near = round(AT_ORIGIN * CELL_PX)
        here = answer[middle - near : middle + near + 1, middle - near : middle + near + 1]
        origin = max(origin, float(here.max()))
        row, column = divmod(int(answer.argmax()), side)
        typical = 1.4826 * float(np.median(answer[answer > 0]))
        highest = float(answer[row, column])
        if highest > DEVIATIONS * typical and (best is None or highest > best[0]):
            best = highest, radius, ((column - middle) / CELL_PX, (row - middle) / CELL_PX)
    if best is None or best[0] < CLEARER * origin or np.hypot(*best[2]) < FARTHER_THAN:
        return None
    x, y = best[2]
    return Ring((x * pitch_px, y * pitch_px), best[1] * pitch_px)


def _radii(declared_px: float | None, pitch_px: float) -> FloatArray:
    """In pitches."""
    low, high = RADII_PITCHES
    if declared_px is not None:
        share = declared_px / pitch_px
        low, high = (
            max(low, (1 - DECLARED_WITHIN) * share),
            min(high, (1 + DECLARED_WITHIN) * share),
        )
    return np.arange(low, max(high, low) + RADIUS_STEP / 2, RADIUS_STEP)


def _mean_cell(image: Image, nodes_px: FloatArray, pitch_px: float) -> FloatImage | None:
    """The mean of what surrounds the nodes, without dirt and shading."""
    factor = max(1, int(pitch_px / (OVERSAMPLED * CELL_PX)))
    coarse, mask = binned(image.pixels, image.imaged, factor)
    scaled = scaled_grey(coarse, mask) if coarse.size else None
    if scaled is None:
        return None
    pitch = pitch_px / factor
    grey = log_grey(scaled[0])
    high = ndimage.gaussian_filter(grey, FINE_PITCHES * pitch)
    high = high - ndimage.gaussian_filter(grey, WIDE_PITCHES * pitch)
    spread = 1.4826 * float(np.median(np.abs(high[mask] - np.median(high[mask]))))
    if spread <= 0.0:
        return None
    even = np.clip(high / np.float32(spread), -CLIP_DEVIATIONS, CLIP_DEVIATIONS)
    chosen = nodes_px[np.linspace(0, len(nodes_px) - 1, min(len(nodes_px), MOST_NODES)).astype(int)]
    reach = round(SHOWN_PITCHES * CELL_PX)
    ticks = np.arange(-reach, reach + 1) / CELL_PX * pitch
    down, across = np.meshgrid(ticks, ticks, indexing="ij")
    total, count = np.zeros(down.shape), np.zeros(down.shape)
    height, width = even.shape
    for x, y in (chosen - (factor - 1) / 2) / factor:
        rows, columns = down + y, across + x
        inside = (rows >= 0) & (columns >= 0) & (rows <= height - 1) & (columns <= width - 1)
        values = ndimage.map_coordinates(even, [rows, columns], order=1, mode="nearest")
        total += np.where(inside, values, 0.0)
        count += inside
    return np.asarray(total / np.maximum(count, 1.0), dtype=np.float32)


def _answers(mean: FloatImage, radius: float) -> FloatImage:
    """How much a ring of this radius (px of the cell) stands out, bright or dark, about each place
    in reach of the origin; 0 beyond.
    """
    reach = int(np.ceil(radius + 4 * RIM_PX)) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows, columns)
    rim, inner, outer = (
        np.exp(-0.5 * ((distance - radius - shift) / RIM_PX) ** 2)
        for shift in (0.0, -3 * RIM_PX, 3 * RIM_PX)
    )
    kernel = rim / rim.sum() - (inner + outer) / (inner + outer).sum()
    answer = np.abs(signal.fftconvolve(mean, kernel, mode="same"))
    half, middle = round(REACH_PITCHES * CELL_PX), mean.shape[0] // 2
    seen = answer[middle - half : middle + half + 1, middle - half : middle + half + 1]
    down, across = np.mgrid[-half : half + 1, -half : half + 1]
    return np.where(np.hypot(down, across) <= half, seen, 0.0).astype(np.float32)
