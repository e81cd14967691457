"""Pairs of pictures of one thing with independent noise, in the three ways of Buchholz et al. 2019.

P2P-df, even and odd frames of an aligned movie, is what services use: damage is shared equally.
P2P-ip needs no alignment; P2P-tap serves archives of tilt series whose frames were not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.denoising.restoring import Restore, each_alone
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.manifest import Manifest
from smartscope.analysis.movies.align import AlignedMovie
from smartscope.analysis.movies.prepare import prepare


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures (height, width) of one thing, in counts, their pixels in Å."""

    even: NDArray[np.generic]
    odd: NDArray[np.generic]
    pixel_size_angstrom: float

    def halves(self) -> Halves:
        """Checked and without shade. Raises `UnusableImage`."""
        return Halves.of(self.even, self.odd, pixel_size_angstrom=self.pixel_size_angstrom)


def even_and_odd(aligned: AlignedMovie) -> Pair:
    """P2P-df: sums of the even and of the odd frames. Raises `UnusableImage` for one frame."""
    if not aligned.sums.odd.any():
        raise UnusableImage(
            "The movie has a single frame, of which no second half can be made; give its movie "
            "with all frames."
        )
    return Pair(aligned.sums.even, aligned.sums.odd, aligned.pixel_size_angstrom)


def first_and_last(
    movie: Movie, *, pixel_size_angstrom: float, gain: NDArray[np.generic] | None = None
) -> Pair:
    """P2P-ip: sums of the first and of the last half of the frames, as they lie; of an odd number
    the middle one is left out. Raises `UnusableImage` for one frame.
    """
    half = movie.frames // 2
    if half == 0:
        raise UnusableImage(
            "The movie has a single frame, of which no second half can be made; give its movie "
            "with all frames."
        )
    prepared = prepare(movie, gain)
    sums = np.zeros((2, *prepared.shape), dtype=np.float32)
    for number in range(half):
        sums[0] += prepared.frame(number)
        sums[1] += prepared.frame(movie.frames - 1 - number)
    return Pair(sums[0], sums[1], pixel_size_angstrom)


def neighbours(angles_deg: Sequence[float]) -> list[tuple[int, int]]:
    """P2P-tap: each tilt with the one nearest to it in angle, as indices. Raises `UnusableImage`
    for fewer than two tilts.
    """
    if len(angles_deg) < 2:
        raise UnusableImage("A tilt series of one picture has no neighbours; give the series.")
    angles = np.asarray(angles_deg, dtype=np.float64)
    apart = np.abs(angles[:, None] - angles[None, :])
    np.fill_diagonal(apart, np.inf)
    return [(number, int(row.argmin())) for number, row in enumerate(apart)]


def denoise_tilts(
    tilts: Sequence[FloatImage],
    angles_deg: Sequence[float],
    restore: Restore,
    made_by: Manifest,
    *,
    pixel_size_angstrom: float,
    tuned: bool = False,
) -> list[DenoisedImage]:
    """Each tilt restored by itself; its neighbour only tells how large the noise is.

    For eyes: tomograms made of these amplify what the missing wedge does. Raises `UnusableImage`.
    """
    pictures = []
    for number, partner in neighbours(angles_deg):
        pair = Pair(tilts[number], tilts[partner], pixel_size_angstrom)
        alone, _ = each_alone(pair.halves(), restore, pixel_size_angstrom=pixel_size_angstrom)
        pictures.append(
            DenoisedImage(
                pixels=alone,
                pixel_size_angstrom=pixel_size_angstrom,
                method=f"{made_by.name} (neighbouring tilts)",
                version=made_by.version,
                tuned=tuned,
            )
        )
    return pictures
