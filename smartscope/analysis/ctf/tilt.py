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
from smartscope.analysis.ctf.optics import Optics, aberration_phase, phase_slope
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, SpectrumGatherer
from smartscope.analysis.ctf.ring_model import Band, band_of, explain, reweighted, swing_left

TILE_ANGSTROM: Final = 512.0
#: χ² by which a plane must explain the field better than one defocus
LEAST_GAIN: Final = 16.0

_STEEPEST_DEG: Final = 65.0
_STEPS_DEG: Final = 5.0
_AXES: Final = 12
#: how far the slope is moved to see how its worth falls
_ERROR_STEP: Final = 0.03
#: a tile's window fades over this part of it on every side
_RIM_PART: Final = 0.1
#: of the slopes tried, how many are climbed from
_CLIMBED: Final = 3
_ALL: Final = (0, 1, 2, 3, 4)
_FLAT: Final = (0, 3, 4)
#: the searched numbers are of order one in these: Å, Å per Å twice, Å twice
_UNITS: Final = np.array([100.0, 0.1, 0.1, 100.0, 100.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DefocusPlane:
    """Mean defocus at the middle of the image and its slope, Å per Å, x right, y down.

    `gain` is the χ² by which it explains the image better than one defocus. `tilt_error_deg` is the
    tilt's standard error.
    """

    middle_angstrom: float
    slope_x: float
    slope_y: float
    gain: float
    tilt_error_deg: float

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


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTilt:
    """The slope that the stage tells, Å per Å, and how far a specimen's may be from it, an axis."""

    slope_x: float
    slope_y: float
    error: float

    @classmethod
    def of_stage(cls, tilt_deg: float, axis_deg: float, *, error_deg: float) -> KnownTilt:
        """Defocus grows towards 90° before the axis, which is counted as `DefocusPlane` does."""
        steep, across = math.tan(math.radians(tilt_deg)), math.radians(axis_deg - 90.0)
        widening = 1.0 + steep**2
        return cls(
            slope_x=steep * math.cos(across),
            slope_y=steep * math.sin(across),
            error=math.radians(error_deg) * widening,
        )

    def penalty(self, slope: FloatArray) -> float:
        """χ² of a `slope` (2,)."""
        away = slope - np.array([self.slope_x, self.slope_y])
        return float(np.square(away / self.error).sum())


def defocus_plane(
    images: Sequence[NDArray[np.generic]],
    fit: CtfFit,
    optics: Optics,
    *,
    pixel_size_angstrom: float,
    known: KnownTilt | None = None,
) -> DefocusPlane | None:
    """The plane of defocus of a place that `fit` describes as a whole.

    `images` (height, width) are its sum, or groups of its frames. Of groups the spectra are tried
    as well as their sum's, for water that moved between them shows its rings only there, and what
    explains more is kept. One astigmatism is fitted with the plane. None when one defocus explains
    the place as well (χ² gain under 16), or when it has fewer than 3 x 3 tiles of 512 Å. What is
    `known` of the tilt counts as one more measurement, which faint rings hardly move.
    """
    tried = [images]
    if len(images) > 1:
        tried.append([np.sum(images, axis=0, dtype=np.float32)])
    planes = [_plane(each, fit, optics, pixel_size_angstrom, known) for each in tried]
    found = [plane for plane in planes if plane is not None]
    return max(found, key=lambda plane: plane.gain, default=None)


def _plane(
    images: Sequence[NDArray[np.generic]],
    fit: CtfFit,
    optics: Optics,
    pixel_size_angstrom: float,
    known: KnownTilt | None,
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
    field = _TiltedField(stack, centres, fit, optics, known)
    level = field.climb(flat, _FLAT)
    steep = sorted(_slopes(known), key=lambda slope: -field.worth(_with_slope(level, slope)))
    best = _best(field, [_with_slope(level, slope) for slope in steep[:_CLIMBED]])
    # judged anew by the variance of what is explained best so far
    field = replace(field, band=reweighted(stack, field.explained(best)))
    best, level = field.climb(best, _ALL), field.climb(level, _FLAT)
    if field.worth(best) - field.worth(level) < LEAST_GAIN:
        return None
    return DefocusPlane(
        middle_angstrom=float(best[0]),
        slope_x=float(best[1]),
        slope_y=float(best[2]),
        gain=field.gain(best) - field.gain(level),
        tilt_error_deg=field.tilt_error_deg(best),
    )


def _with_slope(level: FloatArray, slope: tuple[float, float]) -> FloatArray:
    return np.array([level[0], *slope, *level[3:]])


def _best(field: _TiltedField, starts: Sequence[FloatArray]) -> FloatArray:
    """The best of the summits near several starts."""
    return max((field.climb(start, _ALL) for start in starts), key=field.worth)


@dataclass(frozen=True, slots=True, eq=False)
class _TiltedField:
    """Tiles side by side in `band` (rings, tiles x sectors), `centres` (tiles, 2) x, y in Å."""

    band: Band
    centres: FloatArray
    fit: CtfFit
    optics: Optics
    known: KnownTilt | None

    def squares(self, plane: FloatArray) -> FloatArray:
        """CTF² of each tile at its own defocus; `plane` is middle, slope x, slope y, astigmatism's
        cosine and sine part.
        """
        away = self.centres @ plane[1:3]
        sectors = self.band.power.shape[1] // len(away)
        middle = replace(
            self.fit.defocus,
            mean_angstrom=float(plane[0]),
            cos_angstrom=float(plane[3]),
            sin_angstrom=float(plane[4]),
        )
        band, optics = self.band, self.optics
        phase = aberration_phase(optics, middle, band.k_square, band.cos_twice, band.sin_twice)
        # the phase is a straight line in the defocus
        phase += math.pi * optics.wavelength_angstrom * band.k_square * np.repeat(away, sectors)
        k = band.k_per_angstrom
        slope = phase_slope(optics, middle, k)[:, None]
        slope = slope + 2.0 * math.pi * optics.wavelength_angstrom * np.outer(k, away)
        seen = np.repeat(swing_left(slope, band.step_per_angstrom), sectors, axis=1)
        squares: FloatArray = 0.5 - 0.5 * seen * np.cos(2.0 * phase)
        return squares

    def gain(self, plane: FloatArray) -> float:
        """χ² explained."""
        return explain(self.band, self.squares(plane)).gain

    def worth(self, plane: FloatArray) -> float:
        """χ² explained, less what is known against the plane."""
        against = 0.0 if self.known is None else self.known.penalty(plane[1:3])
        return self.gain(plane) - against

    def tilt_error_deg(self, plane: FloatArray) -> float:
        """Standard error by how worth falls along the slope, all else held."""
        steep = math.hypot(plane[1], plane[2])
        along = np.array([plane[1], plane[2]]) / steep if steep > 0.0 else np.array([1.0, 0.0])
        step = np.concatenate([[0.0], _ERROR_STEP * along, [0.0, 0.0]])
        fall = 2.0 * self.worth(plane) - self.worth(plane + step) - self.worth(plane - step)
        error = _ERROR_STEP * math.sqrt(2.0 / fall) if fall > 0.0 else math.inf
        return math.degrees(error / (1.0 + steep**2))

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
            return -self.worth(moved(numbers))

        found = optimize.minimize(
            loss,
            np.zeros(len(chosen)),
            method="L-BFGS-B",
            options={"maxiter": 40, "eps": 1e-3},
        )
        best = moved(np.asarray(found.x))
        return best if self.worth(best) > self.worth(start) else start


def _slopes(known: KnownTilt | None) -> Sequence[tuple[float, float]]:
    """Flat and what is known; where nothing is, tilts 5° apart in every direction."""
    tried = [(0.0, 0.0)]
    if known is not None:
        return [*tried, (known.slope_x, known.slope_y)]
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
    centres, spectra = [], []
    for top in _starts(height, side):
        for left in _starts(width, side):
            tile = SpectrumGatherer(
                pixel_size_angstrom=pixel_size_angstrom, tile_angstrom=TILE_ANGSTROM
            )
            for image in images:
                tile.add(image[top : top + side, left : left + side])
            spectra.append(tile.spectrum())
            centres.append((left + 0.5 * (side - width), top + 0.5 * (side - height)))
    return pixel_size_angstrom * np.array(centres, dtype=np.float64).reshape(-1, 2), spectra


def _starts(length: int, side: int) -> list[int]:
    """First pixels of tiles from edge to edge, which overlap in their faded rims at most."""
    count = int((length - _RIM_PART * side) // ((1.0 - _RIM_PART) * side))
    return [round(start) for start in np.linspace(0, length - side, count)] if count > 0 else []


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
