"""The film of one square: where it is, its period, and how large its holes are, before any is
named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.detection.flatten import log_grey, masked_blur
from smartscope.analysis.detection.mixture import otsu_split
from smartscope.analysis.detection.periodicity import Period, measure_period

HIGH_PASS_PITCHES = 0.55
BAR_OF_FILM = 0.5
EDGE_OF_FILM = 0.3
CORE_OF_FILM = 0.7
CLIP_LEVELS = 3.0
GOLD_RIM_PITCHES = 0.35
DIRT_ON_CARBON = 0.6
DIRT_ON_GOLD = 0.08
MOST_DIRT = 0.5
LEVEL_PITCHES = 1.5
DIM_OF_BRIGHT = 0.85
BAR_OF_DIM = 0.3
#: lattice cells in view below which no period is asked for
FEWEST_CELLS = 25
RADIUS_FRACTIONS = (0.16, 0.2, 0.25, 0.3, 0.36)


@dataclass(frozen=True, slots=True)
class Film:
    """Log grey flattened to mean 0 and even contrast, where foil is, grey, the period."""

    flat: FloatImage
    foil: BoolArray
    smooth: FloatImage
    period: Period | None


def look_at_film(
    grey: FloatImage,
    mask: BoolArray,
    *,
    pitch_px: float,
    search: tuple[float, float],
    is_gold: bool,
) -> Film:
    """Foil, flattened picture and period of a scaled square image (0 dark, 1 bright).

    `pitch_px` is the scale to flatten by, `search` the shortest and longest pitch (px) looked for.
    The period is measured on the evenly lit middle; holes may be sought out to the soft edge. Dirt
    is left out of every mean, so that it does not outshine the holes.
    """
    smooth = ndimage.gaussian_filter(grey, max(0.7, 0.08 * pitch_px))
    level = _local_level(smooth, pitch_px)
    foil, core = _foil_area(level, mask, pitch_px)
    dirt = _dirt(smooth, level, foil, pitch_px, is_gold=is_gold)
    logged = log_grey(ndimage.gaussian_filter(grey, max(0.5, 0.03 * pitch_px)))
    clean = (foil & ~dirt).astype(np.float32)
    high = logged - masked_blur(logged, clean, HIGH_PASS_PITCHES * pitch_px)
    high = np.where(clean > 0, high, np.float32(0.0))
    contrast = masked_blur(np.abs(high), clean, LEVEL_PITCHES * pitch_px)
    values = contrast[core] if core.any() else contrast[mask]
    even = high / np.maximum(contrast, 0.5 * np.float32(np.median(values)) + np.float32(1e-9))
    flat = np.clip(even, -CLIP_LEVELS, CLIP_LEVELS).astype(np.float32)
    areas = [core if core.any() else foil, *_dimmer_part(smooth, foil, pitch_px)]
    period = _clearest_period(flat, areas, search, pitch_px)
    if is_gold:
        foil = _with_rim(smooth, level, foil, pitch_px)
    return Film(flat, foil & mask, smooth, period)


def _clearest_period(
    flat: FloatImage, areas: list[BoolArray], search: tuple[float, float], pitch_px: float
) -> Period | None:
    """The period of the area that shows it most clearly."""
    measured = [
        measure_period(
            flat, area, shortest_px=search[0], longest_px=search[1], expected_px=pitch_px
        )
        for area in areas
    ]
    return max(
        (period for period in measured if period is not None),
        key=lambda period: period.strength_sd,
        default=None,
    )


def _dimmer_part(smooth: FloatImage, foil: BoolArray, pitch_px: float) -> list[BoolArray]:
    """The film beside a large tear: where more light comes through, no period is to be seen.

    Empty when the film, with its holes left out, is all of one brightness.
    """
    size = max(3, 2 * round(0.6 * pitch_px) + 1)
    opened = ndimage.grey_opening(smooth, size=(size, size))
    values = opened[foil]
    if values.size == 0:
        return []
    split = otsu_split(values[:: max(1, values.size // 200_000)].astype(np.float64))
    if split is None or split[0] > DIM_OF_BRIGHT * split[1]:
        return []
    dim = foil & (opened < (split[0] + split[1]) / 2) & (opened > BAR_OF_DIM * split[0])
    dim = ndimage.binary_erosion(dim, iterations=max(1, round(0.2 * pitch_px)), border_value=1)
    return [dim] if dim.sum() > FEWEST_CELLS * pitch_px**2 else []


def _with_rim(smooth: FloatImage, level: FloatImage, foil: BoolArray, pitch_px: float) -> BoolArray:
    """Dark gold between the outermost holes and the bar, which the closing over bright holes
    leaves out.
    """
    between = foil & (smooth < 0.6 * level)
    if not between.any() or foil.all():
        return foil
    midway = (float(np.median(smooth[between])) + float(np.median(smooth[~foil]))) / 2
    grown = ndimage.binary_dilation(foil, iterations=max(1, round(GOLD_RIM_PITCHES * pitch_px)))
    return foil | (grown & (smooth > midway))


def _local_level(smooth: FloatImage, pitch_px: float) -> FloatImage:
    """Grey closed over a pitch: joins bright holes in dark gold as well as carbon with specks.

    Unlike a mean it keeps the edge at the bars sharp. Beyond the image's border all is taken for
    bright, so that a strip of dark film there is no bar.
    """
    size = max(3, 2 * round(0.6 * pitch_px) + 1)
    padded = np.pad(smooth, size, mode="constant", constant_values=float(smooth.max()))
    closed = ndimage.grey_closing(padded, size=(size, size))[size:-size, size:-size]
    return np.asarray(closed, dtype=np.float32)


def _foil_area(level: FloatImage, mask: BoolArray, pitch_px: float) -> tuple[BoolArray, BoolArray]:
    """The opening of the mesh out to its soft edge, and its evenly bright middle.

    All that was imaged, when no dark bar is in view.
    """
    split = otsu_split(level[mask][:: max(1, mask.size // 200_000)].astype(np.float64))
    if split is None or split[0] > BAR_OF_FILM * split[1]:
        return mask, mask
    foil = _largest(level > EDGE_OF_FILM * split[1], mask)
    core = _largest(level > CORE_OF_FILM * split[1], mask)
    erosion = max(1, round(0.4 * pitch_px))
    return foil, ndimage.binary_erosion(core, iterations=erosion, border_value=1)


def _dirt(
    smooth: FloatImage, level: FloatImage, foil: BoolArray, pitch_px: float, *, is_gold: bool
) -> BoolArray:
    """Pixels far darker than the film around them, grown a little; none if that were most of the
    film.
    """
    local = ndimage.maximum_filter(level, size=max(3, 2 * round(pitch_px) + 1))
    dark = (smooth < (DIRT_ON_GOLD if is_gold else DIRT_ON_CARBON) * local) & foil
    if dark.sum() > MOST_DIRT * max(int(foil.sum()), 1):
        return np.zeros_like(foil)
    return ndimage.binary_dilation(dark, iterations=max(1, round(0.06 * pitch_px)))


def _largest(bright: BoolArray, mask: BoolArray) -> BoolArray:
    labels, count = ndimage.label(bright & mask)
    if count == 0:
        return mask
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    return np.asarray(ndimage.binary_fill_holes(labels == largest) & mask)


def disc_response(flat: FloatImage, radius_px: float) -> FloatImage:
    """Mean inside a disc less the mean of the ring around it, per pixel (difference of two
    means).
    """
    reach = int(np.ceil(1.5 * radius_px)) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows, columns)
    disc = np.clip(radius_px - distance + 0.5, 0.0, 1.0)
    ring = np.clip(1.5 * radius_px - distance + 0.5, 0.0, 1.0) - disc
    kernel = disc / disc.sum() - ring / ring.sum()
    return np.asarray(signal.fftconvolve(flat, kernel, mode="same"), dtype=np.float32)


def peaks(
    response: FloatImage, foil: BoolArray, spacing_px: float
) -> tuple[FloatArray, FloatArray]:
    """Local maxima (N, 2) x, y to a fraction of a pixel, at least `spacing_px` apart, and their
    heights.
    """
    size = max(3, 2 * int(spacing_px / 2) + 1)
    highest = ndimage.maximum_filter(response, size=size)
    rows, columns = np.nonzero((response == highest) & (response > 0) & foil)
    border = (rows > 0) & (columns > 0)
    border &= (rows < response.shape[0] - 1) & (columns < response.shape[1] - 1)
    rows, columns = rows[border], columns[border]
    heights = response[rows, columns].astype(np.float64)
    shift_x = _vertex(response[rows, columns - 1], heights, response[rows, columns + 1])
    shift_y = _vertex(response[rows - 1, columns], heights, response[rows + 1, columns])
    return np.column_stack([columns + shift_x, rows + shift_y]), heights


def typical_radius(
    flat: FloatImage, foil: BoolArray, pitch_px: float, hint_px: float | None
) -> float:
    """Hole radius in px from the mean profile of the strongest responses: half height from centre
    to film.
    """
    first = hint_px or _best_fraction(flat, foil, pitch_px)
    where, heights = peaks(disc_response(flat, first), foil, 0.6 * pitch_px)
    if len(where) == 0:
        return first
    strong = where[heights >= np.percentile(heights, 50)]
    radii = np.arange(0.0, 0.62 * pitch_px, 0.25)
    profile = _mean_profile(flat, strong, radii)
    core = float(profile[radii <= 0.4 * first].mean())
    film = float(profile[radii >= 0.4 * pitch_px].min())
    below = np.flatnonzero(profile < (core + film) / 2)
    measured = float(radii[below[0]]) if len(below) and below[0] > 0 else first
    return float(np.clip(measured, 0.5 * first, 1.6 * first)) if hint_px else measured


def _best_fraction(flat: FloatImage, foil: BoolArray, pitch_px: float) -> float:
    """The radius (px) whose disc answers most: smaller ones see hole in their ring, larger ones
    film.
    """
    expected = max(4, round(0.67 * float(foil.sum()) / pitch_px**2))
    best, best_height = RADIUS_FRACTIONS[0], -np.inf
    for fraction in RADIUS_FRACTIONS:
        _, heights = peaks(disc_response(flat, fraction * pitch_px), foil, 0.6 * pitch_px)
        height = float(np.median(np.sort(heights)[-expected:])) if len(heights) else -np.inf
        if height > best_height:
            best, best_height = fraction, height
    return best * pitch_px


def _mean_profile(picture: FloatImage, centres: FloatArray, radii: FloatArray) -> FloatArray:
    """(R,) per radius the mean over 16 directions of the median over all centres."""
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    columns = centres[:, 0, None, None] + radii[None, :, None] * np.cos(angles)
    rows = centres[:, 1, None, None] + radii[None, :, None] * np.sin(angles)
    samples = ndimage.map_coordinates(picture, [rows, columns], order=1, mode="nearest")
    return np.asarray(np.median(samples, axis=0).mean(axis=1), dtype=np.float64)


def _vertex(before: FloatImage, at: FloatArray, after: FloatImage) -> FloatArray:
    curvature = before - 2 * at + after
    safe = np.where(curvature < 0, curvature, -1.0)
    return np.clip(np.where(curvature < 0, 0.5 * (before - after) / safe, 0.0), -0.5, 0.5)
