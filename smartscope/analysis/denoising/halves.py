"""Two halves of one exposure, checked and without shade: what every denoiser begins with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising.background import background

FEWEST_PX: Final = 64
#: halves that agree better than this are one picture given twice
_SAME: Final = 1.0 - 1e-6
#: means of halves may differ by this factor and still tell which holds how much of the signal
_MOST_UNEQUAL: Final = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """`even`, `odd` float32 (height, width) without the shade of each, in counts.

    `share` of the signal is in the even half, 0.5 of halves with as many frames.
    """

    even: FloatImage
    odd: FloatImage
    even_shade: FloatImage
    odd_shade: FloatImage
    share: float

    @classmethod
    def of(
        cls,
        even: NDArray[np.generic],
        odd: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
    ) -> Halves:
        """Checked; raises `UnusableImage` with a sentence for people."""
        if not (math.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
            raise UnusableImage(
                f"{pixel_size_angstrom} Å is no pixel size; give the size of a pixel in Å."
            )
        if even.shape != odd.shape:
            raise UnusableImage(
                f"The halves have the shapes {even.shape} and {odd.shape}; "
                "give sums of the even and of the odd frames of one movie."
            )
        one, other = (checked(half) for half in (even, odd))
        _require_two(one, other)
        first, second = (
            background(half, pixel_size_angstrom=pixel_size_angstrom) for half in (one, other)
        )
        return cls(one - first, other - second, first, second, _share(one, other))

    @property
    def shade(self) -> FloatImage:
        """Of the sum of both."""
        return self.even_shade + self.odd_shade


def checked(picture: NDArray[np.generic]) -> FloatImage:
    """A picture as float32 (height, width). Raises `UnusableImage`."""
    if picture.ndim != 2 or min(picture.shape) < FEWEST_PX:
        raise UnusableImage(
            f"A picture of shape {picture.shape} cannot be denoised; "
            f"two dimensions of at least {FEWEST_PX} pixels are needed."
        )
    pixels = np.asarray(picture, dtype=np.float32)
    if not np.isfinite(pixels).all():
        raise UnusableImage(
            "The picture holds values that are not finite numbers; was the movie read whole?"
        )
    if float(np.ptp(pixels)) <= 0.0:
        raise UnusableImage("The picture has no contrast: dark or saturated; was the beam on?")
    return pixels


def _require_two(one: FloatImage, other: FloatImage) -> None:
    apart, size = float(np.std(one - other)), float(np.std(one))
    if apart <= math.sqrt(2.0 * (1.0 - _SAME)) * size:
        raise UnusableImage(
            "Both halves are the same picture, so their noise cannot be told from the specimen; "
            "give sums of the even and of the odd frames."
        )


def _share(one: FloatImage, other: FloatImage) -> float:
    """By counts, where both are counts; else halves are taken to be alike."""
    first, second = (float(half.mean(dtype=np.float64)) for half in (one, other))
    if first <= 0.0 or second <= 0.0 or not 1 / _MOST_UNEQUAL < first / second < _MOST_UNEQUAL:
        return 0.5
    return first / (first + second)
