"""What super-resolution returns, and how it declines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatImage, Plugin
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.domain.errors import SmartscopeError


class CannotSuperResolve(SmartscopeError):
    """A movie does not hold what a finer image would need; the message says what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuperResolved:
    """An image with half the movie's pixel size, float32 (2 height, 2 width), counts of the sum.

    `even` and `odd` are made from every other frame each: their noise is independent.
    `expected_to_angstrom` is where a perfect reference would still correlate by one half with the
    image, by what the motion separates, the noise and the signal extrapolated from coarser detail;
    None when that is nowhere. `beyond_nyquist` is the correlation of even with odd from the movie's
    own Nyquist frequency to √2 of it, `beyond_nyquist_z` how many standard errors that is from 0:
    what has no such correlation was not seen by the camera.

    `determined` says by which factor (0-1) a coefficient of the scene comes back, and `precision`
    is the inverse variance of the coefficient divided by it, per pixel: who averages many images
    weighs by these, for motion fixes some directions better than others. Both are like an `rfft2`
    of one tile, from which others differ by local motion only; None where a method cannot say.
    """

    pixels: FloatImage
    even: FloatImage
    odd: FloatImage
    pixel_size_angstrom: float
    expected_to_angstrom: float | None
    beyond_nyquist: float
    beyond_nyquist_z: float
    determined: FloatImage | None
    precision: FloatImage | None


@runtime_checkable
class SuperResolver(Plugin, Protocol):
    """Makes one image with half the pixel size from the frames of one movie."""

    def super_resolve(
        self,
        movie: Movie,
        taken: Taken,
        aligned: AlignedMovie,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
    ) -> SuperResolved:
        """The finer image; raises `CannotSuperResolve` with the reason where there is none."""
        ...
