"""Cuts a movie into patches that follow its whole-frame motion, as spectra small enough to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.prepare import PreparedMovie, group_members
from smartscope.analysis.movies.spectra import COARSEST_ANGSTROM, FINEST_ANGSTROM

#: small enough to hold one shift, large enough that what leaves at an edge does not matter
PATCH_PX: Final = 512

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Spectra (patches, groups, ky, kx) of the same place of the specimen in each group.

    `x`, `y` (patches,) are their centres, -1 to 1 from edge to edge of the frame. `cut_angstrom`
    (groups, 2) is how far each group was followed, in whole pixels, and `rest_angstrom` (groups, 2)
    what is left of the whole-frame shift. `pattern_power` is what stands still, per coefficient.
    """

    values: Complex
    x: FloatArray
    y: FloatArray
    ky: FloatArray
    kx: FloatArray
    cut_angstrom: FloatArray
    rest_angstrom: FloatArray
    pattern_power: float

    def half(self, start: int) -> Patches:
        """Every second kx from `start`: half of the coefficients, with independent noise."""
        take = slice(start, None, 2)
        return Patches(
            np.ascontiguousarray(self.values[..., take]),
            self.x,
            self.y,
            self.ky,
            self.kx[take],
            self.cut_angstrom,
            self.rest_angstrom,
            self.pattern_power,
        )

    def weights(self, b_square_angstrom: float) -> FloatImage:
        """exp(-2 B k²) between 300 and 7 Å, the axes blanked, (ky, kx)."""
        square = self.ky[:, None] ** 2 + self.kx[None, :] ** 2
        step = float(np.abs(self.ky[1]))
        band = (square <= 1.0 / FINEST_ANGSTROM**2) & (square >= 1.0 / COARSEST_ANGSTROM**2)
        band &= (np.abs(self.ky) > 0.5 * step)[:, None] & (self.kx > 0.0)[None, :]
        return (band * np.exp(-2.0 * b_square_angstrom * square)).astype(np.float32)


def patch_grid(shape: tuple[int, int]) -> tuple[int, int]:
    """Patches down and across a frame; (1, 1) when it is too small for more."""
    return max(1, round(shape[0] / PATCH_PX)), max(1, round(shape[1] / PATCH_PX))


def cut_patches(
    movie: PreparedMovie,
    shifts_angstrom: FloatArray,
    *,
    pixel_size_angstrom: float,
    group_size: int,
    pattern_power: float,
) -> Patches:
    """Sum groups of frames, each followed to whole pixels along `shifts_angstrom` (frames, 2).

    `pattern_power` is per coefficient of the whole frame.
    """
    height, width = movie.shape
    down, across = patch_grid(movie.shape)
    side = height // down, width // across
    members = group_members(movie.frames, group_size)
    middle = np.stack([shifts_angstrom[group].mean(axis=0) for group in members])
    whole = np.rint(middle / pixel_size_angstrom).astype(np.int64)
    ky, kx = (
        np.fft.fftfreq(side[0], pixel_size_angstrom),
        np.fft.rfftfreq(side[1], pixel_size_angstrom),
    )
    rows = np.flatnonzero(np.abs(ky) <= 1.0 / FINEST_ANGSTROM)
    columns = np.flatnonzero(kx <= 1.0 / FINEST_ANGSTROM)
    values = np.empty((down * across, len(members), len(rows), len(columns)), dtype=np.complex64)
    for number, total in enumerate(movie.groups(group_size)):
        followed = np.roll(total, (-whole[number, 1], -whole[number, 0]), axis=(0, 1))
        for patch in range(down * across):
            top, left = (patch // across) * side[0], (patch % across) * side[1]
            piece = followed[top : top + side[0], left : left + side[1]]
            spectrum = fft.rfft2(piece - piece.mean(dtype=np.float64).astype(np.float32))
            values[patch, number] = spectrum[np.ix_(rows, columns)]
    centre_y, centre_x = np.divmod(np.arange(down * across), across)
    cut = whole * pixel_size_angstrom
    return Patches(
        values,
        (centre_x + 0.5) * side[1] * 2.0 / width - 1.0,
        (centre_y + 0.5) * side[0] * 2.0 / height - 1.0,
        np.asarray(ky[rows], dtype=np.float64),
        np.asarray(kx[columns], dtype=np.float64),
        np.asarray(cut, dtype=np.float64),
        middle - cut,
        pattern_power * side[0] * side[1] / (height * width),
    )
