"""Cuts a movie into patches that follow its whole-frame motion, as spectra small enough to keep.

Frames are not read again: what the whole-frame motion was found in holds all that patches need. It
is put where the specimen was on average and turned into a small picture, which is cut.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.refine import undoing_wave
from smartscope.analysis.movies.side_by_side import side_by_side
from smartscope.analysis.movies.spectra import COARSEST_ANGSTROM, FINEST_ANGSTROM, GroupSpectra

#: small enough to hold one shift, large enough that what leaves at an edge does not matter
PATCH_PX: Final = 512

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Spectra (patches, groups, ky, kx) of the same place of the specimen in each group.

    `x`, `y` (patches,) are their centres, -1 to 1 from edge to edge of the frame. `cut_angstrom`
    (groups, 2) is how far each group was followed. `pattern_power` is what stands still, per
    coefficient.
    """

    values: Complex
    x: FloatArray
    y: FloatArray
    ky: FloatArray
    kx: FloatArray
    cut_angstrom: FloatArray
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
    spectra: GroupSpectra,
    positions_angstrom: FloatArray,
    *,
    shape: tuple[int, int],
    pixel_size_angstrom: float,
    members: Sequence[range],
) -> Patches:
    """Sum `members` of the groups, each followed along `positions_angstrom` (groups, 2), and cut.

    `shape` (height, width) is the frames', in pixels of `pixel_size_angstrom`.
    """
    down, across = patch_grid(shape)
    side = (
        _patch_side(float(np.abs(spectra.ky).max()) * shape[0] * pixel_size_angstrom, down),
        _patch_side(float(spectra.kx.max()) * shape[1] * pixel_size_angstrom, across),
    )
    finer = (
        shape[0] * pixel_size_angstrom / (down * side[0]),
        shape[1] * pixel_size_angstrom / (across * side[1]),
    )
    ky, kx = np.fft.fftfreq(side[0], finer[0]), np.fft.rfftfreq(side[1], finer[1])
    rows = np.flatnonzero(np.abs(ky) <= 1.0 / FINEST_ANGSTROM)
    columns = np.flatnonzero(kx <= 1.0 / FINEST_ANGSTROM)
    values = np.empty((down * across, len(members), len(rows), len(columns)), dtype=np.complex64)

    def cut(number: int) -> None:
        picture = _followed(
            spectra,
            positions_angstrom,
            members[number],
            (down * side[0], across * side[1]),
            (shape[0] * pixel_size_angstrom, shape[1] * pixel_size_angstrom),
        )
        pieces = picture.reshape(down, side[0], across, side[1]).swapaxes(1, 2)
        found = fft.rfft2(pieces)[..., rows[:, None], columns[None, :]]
        values[:, number] = found.reshape(down * across, len(rows), len(columns))

    side_by_side(cut, range(len(members)))
    centre_y, centre_x = np.divmod(np.arange(down * across), across)
    groups = len(positions_angstrom) / len(members)
    return Patches(
        values,
        (centre_x + 0.5) * 2.0 / across - 1.0,
        (centre_y + 0.5) * 2.0 / down - 1.0,
        np.asarray(ky[rows], dtype=np.float64),
        np.asarray(kx[columns], dtype=np.float64),
        np.stack([positions_angstrom[group].mean(axis=0) for group in members]),
        # what stands still adds up over the groups as an amplitude
        spectra.pattern_power * groups**2 / (down * across),
    )


def _patch_side(farthest_cell: float, patches: int) -> int:
    """Pixels of a patch's side, when the picture holds all cells of a spectrum up to one."""
    return int(fft.next_fast_len(math.ceil(2.0 * (round(farthest_cell) + 1) / patches), real=True))


def _followed(
    spectra: GroupSpectra,
    positions_angstrom: FloatArray,
    group: range,
    shape: tuple[int, int],
    extent_angstrom: tuple[float, float],
) -> FloatImage:
    """The sum of some groups where the specimen was on average, a picture of `shape`.

    `extent_angstrom` (height, width) is the frame's.
    """
    total = np.zeros(spectra.band.shape, dtype=np.complex64)
    for number in group:
        total += spectra.values[number] * undoing_wave(spectra, positions_angstrom[number])
    half = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex64)
    rows = np.rint(spectra.ky * extent_angstrom[0]).astype(np.int64)
    columns = np.rint(spectra.kx * extent_angstrom[1]).astype(np.int64)
    half[rows[:, None], columns[None, :]] = total * spectra.band
    return np.asarray(fft.irfft2(half, s=shape), dtype=np.float32)
