"""Grey to ice: what a hole lets through, and how thick that makes the ice, with an error.

t = λ ln(I0 / I); σ² = (t σλ/λ)² + (λ σI0/I0)². Without a vacuum reference there is no thickness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FindContext, FloatArray, Image
from smartscope.analysis.detection.flatten import masked_blur

INNER_RADIUS = 0.6
TRIM_PERCENTILES = (2.5, 97.5)
DIRT_OF_MEDIAN = 0.5
VACUUM_ABOVE_HOLES = 1.03
VACUUM_ERROR_FROM_IMAGE = 0.02
LARGEST_EXPONENT = 12.0


@dataclass(frozen=True, slots=True)
class HoleGrey:
    """Per hole (N,): trimmed mean grey of the clean inner disc, its relative error, dirty
    fraction.
    """

    grey: FloatArray
    relative_error: FloatArray
    dirty: FloatArray


@dataclass(frozen=True, slots=True)
class VacuumReference:
    """I0 in the image's counts with its relative error and where it came from."""

    intensity: float
    relative_error: float
    source: str


def measure_grey(image: Image, centres_px: FloatArray, radii_px: FloatArray) -> HoleGrey:
    """Sample each hole's inner 0.6 radius; pixels below half the disc's 75th percentile count as
    dirt.

    Illumination is taken as even: a plane fitted to foil would also take away true ice gradients.
    """
    if len(centres_px) == 0:
        return HoleGrey(np.empty(0), np.empty(0), np.empty(0))
    offsets = _disc_offsets(max(1.0, INNER_RADIUS * float(np.median(radii_px))))
    whole = _disc_offsets(max(1.0, 0.9 * float(np.median(radii_px))))
    inner = _samples(image, centres_px, offsets)
    level = np.nanpercentile(inner, 75, axis=1)
    clean = np.where(inner < DIRT_OF_MEDIAN * level[:, None], np.nan, inner)
    count = np.maximum(np.isfinite(clean).sum(axis=1), 1)
    low, high = np.nanpercentile(clean, TRIM_PERCENTILES, axis=1)
    kept = np.where((clean >= low[:, None]) & (clean <= high[:, None]), clean, np.nan)
    grey = np.nanmean(kept, axis=1)
    spread = 1.4826 * np.nanmedian(np.abs(clean - np.nanmedian(clean, axis=1)[:, None]), axis=1)
    all_over = _samples(image, centres_px, whole)
    neighbours = float(np.median(level))
    dirty = np.nanmean(all_over < DIRT_OF_MEDIAN * np.minimum(level, neighbours)[:, None], axis=1)
    error = spread / np.sqrt(count) / np.maximum(np.abs(grey), 1e-9)
    return HoleGrey(grey, np.asarray(error), np.asarray(dirty))


def vacuum_reference(
    image: Image, greys: FloatArray, radius_px: float, context: FindContext
) -> VacuumReference | str:
    """I0 from calibration, else from torn foil in the image; otherwise a sentence why there is
    none.
    """
    if context.vacuum_intensity is not None and context.vacuum_intensity > 0:
        return VacuumReference(
            context.vacuum_intensity, context.vacuum_intensity_error, "calibration"
        )
    if len(greys) == 0 or not np.isfinite(greys).any():
        return "No vacuum intensity was calibrated and no hole was found to compare with."
    step = max(1, int(radius_px // 3))
    smooth = masked_blur(image.pixels, image.imaged.astype(np.float32), max(1.0, 0.4 * radius_px))
    brightest_hole = float(np.nanpercentile(greys, 90))
    torn = smooth[::step, ::step] > VACUUM_ABOVE_HOLES * brightest_hole
    labels, count = ndimage.label(torn)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * step * step
    large = np.flatnonzero(sizes > 4 * math.pi * radius_px**2) + 1
    if len(large) == 0:
        return (
            "No vacuum intensity was calibrated and no torn foil is in view; "
            "record an image through an empty area to get thickness."
        )
    values = smooth[::step, ::step][np.isin(labels, large)]
    return VacuumReference(float(np.median(values)), VACUUM_ERROR_FROM_IMAGE, "torn foil")


def thickness_nm(
    grey: float, grey_error: float, reference: VacuumReference, context: FindContext
) -> tuple[float, float]:
    """Ice thickness and its standard error (nm); noise above I0 gives 0, not a negative
    thickness.
    """
    wavelength = context.attenuation_length_nm
    exponent = math.log(reference.intensity / max(grey, 1e-9 * reference.intensity))
    thickness = wavelength * min(max(exponent, 0.0), LARGEST_EXPONENT)
    error = math.hypot(
        thickness * context.attenuation_length_error,
        wavelength * math.hypot(reference.relative_error, grey_error),
    )
    return thickness, error


def _disc_offsets(radius_px: float) -> FloatArray:
    """Offsets (M, 2) of at most about 300 points that fill a disc evenly."""
    step = max(1.0, radius_px / 10)
    ticks = np.arange(-np.floor(radius_px / step), np.floor(radius_px / step) + 1) * step
    x, y = np.meshgrid(ticks, ticks)
    inside = np.hypot(x, y) <= radius_px
    return np.column_stack([x[inside], y[inside]])


def _samples(image: Image, centres_px: FloatArray, offsets: FloatArray) -> FloatArray:
    """(N, M) grey at the nearest pixels; not a number outside the imaged area."""
    points = np.rint(centres_px[:, None, :] + offsets[None, :, :]).astype(np.int64)
    height, width = image.pixels.shape
    columns, rows = points[..., 0], points[..., 1]
    inside = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    columns, rows = np.clip(columns, 0, width - 1), np.clip(rows, 0, height - 1)
    values = image.pixels[rows, columns].astype(np.float64)
    if image.mask is not None:
        inside &= image.mask[rows, columns]
    centre = np.rint(np.clip(centres_px, 0, [width - 1, height - 1])).astype(np.int64)
    fallback = image.pixels[centre[:, 1], centre[:, 0]].astype(np.float64)[:, None]
    nothing = ~inside.any(axis=1)
    return np.where(inside, values, np.where(nothing[:, None], fallback, np.nan))
