"""Finds how defocus changes across a tilted field: a plane, by geometry and by rings of many tiles.

Δf(x, y) = Δf₀ + gₓ·x + g_y·y; the slope is tan of the tilt, its direction across the tilt axis. A
tile alone is too faint: the plane under which all tiles together are explained best is sought.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.estimate import COARSEST_ANGSTROM, FITTED_TO_ANGSTROM, CtfFit
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, SpectrumGatherer
from smartscope.analysis.ctf.ring_model import Band, band_of, explain, reweighted, transfer_square

TILE_ANGSTROM: Final = 512.0
#: χ² by which a plane must explain the field better than one defocus
LEAST_GAIN: Final = 16.0

_STEEPEST_DEG: Final = 65.0
_STEPS_DEG: Final = 5.0
_AXES: Final = 12
#: of the slopes tried, how many are climbed from
_CLIMBED: Final = 3
_ALL: Final = (0, 1, 2, 3, 4)
_FLAT: Final = (0, 3, 4)
#: the searched numbers are of order one in these: Å, Å per Å twice, Å twice
_UNITS: Final = np.array([100.0, 0.1, 0.1, 100.0, 100.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DefocusPlane:
    """Mean defocus at the middle of the image and its slope, Å per Å, x right, y down.

    `gain` is the χ² by which it explains the image better than one defocus.
    """

    middle_angstrom: float
    slope_x: float
    slope_y: float
    gain: float

    @property
    def tilt_deg(self) -> float:
        """How far the specimen is tilted, 0 to 90°."""
        return math.degrees(math.atan(math.hypot(self.slope_x, self.slope_y)))

    @property
    def axis_deg(self) -> float:
        """Direction of the tilt axis, 0 to 180°, from x towards y (down): defocus is even on it."""
        return (math.degrees(math.atan2(self.slope_y, self.slope_x)) + 90.0) % 180.0

    def at(self, x_angstrom: float, y_angstrom: float) -> float:
        """Mean defocus (Å) of a particle, measured from the middle of the image."""
        return self.middle_angstrom + self.slope_x * x_angstrom + self.slope_y * y_angstrom


def defocus_plane(
    images: Sequence[NDArray[np.generic]],
    fit: CtfFit,
    optics: Optics,
    *,
    pixel_size_angstrom: float,
) -> DefocusPlane | None:
    """The plane of defocus of a place that `fit` describes as a whole.

    `images` (height, width) are its sum, or groups of its frames. Of groups the spectra are tried
    as well as their sum's, for water that moved between them shows its rings only there, and what
    explains more is kept. One astigmatism is fitted with the plane. None when one defocus explains
    the place as well (χ² gain under 16), or when it has fewer than 3 x 3 tiles of 512 Å.
    """
    tried = [images]
    if len(images) > 1:
        tried.append([np.sum(images, axis=0, dtype=np.float32)])
    planes = [_plane(each, fit, optics, pixel_size_angstrom) for each in tried]
    found = [plane for plane in planes if plane is not None]
    return max(found, key=lambda plane: plane.gain, default=None)


def _plane(
    images: Sequence[NDArray[np.generic]], fit: CtfFit, optics: Optics, pixel_size_angstrom: float
) -> DefocusPlane | None:
    """The plane that one kind of spectrum shows."""
    centres, spectra = _tiles(images, pixel_size_angstrom)
    if len(spectra) < 9:
        return None
    stack = _stack(spectra)
    if stack is None:
        return None
    whole = fit.defocus
    flat = np.array([whole.mean_angstrom, 0.0, 0.0, whole.cos_angstrom, whole.sin_angstrom])
    field = _TiltedField(stack, centres, fit, optics)
    level = field.climb(flat, _FLAT)
    steep = sorted(_slopes(), key=lambda slope: -field.gain(_with_slope(level, slope)))
    best = _best(field, [_with_slope(level, slope) for slope in steep[:_CLIMBED]])
    # judged anew by the variance of what is explained best so far
    field = replace(field, band=reweighted(stack, field.explained(best)))
    best, level = field.climb(best, _ALL), field.climb(level, _FLAT)
    gain = field.gain(best) - field.gain(level)
    if gain < LEAST_GAIN:
        return None
    return DefocusPlane(
        middle_angstrom=float(best[0]),
        slope_x=float(best[1]),
        slope_y=float(best[2]),
        gain=float(gain),
    )


def _with_slope(level: FloatArray, slope: tuple[float, float]) -> FloatArray:
    return np.array([level[0], *slope, *level[3:]])


def _best(field: _TiltedField, starts: Sequence[FloatArray]) -> FloatArray:
    """The best of the summits near several starts."""
    return max((field.climb(start, _ALL) for start in starts), key=field.gain)


@dataclass(frozen=True, slots=True, eq=False)
class _TiltedField:
    """Tiles side by side in `band` (rings, tiles x sectors), `centres` (tiles, 2) x, y in Å."""

    band: Band
    centres: FloatArray
    fit: CtfFit
    optics: Optics

    def squares(self, plane: FloatArray) -> FloatArray:
        """CTF² of each tile at its own defocus; `plane` is middle, slope x, slope y, astigmatism's
        cosine and sine part.
        """
        own = plane[0] + self.centres @ plane[1:3]
        width = self.band.power.shape[1] // len(own)
        parts = []
        for number, mean in enumerate(own):
            part = slice(number * width, (number + 1) * width)
            tile = replace(
                self.band,
                cells=self.band.cells[:, part],
                k_square=self.band.k_square[:, part],
                cos_twice=self.band.cos_twice[:, part],
                sin_twice=self.band.sin_twice[:, part],
            )
            here = replace(
                self.fit.defocus,
                mean_angstrom=float(mean),
                cos_angstrom=float(plane[3]),
                sin_angstrom=float(plane[4]),
            )
            parts.append(transfer_square(tile, self.optics, here))
        return np.concatenate(parts, axis=1)

    def gain(self, plane: FloatArray) -> float:
        """χ² explained."""
        return explain(self.band, self.squares(plane)).gain

    def explained(self, plane: FloatArray) -> FloatArray:
        """The power expected, (rings, tiles x sectors)."""
        squares = self.squares(plane)
        return explain(self.band, squares).power(self.band, squares)

    def climb(self, start: FloatArray, free: Sequence[int]) -> FloatArray:
        """The best plane near `start`, of which the numbers at `free` may change."""
        chosen = list(free)
        units = _UNITS[chosen]

        def moved(numbers: FloatArray) -> FloatArray:
            plane = start.copy()
            plane[chosen] += numbers * units
            return plane

        def loss(numbers: FloatArray) -> float:
            return -self.gain(moved(numbers))

        found = optimize.minimize(
            loss,
            np.zeros(len(chosen)),
            method="L-BFGS-B",
            options={"maxiter": 40, "eps": 1e-3},
        )
        best = moved(np.asarray(found.x))
        return best if self.gain(best) > self.gain(start) else start


def _slopes() -> Sequence[tuple[float, float]]:
    """Flat, and tilts 5° apart in every direction."""
    tried = [(0.0, 0.0)]
    for tilt in np.arange(_STEPS_DEG, _STEEPEST_DEG, _STEPS_DEG):
        steep = math.tan(math.radians(float(tilt)))
        for number in range(2 * _AXES):
            across = math.pi * number / _AXES
            tried.append((steep * math.cos(across), steep * math.sin(across)))
    return tried


def _tiles(
    images: Sequence[NDArray[np.generic]], pixel_size_angstrom: float
) -> tuple[FloatArray, list[PolarSpectrum]]:
    """Tiles side by side: centres (tiles, 2) x, y in Å from the middle of the image, spectra."""
    height, width = images[0].shape
    side = 2 * round(TILE_ANGSTROM / pixel_size_angstrom / 2)
    rows, columns = height // side, width // side
    centres, spectra = [], []
    for row in range(rows):
        for column in range(columns):
            top = (height - rows * side) // 2 + row * side
            left = (width - columns * side) // 2 + column * side
            tile = SpectrumGatherer(
                pixel_size_angstrom=pixel_size_angstrom, tile_angstrom=TILE_ANGSTROM
            )
            for image in images:
                tile.add(image[top : top + side, left : left + side])
            spectra.append(tile.spectrum())
            centres.append((left + 0.5 * (side - width), top + 0.5 * (side - height)))
    return pixel_size_angstrom * np.array(centres, dtype=np.float64).reshape(-1, 2), spectra


def _stack(spectra: Sequence[PolarSpectrum]) -> Band | None:
    """The bands of all tiles side by side; each is divided by its own level."""
    bands = [
        band_of(each, coarsest_angstrom=COARSEST_ANGSTROM, finest_angstrom=FITTED_TO_ANGSTROM)
        for each in spectra
    ]
    found = [band for band in bands if band is not None]
    if len(found) < len(spectra):
        return None

    def side_by_side(name: str) -> FloatArray:
        return np.concatenate([getattr(band, name) for band in found], axis=1)

    merged = replace(
        found[0],
        power=side_by_side("power"),
        cells=side_by_side("cells"),
        weights=side_by_side("weights"),
        k_square=side_by_side("k_square"),
        cos_twice=side_by_side("cos_twice"),
        sin_twice=side_by_side("sin_twice"),
    )
    return reweighted(merged, np.ones_like(merged.power))
