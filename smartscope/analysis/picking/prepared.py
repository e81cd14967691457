"""A micrograph made ready for picking: few pixels per particle, flat ground, noise of one size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, UnusableImage
from smartscope.analysis.io.fourier_crop import fourier_crop
from smartscope.analysis.picking.blank_edges import blank_edges

#: a particle is this many pixels wide afterwards
PARTICLE_PX: Final = 24.0
#: below this nothing of its shape is left
FEWEST_PARTICLE_PX: Final = 6.0
#: particles that an image must hold side by side
_FEWEST_ACROSS: Final = 3.0
_GROUND_DIAMETERS: Final = 4.0
#: full width at half maximum over standard deviation
_FWHM: Final = 2.355
_CLIP: Final = 5.0
_MAD: Final = 1.4826
_LEAST_SEEN: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """`pixels` (height, width): dark is negative, noise has a deviation of about 1, cut at ±5, 0
    where not `seen`. `scale` is how many pixels of the given image one of these is wide.
    """

    pixels: FloatImage
    seen: BoolArray
    pixel_size_angstrom: float
    scale: float

    def given_px(self, places_px: FloatArray) -> FloatArray:
        """Places (n, 2) in pixels of the image as it was given."""
        return (np.asarray(places_px, dtype=np.float64) + 0.5) * self.scale - 0.5


def prepared(
    total: NDArray[np.generic],
    *,
    pixel_size_angstrom: float,
    particle_angstrom: float,
    dirt: BoolArray | None,
    ground_angstrom: float | None = None,
) -> Prepared:
    """`total` (height, width) with particles of `particle_angstrom` about 24 pixels wide.

    The ground that is divided out varies over `ground_angstrom`, four particles if None. Raises
    `UnusableImage` with a sentence for people.
    """
    image, bad = _usable(total, pixel_size_angstrom, particle_angstrom, dirt)
    bad |= blank_edges(image)
    small, pixel = image, pixel_size_angstrom
    wanted = particle_angstrom / PARTICLE_PX
    if wanted > pixel:
        cropped = fourier_crop(image, pixel_size_angstrom=pixel, wanted_angstrom=wanted)
        small, pixel = cropped.pixels, cropped.pixel_size_angstrom
    seen = ~_nearest(bad, small.shape)
    if seen.mean() < _LEAST_SEEN:
        raise UnusableImage("Dirt or blank edges cover the whole picture; nothing is left to pick.")
    ground = (ground_angstrom or _GROUND_DIAMETERS * particle_angstrom) / pixel / _FWHM
    flat = _flattened(small, seen, ground)
    values = flat[seen]
    middle = np.median(values)
    spread = _MAD * float(np.median(np.abs(values - middle)))
    if not spread > 0.0:
        raise UnusableImage("The picture has no contrast: dark, saturated or empty.")
    level = np.clip((flat - middle) / np.float32(spread), -_CLIP, _CLIP)
    pixels = np.where(seen, level, np.float32(0.0)).astype(np.float32)
    return Prepared(pixels, seen, pixel, image.shape[1] / small.shape[1])


def _usable(
    total: NDArray[np.generic], pixel: float, particle: float, dirt: BoolArray | None
) -> tuple[FloatImage, BoolArray]:
    if total.ndim != 2 or total.size == 0:
        raise UnusableImage(f"A micrograph is a picture of two dimensions, not {total.shape}.")
    if not (math.isfinite(pixel) and pixel > 0.0):
        raise UnusableImage(f"{pixel} Å is no pixel size; correct the session's.")
    if not (math.isfinite(particle) and particle > 0.0):
        raise UnusableImage(f"{particle} Å is no diameter; give the particle's longest side.")
    if particle < FEWEST_PARTICLE_PX * pixel:
        raise UnusableImage(
            f"A particle of {particle:.0f} Å is {particle / pixel:.1f} pixels wide at {pixel:g} Å "
            f"per pixel, and {FEWEST_PARTICLE_PX:.0f} are needed; check both."
        )
    if min(total.shape) * pixel < _FEWEST_ACROSS * particle:
        raise UnusableImage(
            f"The picture shows {min(total.shape) * pixel:.0f} Å a side, less than "
            f"{_FEWEST_ACROSS:.0f} particles of {particle:.0f} Å; check the pixel size and the "
            "diameter."
        )
    if dirt is not None and dirt.shape != total.shape:
        raise UnusableImage(f"The dirt has shape {dirt.shape}, the picture {total.shape}.")
    image = np.asarray(total, dtype=np.float32)
    finite = np.isfinite(image)
    if not finite.any():
        raise UnusableImage("The picture holds no number; look at its file.")
    if not finite.all():
        image = np.where(finite, image, np.median(image[finite])).astype(np.float32)
    if float(np.ptp(image)) <= 0.0:
        raise UnusableImage("The picture has no contrast: dark, saturated or empty.")
    bad: BoolArray = ~finite if dirt is None else ~finite | dirt
    return image, bad


def _nearest(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    if mask.shape == shape:
        return mask
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.intp)
        for new, old in zip(shape, mask.shape, strict=True)
    )
    return np.asarray(mask[rows[:, None], columns], dtype=np.bool_)


def _flattened(image: FloatImage, seen: BoolArray, ground_px: float) -> FloatImage:
    """Deviation from the ground, relative to it where it is positive everywhere."""
    weight = seen.astype(np.float32)
    covered = np.maximum(_smooth(weight, ground_px), np.float32(_LEAST_SEEN))
    ground = _smooth(image * weight, ground_px) / covered
    level = ground[seen]
    apart = image - ground
    if float(level.min()) > 0.2 * float(level.max()):
        np.divide(apart, ground, out=apart, where=seen)
    return np.asarray(apart, dtype=np.float32)


def _smooth(image: FloatImage, sigma_px: float) -> FloatImage:
    return np.asarray(
        ndimage.gaussian_filter(image, sigma_px, mode="reflect", truncate=2.5), dtype=np.float32
    )
