"""Spectra of small tiles side by side, each at its place: what a slope of defocus is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.estimate import COARSEST_ANGSTROM, FITTED_TO_ANGSTROM
from smartscope.analysis.ctf.polar_spectrum import MIN_TILE_PX, PolarSpectrum, SpectrumGatherer
from smartscope.analysis.ctf.ring_model import Band, band_of, reweighted

TILE_ANGSTROM: Final = 512.0
#: with fewer, a slope and a level field look alike
FEWEST_TILES: Final = 9

#: a tile's window fades over this part of it on every side
_RIM_PART: Final = 0.1


class TileGatherer:
    """Adds up the power of each tile over one or more images of the same place.

    Images are not kept. A place of fewer than 3 x 3 tiles of 512 Å gives none.
    """

    def __init__(self, *, pixel_size_angstrom: float) -> None:
        self._pixel = pixel_size_angstrom
        self._shape: tuple[int, ...] = ()
        self._tiles: dict[tuple[int, int], SpectrumGatherer] = {}

    @classmethod
    def of(cls, image: NDArray[np.generic], *, pixel_size_angstrom: float) -> Self:
        """Of a single image."""
        gatherer = cls(pixel_size_angstrom=pixel_size_angstrom)
        gatherer.add(image)
        return gatherer

    def add(self, image: NDArray[np.generic]) -> None:
        """Add one image (height, width); all must be of one shape."""
        side = self._side
        if not self._tiles:
            self._shape = image.shape
            self._tiles = {
                (top, left): SpectrumGatherer(
                    pixel_size_angstrom=self._pixel, tile_angstrom=TILE_ANGSTROM
                )
                for top in _starts(image.shape[0], side)
                for left in _starts(image.shape[1], side)
            }
        for (top, left), tile in self._tiles.items():
            tile.add(image[top : top + side, left : left + side])

    def stack(self) -> TileStack | None:
        """What was gathered; None where the place is too small, or its pixels too large."""
        if len(self._tiles) < FEWEST_TILES:
            return None
        middle_y, middle_x = (0.5 * (length - self._side) for length in self._shape[:2])
        places = [(left - middle_x, top - middle_y) for top, left in self._tiles]
        band = _side_by_side([tile.spectrum() for tile in self._tiles.values()])
        if band is None:
            return None
        return TileStack(band, self._pixel * np.array(places, dtype=np.float64))

    @property
    def _side(self) -> int:
        return max(MIN_TILE_PX, 2 * round(TILE_ANGSTROM / self._pixel / 2))


@dataclass(frozen=True, slots=True, eq=False)
class TileStack:
    """The rings of all tiles in one `band` (rings, tiles x sectors); `centres_angstrom` (tiles, 2)
    x, y are measured from the middle of the image.
    """

    band: Band
    centres_angstrom: FloatArray

    def __len__(self) -> int:
        return len(self.centres_angstrom)


def _starts(length: int, side: int) -> list[int]:
    """First pixels of tiles from edge to edge, which overlap in their faded rims at most."""
    count = int((length - _RIM_PART * side) // ((1.0 - _RIM_PART) * side))
    return [round(start) for start in np.linspace(0, length - side, count)] if count > 0 else []


def _side_by_side(spectra: list[PolarSpectrum]) -> Band | None:
    """The bands of all tiles; each is divided by its own level."""
    bands = [
        band_of(each, coarsest_angstrom=COARSEST_ANGSTROM, finest_angstrom=FITTED_TO_ANGSTROM)
        for each in spectra
    ]
    found = [band for band in bands if band is not None]
    if len(found) < len(spectra):
        return None

    def joined(part: Callable[[Band], FloatArray]) -> FloatArray:
        return np.concatenate([part(band) for band in found], axis=1)

    merged = replace(
        found[0],
        power=joined(lambda band: band.power),
        cells=joined(lambda band: band.cells),
        weights=joined(lambda band: band.weights),
        k_square=joined(lambda band: band.k_square),
        cos_twice=joined(lambda band: band.cos_twice),
        sin_twice=joined(lambda band: band.sin_twice),
    )
    return reweighted(merged, np.ones_like(merged.power))
