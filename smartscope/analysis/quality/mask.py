"""Where a micrograph shows dirt or foil instead of ice: a mask without a trained network.

Ice is the commonest grey of a smoothed picture; what is much darker, much brighter or much rougher
is not ice. Two published limits on the grey level alone are kept for comparison in `benchmarks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, Plugin, UnusableImage
from smartscope.analysis.io.fourier_crop import fourier_crop

PIXEL_ANGSTROM: Final = 20.0
FEWEST_PX: Final = 24
SMOOTHED_ANGSTROM: Final = 40.0
#: darker than ice by this much (natural logarithm) is dirt or foil
_DARKER: Final = 0.07
_BRIGHTER: Final = 0.15
#: in standard deviations of what smoothed ice varies by
_SIGMAS: Final = 6.0
#: a mode of the grey levels may be this much rarer than the commonest
_RAREST_MODE: Final = 0.05
_SMALLEST_ANGSTROM2: Final = 200.0**2


@dataclass(frozen=True, slots=True, eq=False)
class DirtMask:
    """`mask` (height, width) is True under dirt or foil; its pixels are about 20 Å."""

    mask: BoolArray
    pixel_size_angstrom: float

    @property
    def fraction(self) -> float:
        """Share of the field, 0 to 1."""
        return float(self.mask.mean())


@runtime_checkable
class DirtFinder(Plugin, Protocol):
    """Says where there is no ice to look through."""

    def mask(self, total: NDArray[np.generic], *, pixel_size_angstrom: float) -> DirtMask:
        """`total` (height, width) is the aligned sum.

        Raises `UnusableImage`, with a sentence for people, where nothing can be said.
        """
        ...


def small_picture(
    total: NDArray[np.generic], pixel_size_angstrom: float
) -> tuple[FloatImage, float]:
    """The sum with pixels of about 20 Å, and their size. Raises `UnusableImage`."""
    if total.ndim != 2 or total.size == 0:
        raise UnusableImage(f"An exposure is a picture of two dimensions, not {total.shape}.")
    image = np.asarray(total, dtype=np.float32)
    finite = np.isfinite(image)
    if not finite.any() or float(np.ptp(image[finite])) <= 0.0:
        raise UnusableImage("The exposure has no contrast: dark or saturated; was the beam on?")
    if not finite.all():
        image = np.where(finite, image, np.median(image[finite])).astype(np.float32)
    pixel = pixel_size_angstrom
    if pixel < PIXEL_ANGSTROM:
        cropped = fourier_crop(image, pixel_size_angstrom=pixel, wanted_angstrom=PIXEL_ANGSTROM)
        image, pixel = cropped.pixels, cropped.pixel_size_angstrom
    if min(image.shape) < FEWEST_PX:
        raise UnusableImage(
            f"The exposure shows {min(image.shape) * pixel:.0f} Å a side; "
            f"{FEWEST_PX * PIXEL_ANGSTROM:.0f} Å are needed to look for dirt."
        )
    return image, pixel


def level_mask(image: FloatImage, pixel_size_angstrom: float) -> BoolArray:
    """Dirt and foil by grey level and roughness in a picture of about 20 Å pixels."""
    smooth = ndimage.gaussian_filter(
        image.astype(np.float64), SMOOTHED_ANGSTROM / pixel_size_angstrom, mode="nearest"
    )
    ice, spread = _ice_level(smooth)
    depth = np.log(np.maximum(smooth, 1e-6) / ice)
    darker = depth < -max(_DARKER, _SIGMAS * spread)
    brighter = depth > max(_BRIGHTER, _SIGMAS * spread)
    return _without_specks(_halfway(darker, depth) | _halfway(brighter, depth), pixel_size_angstrom)


def _halfway(found: BoolArray, depth: FloatArray) -> BoolArray:
    """Each region as far as it is half as deep as in its middle: smoothing had widened it."""
    labels, count = ndimage.label(found)
    if count == 0:
        return found
    middle = ndimage.median(np.abs(depth), labels, np.arange(count + 1))
    kept: BoolArray = found & (np.abs(depth) >= 0.5 * np.asarray(middle)[labels])
    return kept


def _ice_level(smooth: FloatArray) -> tuple[float, float]:
    """The brightest common grey, and how much it varies: dirt and foil are darker than ice."""
    values = smooth.ravel()
    low, high = np.percentile(values, [0.2, 99.8])
    counts, edges = np.histogram(values, bins=64, range=(low, high + 1e-9))
    kept = np.pad(ndimage.gaussian_filter1d(counts.astype(np.float64), 1.5, mode="constant"), 1)
    rare = _RAREST_MODE * kept.max()
    modes, _ = signal.find_peaks(kept, height=rare, prominence=rare)
    mode = int(modes[-1]) - 1 if modes.size else int(kept.argmax()) - 1
    level = float((edges[mode] + edges[mode + 1]) / 2)
    above = values[values > level]
    spread = float(np.sqrt(np.mean((above / level - 1.0) ** 2))) if above.size else 0.0
    return max(level, 1e-6), spread


def _without_specks(mask: BoolArray, pixel_size_angstrom: float) -> BoolArray:
    """What is too small to matter goes; so do holes in what stays."""
    filled = ndimage.binary_fill_holes(mask)
    labels, count = ndimage.label(filled)
    if count == 0:
        return np.zeros(mask.shape, dtype=np.bool_)
    areas = np.bincount(labels.ravel()) * pixel_size_angstrom**2
    large = areas >= _SMALLEST_ANGSTROM2
    large[0] = False
    kept: BoolArray = large[labels]
    return kept
