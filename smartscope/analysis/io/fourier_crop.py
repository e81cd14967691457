"""Makes a picture smaller by cutting its spectrum: no alias, nothing lost below the new Nyquist.

Averaging pixels instead weakens detail by a tenth to a third and folds what it should remove back
as an alias; it is for previews.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.domain.errors import InvalidInput

#: the pixel may be this much wider than high afterwards
ASPECT_TOLERANCE: Final = 1e-4
# Sizes with larger prime factors transform slowly; this much beyond the wanted size is looked at.
_SEARCHED_PART: Final = 0.05
_PRIMES: Final = ((2, 3, 5), (2, 3, 5, 7, 11), (2, 3, 5, 7, 11, 13, 17, 19), None)

ComplexImage = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Cropped:
    """A smaller picture, float32 (height, width), and its exact pixel size."""

    pixels: FloatImage
    pixel_size_angstrom: float


def fourier_crop(
    image: NDArray[np.generic], *, pixel_size_angstrom: float, wanted_angstrom: float
) -> Cropped:
    """`image` (height, width) with pixels of about `wanted_angstrom`, its mean kept.

    The size is the nearest whose pixels are square to 1e-4 and whose sides have small prime
    factors. Raises `InvalidInput` for pixels that cannot be or that would have to be smaller.
    """
    for name, value in (("pixel size", pixel_size_angstrom), ("wanted pixel", wanted_angstrom)):
        if not (math.isfinite(value) and value > 0.0):
            raise InvalidInput({"pixel_size_angstrom": f"The {name} of {value} Å is not positive."})
    if wanted_angstrom < pixel_size_angstrom:
        raise InvalidInput(
            {
                "wanted_angstrom": f"{wanted_angstrom} Å is finer than the picture's "
                f"{pixel_size_angstrom} Å; cropping only makes pixels larger."
            }
        )
    shape = smooth_shape((image.shape[0], image.shape[1]), pixel_size_angstrom / wanted_angstrom)
    larger = math.sqrt(image.shape[0] / shape[0] * image.shape[1] / shape[1])
    return Cropped(crop_to(image, shape), pixel_size_angstrom * larger)


def crop_to(image: NDArray[np.generic], shape: tuple[int, int]) -> FloatImage:
    """`image` (height, width) cut to `shape` in Fourier space, float32, same mean.

    Where a new side is even, its Nyquist row or column is the mean of both its signs. Raises
    `InvalidInput` when `shape` is larger.
    """
    height, width = image.shape
    if not (0 < shape[0] <= height and 0 < shape[1] <= width):
        raise InvalidInput({"shape": f"{image.shape} cannot be cropped to {shape}."})
    picture = np.asarray(image, dtype=np.float32)
    mean = picture.mean(dtype=np.float64)
    spectrum = cut_spectrum(fft.rfft2(picture - np.float32(mean)), width, shape)
    smaller = fft.irfft2(spectrum, s=shape)
    scale = shape[0] * shape[1] / (height * width)
    return np.asarray(smaller * np.float32(scale) + np.float32(mean), dtype=np.float32)


def cut_spectrum(spectrum: ComplexImage, width: int, shape: tuple[int, int]) -> ComplexImage:
    """The central part of an `rfft2` of a picture of `width` columns, as one of `shape` has it."""
    height = spectrum.shape[0]
    rows, columns = shape
    positive, negative = (rows + 1) // 2, rows // 2
    cut = np.concatenate(
        [spectrum[:positive, : columns // 2 + 1], spectrum[height - negative :, : columns // 2 + 1]]
    )
    if rows % 2 == 0 and rows < height:
        # Row -n/2 stands for n/2 too: a real picture has only their mean.
        cut[positive] = 0.5 * (cut[positive] + spectrum[rows // 2, : columns // 2 + 1])
    if columns % 2 == 0 and columns < width:
        last = cut[:, -1]
        mirrored = np.roll(last[::-1], 1).conj()
        cut[:, -1] = 0.5 * (last + mirrored)
    return cut


def smooth_shape(shape: tuple[int, int], factor: float) -> tuple[int, int]:
    """Sides of about `factor` times `shape`, pixels square to 1e-4, prime factors as small as go.

    When no such pair is near, the pair with the squarest pixels.
    """

    def aspect(pair: tuple[int, int]) -> float:
        return abs(pair[0] * shape[1] / (pair[1] * shape[0]) - 1.0)

    def away(pair: tuple[int, int]) -> float:
        return abs(math.log(pair[0] * pair[1] / (shape[0] * shape[1] * factor**2)))

    pairs: list[tuple[int, int]] = []
    for primes in _PRIMES:
        rows, columns = (_near(side * factor, side, primes) for side in shape)
        pairs = [(height, width) for height in rows for width in columns]
        square = [pair for pair in pairs if aspect(pair) <= ASPECT_TOLERANCE]
        if square:
            return min(square, key=away)
    return min(pairs, key=lambda pair: (aspect(pair), away(pair)))


def _near(wanted: float, most: int, primes: tuple[int, ...] | None) -> list[int]:
    """Sides near `wanted` that have only these prime factors; None: every side."""
    reach = max(4.0, _SEARCHED_PART * wanted)
    low, high = max(1, math.ceil(wanted - reach)), min(most, math.floor(wanted + reach))
    return [side for side in range(low, high + 1) if primes is None or _only(primes, side)]


def _only(primes: tuple[int, ...], side: int) -> bool:
    for prime in primes:
        while side % prime == 0:
            side //= prime
    return side == 1
