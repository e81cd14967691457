"""Small pictures of single particles, alike in scale and contrast whatever image they come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray, UnusableImage
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.domain.errors import InvalidInput

BOX_PX: Final = 64
#: a box is this many diameters wide, so that a misplaced particle stays inside
BOX_DIAMETERS: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParticleBoxes:
    """`pictures` float32 (n, 64, 64), particles bright, of one diameter and pixel size, Å.

    `kept` (n,) says which of the centres given each picture belongs to: those too near the edge of
    their image have none.
    """

    pictures: FloatImage
    kept: IntArray
    pixel_size_angstrom: float
    diameter_angstrom: float

    def __len__(self) -> int:
        return len(self.pictures)


def cut_boxes(
    total: NDArray[np.generic],
    centres_px: FloatArray,
    *,
    pixel_size_angstrom: float,
    diameter_angstrom: float,
    defocus: Defocus | None = None,
    optics: Optics | None = None,
) -> ParticleBoxes:
    """Particles of one aligned sum (height, width), dark at `centres_px` (n, 2) as x, y.

    Phases are flipped on the whole image, before anything is cut: a box would lose what defocus
    spread beyond it. `defocus` None leaves them. Pixels become 1.5 diameters / 64, finer ones by
    zeros in Fourier space; a box's mean is 0. Raises `UnusableImage` and `InvalidInput`.
    """
    image = _checked(total, pixel_size_angstrom, diameter_angstrom)
    wanted = BOX_DIAMETERS * diameter_angstrom / BOX_PX
    spectrum = fft.rfft2(image.mean(dtype=np.float64) - image)
    if defocus is not None:
        spectrum *= _flips(image.shape, pixel_size_angstrom, defocus, optics or Optics())
    scale = pixel_size_angstrom / wanted
    shape = (round(image.shape[0] * scale), round(image.shape[1] * scale))
    small = _resampled(spectrum, (image.shape[0], image.shape[1]), shape)
    factors = np.array([shape[1] / image.shape[1], shape[0] / image.shape[0]])
    places = (np.reshape(centres_px, (-1, 2)) + 0.5) * factors - 0.5
    corners = np.rint(places).astype(np.int64) - BOX_PX // 2
    inside = (corners >= 0).all(axis=1) & (corners + BOX_PX <= shape[::-1]).all(axis=1)
    pictures = np.empty((int(inside.sum()), BOX_PX, BOX_PX), dtype=np.float32)
    for number, (x, y) in enumerate(corners[inside]):
        box = small[y : y + BOX_PX, x : x + BOX_PX]
        pictures[number] = box - box.mean()
    return ParticleBoxes(
        pictures=pictures,
        kept=np.flatnonzero(inside),
        pixel_size_angstrom=wanted,
        diameter_angstrom=diameter_angstrom,
    )


def joined(
    parts: Sequence[ParticleBoxes], *, most: int | None = None, seed: int = 0
) -> ParticleBoxes:
    """The boxes of several images in their order, at most `most` of them, drawn by `seed`.

    `kept` then numbers the boxes of all parts together. Raises `InvalidInput` when there is no part
    or their diameters differ.
    """
    if not parts or len({part.diameter_angstrom for part in parts}) != 1:
        raise InvalidInput({"parts": "Boxes are joined that were cut with one diameter; cut anew."})
    pictures = np.concatenate([part.pictures for part in parts])
    kept = np.arange(len(pictures))
    if most is not None and len(pictures) > most:
        kept = np.sort(np.random.default_rng(seed).choice(len(pictures), most, replace=False))
    return ParticleBoxes(
        pictures=pictures[kept],
        kept=kept,
        pixel_size_angstrom=parts[0].pixel_size_angstrom,
        diameter_angstrom=parts[0].diameter_angstrom,
    )


def disc(diameter_px: float, *, edge_px: float = 4.0) -> FloatImage:
    """(64, 64): 1 within the diameter, falling to 0 over `edge_px` as a raised cosine."""
    axis = np.arange(BOX_PX) - BOX_PX // 2
    beyond = np.hypot(axis[:, None], axis) - diameter_px / 2.0
    part = np.clip(beyond / edge_px, 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part), dtype=np.float32)


def masked(boxes: ParticleBoxes) -> FloatImage:
    """(n, 64, 64): noise outside the particle has mean 0 and deviation 1, and is then cut off."""
    inner = disc(BOX_PX / BOX_DIAMETERS)
    around: BoolArray = (inner == 0.0) & (disc(BOX_PX - 2.0, edge_px=1.0) > 0.0)
    noise = boxes.pictures[:, around]
    spread = np.maximum(noise.std(axis=1), 1e-12)
    level = noise.mean(axis=1)
    scaled = (boxes.pictures - level[:, None, None]) / spread[:, None, None]
    # The disc keeps room for a shift, or a misplaced particle would be cut.
    return np.asarray(scaled * disc(0.8 * BOX_PX, edge_px=0.2 * BOX_PX), dtype=np.float32)


def _checked(
    total: NDArray[np.generic], pixel_size_angstrom: float, diameter_angstrom: float
) -> FloatImage:
    for name, value in (
        ("pixel_size_angstrom", pixel_size_angstrom),
        ("diameter_angstrom", diameter_angstrom),
    ):
        if not (math.isfinite(value) and value > 0.0):
            raise InvalidInput({name: f"{value} Å is not positive; give a length in Å."})
    if total.ndim != 2 or min(total.shape) < 8:
        raise UnusableImage(f"Particles are cut from a picture, not from {total.shape}.")
    image = np.asarray(total, dtype=np.float32)
    if not np.isfinite(image).all():
        raise UnusableImage("The sum holds pixels that are not finite numbers; measure it again.")
    return image


def _flips(
    shape: tuple[int, ...], pixel_size_angstrom: float, defocus: Defocus, optics: Optics
) -> NDArray[np.float32]:
    ky = np.fft.fftfreq(shape[0], pixel_size_angstrom)[:, None]
    kx = np.fft.rfftfreq(shape[1], pixel_size_angstrom)
    square = np.maximum(kx**2 + ky**2, 1e-12)
    cos, sin = (kx**2 - ky**2) / square, 2.0 * kx * ky / square
    phase = aberration_phase(optics, defocus, square, cos, sin)
    return np.where(np.sin(phase) < 0.0, np.float32(-1.0), np.float32(1.0))


def _resampled(
    spectrum: NDArray[np.complex64], shape: tuple[int, int], wanted: tuple[int, int]
) -> FloatImage:
    """An `rfft2` of a picture of `shape` as a picture of `wanted`, smaller or larger."""
    rows, columns = min(shape[0], wanted[0]), min(shape[1], wanted[1])
    placed = np.zeros((wanted[0], wanted[1] // 2 + 1), dtype=np.complex64)
    upper, lower, across = (rows + 1) // 2, (rows - 1) // 2, (columns + 1) // 2
    placed[:upper, :across] = spectrum[:upper, :across]
    if lower:
        placed[-lower:, :across] = spectrum[-lower:, :across]
    # Cutting and padding keep the first pixel's centre, but pixels grow about their corner.
    y = 0.5 * (shape[0] / wanted[0] - 1.0) / shape[0]
    x = 0.5 * (shape[1] / wanted[1] - 1.0) / shape[1]
    ramp = np.exp(2j * np.pi * np.fft.fftfreq(wanted[0], 1.0 / wanted[0]) * y)[:, None]
    placed *= ramp * np.exp(2j * np.pi * np.arange(placed.shape[1]) * x)
    scale = wanted[0] * wanted[1] / (shape[0] * shape[1])
    return np.asarray(fft.irfft2(placed, s=wanted) * np.float32(scale), dtype=np.float32)
