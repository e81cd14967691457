"""Indicators of how far a micrograph resembles itself: autocorrelation, bands of power, motion's
direction, and spots of crystalline ice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import FloatArray, FloatImage

BANDS_ANGSTROM: Final = (
    (500.0, 250.0),
    (250.0, 150.0),
    (150.0, 100.0),
    (100.0, 60.0),
    (60.0, 35.0),
    (35.0, 20.0),
)
NAMES: Final = (
    "correlation_first_zero",
    "correlation_half_width",
    "correlation_second_peak",
    *(f"power_{coarse:.0f}_{fine:.0f}" for coarse, fine in BANDS_ANGSTROM),
    "power_anisotropy",
    "blobs_dark",
    "blobs_bright",
)
SPOT_NAMES: Final = ("spot_3.90", "spot_3.67", "spot_3.44")
SPOTS_ANGSTROM: Final = (3.90, 3.67, 3.44)
_SPOT_BAND: Final = 0.03
_NOISE_ANGSTROM: Final = (20.0, 16.5)
_BLOB_ANGSTROM: Final = 140.0
_BLOB_SIGMAS: Final = 3.5


def texture_indicators(relative: FloatArray, pixel_size_angstrom: float) -> FloatArray:
    """(12,) of an image (height, width) that was divided by its median; lengths as logarithms."""
    flat = relative - ndimage.gaussian_filter(relative, 400.0 / pixel_size_angstrom, mode="nearest")
    window = np.outer(*(np.hanning(side) for side in flat.shape))
    spectrum = np.abs(fft.rfft2(flat * window)) ** 2
    ky: FloatArray = np.fft.fftfreq(flat.shape[0], pixel_size_angstrom).astype(np.float64)[:, None]
    kx: FloatArray = np.fft.rfftfreq(flat.shape[1], pixel_size_angstrom).astype(np.float64)[None, :]
    k = np.hypot(kx, ky)
    noise = _mean(spectrum, k, _NOISE_ANGSTROM) + 1e-12
    powers = [np.log(_mean(spectrum, k, band) / noise + 1e-3) for band in BANDS_ANGSTROM]
    return np.array(
        [
            *_correlation(flat, spectrum - noise, pixel_size_angstrom),
            *powers,
            _anisotropy(spectrum, kx, ky, k),
            *_blobs(flat, pixel_size_angstrom),
        ],
        dtype=np.float64,
    )


def spot_indicators(image: FloatImage, pixel_size_angstrom: float) -> FloatArray:
    """(3,) logarithm of the strongest spot's z at 3.90, 3.67 and 3.44 Å of the full image.

    Not a number where pixels are too large for it. Power of noise has an exponential distribution,
    so z counts mean powers of the ring.
    """
    side_y, side_x = image.shape
    spectrum = np.abs(fft.rfft2(image - image.mean(), workers=1)) ** 2
    ky = np.fft.fftfreq(side_y, pixel_size_angstrom)[:, None]
    kx = np.fft.rfftfreq(side_x, pixel_size_angstrom)[None, :]
    k = np.hypot(kx, ky)
    limit = 0.48 / pixel_size_angstrom
    found = []
    for spacing in SPOTS_ANGSTROM:
        if (1.0 + _SPOT_BAND / 2) / spacing > limit:
            found.append(float("nan"))
            continue
        ring = spectrum[np.abs(k * spacing - 1.0) < _SPOT_BAND / 2]
        # the expected maximum of noise grows with the number of cells
        expected = np.median(ring) / np.log(2.0) * np.log(max(ring.size, 2))
        found.append(float(np.log(ring.max() / max(expected, 1e-12))))
    return np.array(found, dtype=np.float64)


def _mean(spectrum: FloatArray, k: FloatArray, band: tuple[float, float]) -> float:
    inside = (k >= 1.0 / band[0]) & (k < 1.0 / band[1])
    return float(spectrum[inside].mean()) if inside.any() else 0.0


def _correlation(flat: FloatArray, power: FloatArray, pixel: float) -> tuple[float, float, float]:
    """First zero and half width of the radial autocorrelation (log Å), its next maximum."""
    surface = fft.fftshift(fft.irfft2(power, s=flat.shape))
    y, x = np.indices(flat.shape)
    radius = np.hypot(y - flat.shape[0] // 2, x - flat.shape[1] // 2).astype(np.int64)
    reach = min(flat.shape) // 2
    total = np.bincount(radius.ravel(), surface.ravel())[:reach]
    radial = total / np.maximum(np.bincount(radius.ravel())[:reach], 1)
    radial = radial / max(float(radial[0]), 1e-12)
    below_zero = np.flatnonzero(radial <= 0.0)
    first_zero = int(below_zero[0]) if below_zero.size else reach
    below_half = np.flatnonzero(radial <= 0.5)
    half = int(below_half[0]) if below_half.size else reach
    beyond = radial[first_zero:]
    second = float(beyond.max()) if beyond.size else 0.0
    return (
        float(np.log(max(first_zero, 1) * pixel)),
        float(np.log(max(half, 1) * pixel)),
        float(np.clip(second, -1.0, 1.0)),
    )


def _anisotropy(spectrum: FloatArray, kx: FloatArray, ky: FloatArray, k: FloatArray) -> float:
    """How much more power there is along one direction than across it, 60-20 Å (0-1)."""
    inside = (k >= 1.0 / 60.0) & (k < 1.0 / 20.0)
    angle = 2.0 * np.arctan2(*np.broadcast_arrays(ky, kx))
    power = spectrum[inside]
    return float(
        np.hypot((power * np.cos(angle[inside])).sum(), (power * np.sin(angle[inside])).sum())
        / max(power.sum(), 1e-12)
    )


def _blobs(flat: FloatArray, pixel: float) -> tuple[float, float]:
    """Dark and bright blobs of about 140 Å per µm², as logarithms: molecules are dark."""
    sigma = _BLOB_ANGSTROM / (2.0 * np.sqrt(2.0)) / pixel
    response = ndimage.gaussian_laplace(flat, sigma)
    spread = 1.4826 * float(np.median(np.abs(response - np.median(response)))) + 1e-12
    area_um2 = flat.size * (pixel * 1e-4) ** 2
    reach = max(3, 2 * round(sigma) + 1)
    counts = []
    for sign in (1.0, -1.0):
        peaks = ndimage.maximum_filter(sign * response, reach) == sign * response
        counts.append(float((peaks & (sign * response > _BLOB_SIGMAS * spread)).sum()))
    dark, bright = (float(np.log1p(count / area_um2)) for count in counts)
    return dark, bright
