"""The power of an image by frequency and direction: all that a CTF fit needs of the pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.domain.errors import InvalidInput

SECTORS: Final = 36
TILE_ANGSTROM: Final = 1024.0
FINEST_ANGSTROM: Final = 2.2
MIN_TILE_PX: Final = 128

_MAX_TILE_PX: Final = 4096
_EDGE_FRACTION: Final = 0.1
_NYQUIST_PART: Final = 0.95
_LEAST_USABLE_PART: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class PolarSpectrum:
    """Mean power (rings, sectors) of tiles of one image, and where each bin lies.

    Rings are `frequency_step_per_angstrom` (Å⁻¹) wide, sectors 5°. `cells` is how many independent
    coefficients went into a bin; `k_square` (Å⁻²), `cos_twice` and `sin_twice` (of 2θ, x towards y,
    down) are their means. Bins without a coefficient have 0 cells and power 1.
    """

    power: FloatArray
    cells: FloatArray
    k_square: FloatArray
    cos_twice: FloatArray
    sin_twice: FloatArray
    frequency_step_per_angstrom: float
    tile_px: int

    @property
    def k_per_angstrom(self) -> FloatArray:
        """(rings,) the middle of each ring, Å⁻¹."""
        middle: FloatArray = np.arange(len(self.power), dtype=np.float64) + 0.5
        return middle * self.frequency_step_per_angstrom


def polar_spectrum(
    image: NDArray[np.generic],
    *,
    pixel_size_angstrom: float,
    tile_angstrom: float = TILE_ANGSTROM,
    usable: BoolArray | None = None,
) -> PolarSpectrum:
    """The spectrum of one image; see `SpectrumGatherer`."""
    gatherer = SpectrumGatherer(
        pixel_size_angstrom=pixel_size_angstrom, tile_angstrom=tile_angstrom, usable=usable
    )
    gatherer.add(image)
    return gatherer.spectrum()


class SpectrumGatherer:
    """Adds up the power of the tiles of one or more images of the same place, and bins it.

    One image gives the spectrum of a sum; several, groups of frames, give the sum of their spectra,
    in which what moves between groups lasts. Tiles overlap by their cosine edge (10 %), which
    loses no coefficient and counts none twice. The cross kx = 0, ky = 0 is left out. Images are
    not kept.
    """

    def __init__(
        self,
        *,
        pixel_size_angstrom: float,
        tile_angstrom: float = TILE_ANGSTROM,
        usable: BoolArray | None = None,
    ) -> None:
        """Where `usable` (height, width) is False in a tenth of a tile, the tile is left out."""
        self._pixel_size_angstrom = pixel_size_angstrom
        self._tile_angstrom = tile_angstrom
        self._usable = usable
        self._plan: _Plan | None = None

    def add(self, image: NDArray[np.generic]) -> None:
        """Add one image (height, width). Raises `InvalidInput` for one that cannot be used."""
        if self._plan is None:
            self._plan = _Plan(
                image.shape, self._pixel_size_angstrom, self._tile_angstrom, self._usable
            )
        self._plan.add(image)

    def spectrum(self) -> PolarSpectrum:
        """What was gathered. Raises `InvalidInput` when that is nothing, or not finite."""
        if self._plan is None:
            raise InvalidInput({"images": "There is no image to take a spectrum of."})
        return self._plan.spectrum()


class _Plan:
    """Where tiles and bins lie for images of one shape, and the power gathered so far."""

    def __init__(
        self,
        shape: tuple[int, ...],
        pixel_size_angstrom: float,
        tile_angstrom: float,
        usable: BoolArray | None,
    ) -> None:
        self._shape = shape
        self._side = _tile_side(shape, pixel_size_angstrom, tile_angstrom)
        self._corners = _corners(shape, self._side, usable)
        self._window = _window(self._side)
        self._step = 1.0 / (self._side * pixel_size_angstrom)
        self._place(pixel_size_angstrom)
        self._images = 0
        self._power = np.zeros(len(self._chosen))

    def _place(self, pixel_size_angstrom: float) -> None:
        ky = np.fft.fftfreq(self._side, pixel_size_angstrom)[:, None]
        kx = np.fft.rfftfreq(self._side, pixel_size_angstrom)[None, :]
        square = ky**2 + kx**2
        finest = min(1.0 / FINEST_ANGSTROM, _NYQUIST_PART * 0.5 / pixel_size_angstrom)
        self._rings = max(1, int(finest / self._step))
        ring = (np.sqrt(square) / self._step).astype(np.int64)
        off_cross = (np.abs(ky) > 1.5 * self._step) & (kx > 1.5 * self._step)
        self._chosen = np.flatnonzero((off_cross & (ring < self._rings)).ravel())
        angle = (np.arctan2(ky, kx) % math.pi).ravel()[self._chosen]
        sector = np.minimum((angle * (SECTORS / math.pi)).astype(np.int64), SECTORS - 1)
        self._bins = ring.ravel()[self._chosen] * SECTORS + sector
        self._square = square.ravel()[self._chosen]
        self._angle = angle

    def add(self, image: NDArray[np.generic]) -> None:
        """Add the power of one image's tiles."""
        if image.shape != self._shape:
            raise InvalidInput(
                {"images": f"They must be of one shape, not {self._shape} and {image.shape}."}
            )
        side = self._side
        for top, left in self._corners:
            tile = np.asarray(image[top : top + side, left : left + side], dtype=np.float32)
            spectrum = fft.rfft2((tile - tile.mean()) * self._window).ravel()[self._chosen]
            self._power += spectrum.real**2 + spectrum.imag**2
        self._images += 1

    def spectrum(self) -> PolarSpectrum:
        """Everything gathered, binned."""
        if not np.isfinite(self._power).all():
            raise InvalidInput({"image": "It has pixels that are not finite; replace them."})
        count = np.bincount(self._bins, minlength=self._rings * SECTORS).astype(np.float64)
        filled = np.maximum(count, 1.0)

        def mean(values: FloatArray) -> FloatArray:
            total = np.bincount(self._bins, values, minlength=len(count))
            return np.asarray(total / filled).reshape(self._rings, SECTORS)

        return PolarSpectrum(
            np.where(count.reshape(-1, SECTORS) > 0, mean(self._power / self._share()), 1.0),
            count.reshape(-1, SECTORS) * self._independent_tiles(),
            mean(self._square),
            mean(np.cos(2 * self._angle)),
            mean(np.sin(2 * self._angle)),
            self._step,
            self._side,
        )

    def _share(self) -> float:
        """Power is per pixel and image, so that tiles of any size give the same figure."""
        return float(self._images * len(self._corners) * np.square(self._window).sum())

    def _independent_tiles(self) -> float:
        """Tiles' worth of independent coefficients; groups of frames see the same specimen."""
        spaced = (1.0 - _EDGE_FRACTION) * self._side
        covered = np.prod([max(n - _EDGE_FRACTION * self._side, spaced) for n in self._shape])
        whole = len(_corners((self._shape[0], self._shape[1]), self._side, None))
        return float(covered / spaced**2 * len(self._corners) / whole)


