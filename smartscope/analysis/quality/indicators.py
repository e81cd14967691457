"""A micrograph and what is known of it as one row of numbers, from which its class is judged."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, UnusableImage
from smartscope.analysis.io.fourier_crop import fourier_crop
from smartscope.analysis.quality import histogram, homogeneity, texture
from smartscope.analysis.quality.context import Context

CONTEXT_NAMES: Final = (
    "no_ctf",
    "ctf_fit",
    "defocus_error",
    "seen_ice",
    "rings_ice",
    "drift",
    "frame_step",
)
NAMES: Final = (
    *histogram.NAMES,
    *homogeneity.NAMES,
    *texture.NAMES,
    *texture.SPOT_NAMES,
    *CONTEXT_NAMES,
)
PIXEL_ANGSTROM: Final = 8.0
FEWEST_PX: Final = 48


def indicators(
    total: NDArray[np.generic], context: Context, *, pixel_size_angstrom: float
) -> FloatArray:
    """(44,) in the order of `NAMES`; not a number where something is not known.

    `total` (height, width) is the aligned sum, unweighted. Raises `UnusableImage` for an image that
    is empty, has no contrast, or shows less than 400 Å a side.
    """
    image = _usable(total, pixel_size_angstrom)
    small, pixel = image, pixel_size_angstrom
    if pixel < PIXEL_ANGSTROM:
        cropped = fourier_crop(image, pixel_size_angstrom=pixel, wanted_angstrom=PIXEL_ANGSTROM)
        small, pixel = cropped.pixels, cropped.pixel_size_angstrom
    if min(small.shape) < FEWEST_PX:
        raise UnusableImage(
            f"The exposure shows {min(small.shape) * pixel:.0f} Å a side; "
            f"{FEWEST_PX * PIXEL_ANGSTROM:.0f} Å are needed to judge it."
        )
    relative = small.astype(np.float64) / _middle(small)
    return np.concatenate(
        [
            histogram.histogram_indicators(relative),
            homogeneity.homogeneity_indicators(relative),
            texture.texture_indicators(relative, pixel),
            texture.spot_indicators(image, pixel_size_angstrom),
            _of_context(context),
        ]
    )


def _usable(total: NDArray[np.generic], pixel_size_angstrom: float) -> NDArray[np.float32]:
    if total.ndim != 2 or total.size == 0:
        raise UnusableImage(f"An exposure is a picture of two dimensions, not {total.shape}.")
    if not (math.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
        raise UnusableImage(f"{pixel_size_angstrom} Å is no pixel size; correct the session's.")
    image = np.asarray(total, dtype=np.float32)
    finite = np.isfinite(image)
    if not finite.any():
        raise UnusableImage("The exposure holds no number; look at its file.")
    if not finite.all():
        image = np.where(finite, image, np.median(image[finite])).astype(np.float32)
    if float(np.ptp(image)) <= 0.0 or float(image.mean()) <= 0.0:
        raise UnusableImage("The exposure has no contrast: dark or saturated; was the beam on?")
    return image


def _middle(image: NDArray[np.float32]) -> float:
    """The median, or the mean where more than half is dark."""
    return max(float(np.median(image)), 0.05 * float(image.mean()), 1e-9)


def _of_context(context: Context) -> FloatArray:
    known = context
    return np.array(
        [
            float(known.ctf_fit_angstrom is None) if known.ctf_sought else math.nan,
            _log(known.ctf_fit_angstrom),
            _log(known.defocus_error_angstrom),
            _log(known.seen_ice_nm, 3.0),
            _log(known.rings_ice_nm, 3.0),
            _log(known.drift_angstrom, 0.3),
            _log(known.frame_step_angstrom, 0.3),
        ],
        dtype=np.float64,
    )


def _log(value: float | None, floor: float = 1e-3) -> float:
    return math.nan if value is None or not math.isfinite(value) else math.log(value + floor)
