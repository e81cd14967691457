"""The averaged power spectrum of an image, made for the eye; it fits no CTF, claims no defocus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.domain.errors import InvalidInput

MIN_TILE_PX: Final = 64
FINEST_SHOWN_ANGSTROM: Final = 2.8
"""Rings finer than this are not seen by eye, so larger tiles are cropped there, as in CTFFIND."""

_EDGE_FRACTION: Final = 0.1
_BACKGROUND_ANGSTROM: Final = 30.0
_COARSEST_ANGSTROM: Final = 30.0
_SHOWN_SIGMAS: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class PowerSpectrum:
    """Amplitudes with the background taken away, 0 to 1, frequency zero at [side // 2, side // 2].

    One pixel is `frequency_step_per_angstrom` (Å⁻¹); `tiles` were averaged.
    """

    amplitude: FloatImage
    frequency_step_per_angstrom: float
    tiles: int

    @property
    def finest_angstrom(self) -> float:
        """The resolution at the middle of an edge."""
        return 1.0 / (self.frequency_step_per_angstrom * (len(self.amplitude) // 2))


def power_spectrum(
    image: NDArray[np.generic], *, pixel_size_angstrom: float, side_px: int = 512
) -> PowerSpectrum:
    """Average the spectra of half-overlapping tiles of `image` (height, width) and flatten them.

    Tiles have a 10 % cosine edge; the background is a box mean about 1/30 Å⁻¹ wide (after CTFFIND,
    Rohou & Grigorieff 2015), and contrast is ±3 sd of what is finer than 30 Å. A small image is
    measured with smaller tiles. Raises `InvalidInput` for an image under 64 px, one that is not
    finite, or a pixel size that is not positive.
    """
    tile_px, kept_px = _sides(image.shape, pixel_size_angstrom, side_px)
    power = np.zeros((tile_px, tile_px // 2 + 1))
    window = _window(tile_px)
    count = 0
    for tile in _tiles(image, tile_px):
        pixels = np.asarray(tile, dtype=np.float32)
        spectrum = fft.rfft2((pixels - pixels.mean()) * window)
        power += spectrum.real**2 + spectrum.imag**2
        count += 1
    if not np.isfinite(power).all():
        raise InvalidInput({"image": "It has pixels that are not finite; mask or replace them."})
    amplitude = np.sqrt(_whole_plane(power / count, kept_px))
    step = 1.0 / (tile_px * pixel_size_angstrom)
    return PowerSpectrum(_flattened(amplitude, step), step, count)


def _sides(shape: tuple[int, ...], pixel_size_angstrom: float, side_px: int) -> tuple[int, int]:
    """Side of the tiles and of the kept centre, in pixels, both even."""
    if len(shape) != 2 or min(shape) < MIN_TILE_PX:
        raise InvalidInput({"image": f"A spectrum needs 2-D, at least 64 px a side, got {shape}."})
    if not (np.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0.0):
        raise InvalidInput({"pixel_size_angstrom": f"{pixel_size_angstrom} is not positive."})
    oversampling = max(1.0, FINEST_SHOWN_ANGSTROM / (2.0 * pixel_size_angstrom))
    # At least nine tiles: a single one would show nothing but its own speckle.
    largest = max(MIN_TILE_PX, min(shape) // 4 * 2)
    tile_px = min(2 * round(side_px * oversampling / 2), largest)
    return tile_px, max(MIN_TILE_PX, min(tile_px, 2 * round(tile_px / oversampling / 2)))


def _tiles(image: NDArray[np.generic], tile_px: int) -> Iterator[NDArray[np.generic]]:
    for top in _starts(image.shape[0], tile_px):
        for left in _starts(image.shape[1], tile_px):
            yield image[top : top + tile_px, left : left + tile_px]


def _starts(length: int, tile_px: int) -> list[int]:
    """First pixels of tiles that overlap by half or a little more and reach both ends."""
    count = max(1, -(-2 * (length - tile_px) // tile_px) + 1)
    return [round(start) for start in np.linspace(0, length - tile_px, count)]


def _window(tile_px: int) -> FloatImage:
    edge = max(1, round(_EDGE_FRACTION * tile_px))
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    profile = np.concatenate([ramp, np.ones(tile_px - 2 * edge), ramp[::-1]])
    return np.outer(profile, profile).astype(np.float32)


def _whole_plane(half: FloatArray, kept_px: int) -> FloatArray:
    """The centred `kept_px` square of a plane of which `half` is the non-redundant part."""
    side = half.shape[0]
    right = np.roll(half, side // 2, axis=0)
    # The plane of a real image is symmetric through zero; row 0 has its mirror outside the plane.
    mirrored = np.roll(half[::-1], side // 2 + 1, axis=0)[:, side // 2 : 0 : -1]
    plane = np.concatenate([mirrored, right[:, : side // 2]], axis=1)
    start = (side - kept_px) // 2
    return plane[start : start + kept_px, start : start + kept_px]


def _flattened(amplitude: FloatArray, step: float) -> FloatImage:
    side = len(amplitude)
    axis = (np.arange(side) - side // 2) * step
    frequency = np.hypot(axis[:, None], axis[None, :])
    seen = (frequency > 1.0 / _COARSEST_ANGSTROM) & (frequency < side // 2 * step)
    # Where even the edge is coarser than 30 Å, everything but the centre is shown.
    if seen.mean() < 0.1:
        seen = frequency > 4 * step
    box = max(5, 2 * round(np.sqrt(2) / _BACKGROUND_ANGSTROM / step / 2) + 1)
    calm = np.where(seen, amplitude, np.median(amplitude[seen]))
    flat = calm - ndimage.uniform_filter(calm, min(box, side // 4), mode="nearest")
    spread = float(flat[seen].std())
    if spread == 0.0:
        return np.full(amplitude.shape, 0.5, dtype=np.float32)
    scaled = 0.5 + flat / (2.0 * _SHOWN_SIGMAS * spread)
    return np.clip(np.where(seen, scaled, 0.5), 0.0, 1.0).astype(np.float32)
