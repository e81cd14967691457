"""A picture with the noise taken out: for eyes and for finding things, never for measuring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, Plugin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenoisedImage:
    """A type of its own, so that CTF, thickness, resolution and reconstruction cannot take it.

    `pixels` is float32 (height, width) in the counts of the sum of both halves. `method` names what
    made it, as people read it; `tuned` says whether it was fitted to this grid's own images.
    """

    pixels: FloatImage
    pixel_size_angstrom: float
    method: str
    version: str
    tuned: bool = False

    def __array__(self, *_: object, **__: object) -> NoReturn:
        """Refuses to become numbers that something measures; `pixels` says that one means it."""
        raise TypeError(
            "A denoised image is for eyes and for finding things; measure on the sum of the frames."
        )


@runtime_checkable
class Denoiser(Plugin, Protocol):
    """Makes one clean picture of two noisy ones of the same thing."""

    def denoise(
        self,
        even: NDArray[np.generic],
        odd: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
    ) -> DenoisedImage:
        """`even` and `odd` (height, width) are sums of every other frame each, aligned alike.

        Raises `UnusableImage`, with a sentence for people, where there is no pair or no picture.
        """
        ...