def _tile_side(shape: tuple[int, ...], pixel_size_angstrom: float, tile_angstrom: float) -> int:
    """Even, quick to transform, inside the image."""
    if len(shape) != 2 or min(shape) < MIN_TILE_PX:
        raise InvalidInput(
            {"image": f"A CTF needs 2-D, at least {MIN_TILE_PX} px a side, got {shape}."}
        )
    if not (math.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
        raise InvalidInput({"pixel_size_angstrom": f"{pixel_size_angstrom} is not positive."})
    wanted = max(MIN_TILE_PX, round(tile_angstrom / pixel_size_angstrom))
    side = 2 * int(fft.next_fast_len(math.ceil(min(wanted, _MAX_TILE_PX) / 2), real=True))
    return side if side <= min(shape) else min(shape) // 2 * 2


def _corners(shape: tuple[int, ...], side: int, usable: BoolArray | None) -> list[tuple[int, int]]:
    """First pixels (row, column) of the tiles that are usable enough; raises when none is."""
    found = [
        (top, left)
        for top in _starts(shape[0], side)
        for left in _starts(shape[1], side)
        if usable is None
        or usable[top : top + side, left : left + side].mean() >= _LEAST_USABLE_PART
    ]
    if not found:
        raise InvalidInput({"usable": "The mask leaves no part of the image to measure."})
    return found


def _starts(length: int, side: int) -> Iterator[int]:
    overlap = _EDGE_FRACTION * side
    count = max(1, math.ceil((length - overlap) / (side - overlap) - 0.05))
    return (round(start) for start in np.linspace(0, length - side, count))


def _window(side: int) -> FloatImage:
    edge = max(1, round(_EDGE_FRACTION * side))
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    profile = np.concatenate([ramp, np.ones(side - 2 * edge), ramp[::-1]])
    return np.outer(profile, profile).astype(np.float32)
