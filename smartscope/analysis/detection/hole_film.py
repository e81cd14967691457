"""The film of one square: where it is, its period, and how large its holes are, before any is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.detection.flatten import log_grey, masked_blur
from smartscope.analysis.detection.mixture import split_in_two
from smartscope.analysis.detection.periodicity import Period, measure_period

HIGH_PASS_PITCHES = 0.55
FOIL_BLUR_PITCHES = 0.8
FOIL_SEPARATION = 3.0
CLIP_SD = 4.0
RADIUS_FRACTIONS = (0.16, 0.2, 0.25, 0.3, 0.36)


@dataclass(frozen=True, slots=True)
class Film:
    """Flattened log grey (0 mean), where foil was imaged, and the measured period."""

    flat: FloatImage
    foil: BoolArray
    period: Period | None


def look_at_film(
    grey: FloatImage, mask: BoolArray, *, pitch_px: float, search: tuple[float, float]
) -> Film:
    """Foil, flattened picture and period of a scaled square image (0 dark, 1 bright).

    `pitch_px` is the scale to flatten by, `search` the shortest and longest pitch (px) looked for.
    """
    foil = foil_area(grey, mask, pitch_px)
    logged = log_grey(ndimage.gaussian_filter(grey, max(0.5, 0.03 * pitch_px)))
    inner = ndimage.binary_erosion(foil, iterations=max(1, round(0.2 * pitch_px)), border_value=1)
    inside = foil.astype(np.float32)
    flat = np.where(foil, logged - masked_blur(logged, inside, HIGH_PASS_PITCHES * pitch_px), 0.0)
    values = flat[inner] if inner.any() else flat[mask]
    sd = 1.4826 * float(np.median(np.abs(values - np.median(values)))) + 1e-6
    flat = np.where(inner, np.clip(flat, -CLIP_SD * sd, CLIP_SD * sd), 0.0).astype(np.float32)
    period = measure_period(
        flat,
        inner,
        shortest_px=search[0],
        longest_px=search[1],
        expected_px=pitch_px,
    )
    return Film(flat, foil, period)


def foil_area(grey: FloatImage, mask: BoolArray, pitch_px: float) -> BoolArray:
    """The opening of the mesh in a square's image: largest bright area at the scale of a pitch, filled.

    All that was imaged, when no dark bar is in view.
    """
    blurred = masked_blur(grey, mask.astype(np.float32), FOIL_BLUR_PITCHES * pitch_px)
    logged = log_grey(blurred)
    split = split_in_two(logged[mask][:: max(1, mask.size // 200_000)])
    if split is None or split.separation < FOIL_SEPARATION:
        return mask
    if split.bright_mean - split.dark_mean < np.log(2.0):
        return mask
    bright = (logged > split.threshold) & mask
    labels, count = ndimage.label(bright)
    if count == 0:
        return mask
    largest = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    return np.asarray(ndimage.binary_fill_holes(labels == largest) & mask)


def disc_response(flat: FloatImage, radius_px: float) -> FloatImage:
    """Mean inside a disc less the mean of the ring around it, per pixel (difference of two means)."""
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
    """Local maxima (N, 2) x, y to a fraction of a pixel, at least `spacing_px` apart, and their heights."""
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
    """Hole radius in px from the mean profile of the strongest responses: half height from centre to film."""
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
    best, best_height = RADIUS_FRACTIONS[0], -np.inf
    for fraction in RADIUS_FRACTIONS:
        _, heights = peaks(disc_response(flat, fraction * pitch_px), foil, 0.6 * pitch_px)
        height = float(np.median(heights)) * fraction if len(heights) else -np.inf
        if height > best_height:
            best, best_height = fraction, height
    return best * pitch_px


def _mean_profile(flat: FloatImage, centres: FloatArray, radii: FloatArray) -> FloatArray:
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    columns = centres[:, 0, None, None] + radii[None, :, None] * np.cos(angles)
    rows = centres[:, 1, None, None] + radii[None, :, None] * np.sin(angles)
    samples = ndimage.map_coordinates(flat, [rows, columns], order=1, mode="nearest")
    return np.asarray(np.median(samples, axis=0).mean(axis=1), dtype=np.float64)


def _vertex(before: FloatImage, at: FloatArray, after: FloatImage) -> FloatArray:
    curvature = before - 2 * at + after
    safe = np.where(curvature < 0, curvature, -1.0)
    return np.clip(np.where(curvature < 0, 0.5 * (before - after) / safe, 0.0), -0.5, 0.5)
