"""Measures anisotropic magnification on polycrystalline gold, whose rings are circles.

Along φ a crystal spacing appears at the radius r₀ (1 + ε/2 cos 2(φ - θ)) in the power spectrum:
what is shortened in the picture is widened there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.movies.magnification import MOST_RATIO, Magnification
from smartscope.domain.errors import InvalidInput

#: spacing of gold's (111) planes, Å
GOLD_ANGSTROM: Final = 2.355
_SECTORS: Final = 90
_RADIAL_STEPS: Final = 240
_SEARCHED_PART: Final = 0.08
_TILE_PX: Final = 512
_CLEAR_Z: Final = 6.0
_REWEIGHTINGS: Final = 12
_TUKEY: Final = 4.685


@dataclass(frozen=True, slots=True)
class MeasuredMagnification:
    """A distortion with its standard errors, and the ring radius without it, 1/Å."""

    magnification: Magnification
    ratio_error: float
    angle_error_deg: float
    ring_per_angstrom: float


def mean_power(images: Sequence[FloatImage], *, tile_px: int = _TILE_PX) -> FloatImage:
    """Mean power spectrum of half-overlapping tiles of all images, centred, (tile, tile)."""
    total = np.zeros((tile_px, tile_px))
    window = np.hanning(tile_px)[:, None] * np.hanning(tile_px)[None, :]
    count = 0
    for image in images:
        height, width = image.shape
        for top in range(0, height - tile_px + 1, tile_px // 2):
            for left in range(0, width - tile_px + 1, tile_px // 2):
                tile = image[top : top + tile_px, left : left + tile_px]
                total += np.abs(fft.fft2((tile - tile.mean()) * window)) ** 2
                count += 1
    if count == 0:
        raise InvalidInput({"images": f"No image reaches {tile_px} px a side; give larger ones."})
    return np.asarray(fft.fftshift(total / count), dtype=np.float32)


def measure_magnification(
    power: FloatImage, *, pixel_size_angstrom: float, spacing_angstrom: float = GOLD_ANGSTROM
) -> MeasuredMagnification | None:
    """Fit an ellipse to the ring of `spacing_angstrom` in a centred power spectrum (side, side).

    None when there is no ring in most directions. Robust: sectors that disagree have no say.
    Raises `InvalidInput` when the ring lies beyond the spectrum.
    """
    side = power.shape[0]
    radius_px = side * pixel_size_angstrom / spacing_angstrom
    if radius_px * (1.0 + _SEARCHED_PART) > 0.5 * side:
        raise InvalidInput(
            {
                "pixel_size_angstrom": f"A ring of {spacing_angstrom} Å is beyond the spectrum at "
                f"{pixel_size_angstrom} Å a pixel; take the gold at a higher magnification."
            }
        )
    angles, radii, clear = _ring_radii(power, radius_px)
    if clear.mean() < 0.5:
        return None
    fitted = _ellipse(angles[clear], radii[clear])
    mean, cosine, sine = fitted[0]
    errors = fitted[1]
    ratio = 2.0 * math.hypot(cosine, sine) / mean
    angle = 0.5 * math.degrees(math.atan2(sine, cosine)) % 180.0
    error = 2.0 * math.hypot(errors[1], errors[2]) / (math.sqrt(2.0) * mean)
    return MeasuredMagnification(
        Magnification(ratio=min(ratio, MOST_RATIO), angle_deg=angle),
        error,
        math.degrees(0.5 * error / max(ratio, 1e-9)),
        mean / (side * pixel_size_angstrom),
    )


def _ring_radii(power: FloatImage, radius_px: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Where the ring is strongest in each of 90 sectors of a half turn, and if it stands out."""
    centre = power.shape[0] // 2
    radii = radius_px * np.linspace(1 - _SEARCHED_PART, 1 + _SEARCHED_PART, _RADIAL_STEPS)
    fine = np.pi * np.arange(8 * _SECTORS) / (8 * _SECTORS)
    x = centre + radii[None, :] * np.cos(fine)[:, None]
    y = centre + radii[None, :] * np.sin(fine)[:, None]
    polar = ndimage.map_coordinates(power.astype(np.float64), [y, x], order=3)
    profile = polar.reshape(_SECTORS, 8, -1).mean(axis=1)
    smooth = ndimage.gaussian_filter1d(
        profile, 0.005 / (2 * _SEARCHED_PART) * _RADIAL_STEPS, axis=1
    )
    edge = _RADIAL_STEPS // 6
    rim = np.concatenate([smooth[:, :edge], smooth[:, -edge:]], axis=1)
    height = smooth - np.median(rim, axis=1)[:, None]
    noise = 1.4826 * np.median(np.abs(rim - np.median(rim, axis=1)[:, None]), axis=1)
    best = height.argmax(axis=1)
    inner = (best > 0) & (best < _RADIAL_STEPS - 1)
    clear = inner & (height[np.arange(_SECTORS), best] > _CLEAR_Z * np.maximum(noise, 1e-30))
    angles = np.pi * (np.arange(_SECTORS) + 0.5 - 0.5 / 8) / _SECTORS
    return angles, _centroids(height, best, radii), clear


def _centroids(height: FloatArray, best: NDArray[np.int64], radii: FloatArray) -> FloatArray:
    """Centre of mass of each sector's peak above half its height."""
    places = np.arange(height.shape[1])
    near = np.abs(places[None, :] - best[:, None]) <= _RADIAL_STEPS // 16
    top = height[np.arange(len(best)), best][:, None]
    weight = np.where(near, np.maximum(height - 0.5 * top, 0.0), 0.0)
    weight = np.where(weight.sum(axis=1, keepdims=True) > 0.0, weight, 1.0)
    return np.asarray((weight * radii).sum(axis=1) / weight.sum(axis=1))


def _ellipse(angles: FloatArray, radii: FloatArray) -> tuple[FloatArray, FloatArray]:
    """r = a + b cos 2φ + c sin 2φ by Tukey's biweight: (a, b, c) and their standard errors."""
    design = np.stack([np.ones_like(angles), np.cos(2 * angles), np.sin(2 * angles)], axis=1)
    keep = np.ones(len(radii))
    found: FloatArray = np.zeros(3)
    for _ in range(_REWEIGHTINGS):
        solved = np.linalg.lstsq(design * keep[:, None], radii * keep, rcond=None)[0]
        found = np.asarray(solved, dtype=np.float64)
        miss = np.abs(radii - design @ found)
        scale = max(1.4826 * float(np.median(miss)), 1e-6)
        keep = np.maximum(1.0 - (miss / (_TUKEY * scale)) ** 2, 0.0)
    used = keep > 0.0
    variance = float(np.sum((radii - design @ found)[used] ** 2)) / max(int(used.sum()) - 3, 1)
    covariance = variance * np.linalg.inv(design[used].T @ design[used])
    return found, np.sqrt(np.diag(covariance))
