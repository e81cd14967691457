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
from scipy import optimize

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.estimate import CtfFit
from smartscope.analysis.ctf.optics import Optics, aberration_phase, phase_slope
from smartscope.analysis.ctf.ring_model import explain, reweighted, swing_left
from smartscope.analysis.ctf.stage_tilt import KnownTilt, StageTilt
from smartscope.analysis.ctf.tile_spectra import TileStack

#: χ² by which a plane must explain the field better than one defocus, and by which the rings alone
#: must do better than beside the stage's word for that to be doubted
LEAST_GAIN: Final = 16.0

_STEEPEST_DEG: Final = 65.0
_STEPS_DEG: Final = 5.0
_AXES: Final = 12
#: how far the slope is moved to see how its worth falls
_ERROR_STEP: Final = 0.03
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
    tilt's standard error. `contradicted`: the rings say so much else than the stage that the
    stage's word was left aside.
    """

    middle_angstrom: float
    slope_x: float
    slope_y: float
    gain: float
    tilt_error_deg: float
    contradicted: bool = False

    @property
    def tilt_deg(self) -> float:
        """How far the specimen is tilted, 0 to 90°."""
        return math.degrees(math.atan(math.hypot(self.slope_x, self.slope_y)))

    @property
    def rises_deg(self) -> float:
        """Where defocus grows fastest to, 0 to 360°, from x towards y (down)."""
        return math.degrees(math.atan2(self.slope_y, self.slope_x)) % 360.0

    @property
    def axis_deg(self) -> float:
        """Direction of the tilt axis, 0 to 180°, from x towards y (down): defocus is even on it."""
        return (self.rises_deg + 90.0) % 180.0

    def at(self, x_angstrom: float, y_angstrom: float) -> float:
        """Mean defocus (Å) of a particle, measured from the middle of the image."""
        return self.middle_angstrom + self.slope_x * x_angstrom + self.slope_y * y_angstrom


def doubt(plane: DefocusPlane, stage: StageTilt) -> str:
    """What to check where rings and stage contradict each other; "" where they agree."""
    if not plane.contradicted:
        return ""
    axis = "" if stage.axis_deg is None else f" about {stage.axis_deg % 180.0:.0f}°"
    return (
        f"Thon rings show a specimen tilted by {plane.tilt_deg:.1f} ± {plane.tilt_error_deg:.1f}° "
        f"about an axis at {plane.axis_deg:.0f}° in the picture, the stage says "
        f"{abs(stage.tilt_deg):.1f}°{axis}: look at the grid's flatness and the stage's readout."
    )


def defocus_plane(
    stacks: Sequence[TileStack],
    fit: CtfFit,
    optics: Optics,
    *,
    known: KnownTilt | None = None,
) -> DefocusPlane | None:
    """The plane of defocus of a place that `fit` describes as a whole.

    `stacks` are kinds of spectra of the same tiles: of the sum, of groups of frames. Of groups the
    water that moved between them shows its rings, of the sum all else. What explains more is kept.
    One astigmatism is fitted with the plane. None when one defocus explains the place as well
    (χ² gain under 16). What is `known` of the tilt counts as one more measurement, which faint
    rings hardly move; where rings contradict it by a χ² of 16, they are believed, and it is said.
    """
    planes = [_plane(each, fit, optics, known) for each in stacks]
    found = [plane for plane in planes if plane is not None]
    return max(found, key=lambda plane: plane.gain, default=None)


def _plane(
    stack: TileStack, fit: CtfFit, optics: Optics, known: KnownTilt | None
) -> DefocusPlane | None:
    """The plane that one kind of spectrum shows."""
    whole = fit.defocus
    flat = np.array([whole.mean_angstrom, 0.0, 0.0, whole.cos_angstrom, whole.sin_angstrom])
    alone = _TiltedField(stack, fit, optics, None)
    level = alone.climb(flat, _FLAT)
    steep = sorted(_slopes(), key=lambda slope: -alone.worth(_with_slope(level, slope)))
    best = _best(alone, [_with_slope(level, slope) for slope in steep[:_CLIMBED]])
    # judged anew by the variance of what is explained best so far
    alone = replace(alone, stack=replace(stack, band=reweighted(stack.band, alone.explained(best))))
    best, level = alone.climb(best, _ALL), alone.climb(level, _FLAT)
    beside, contradicted = alone, False
    if known is not None:
        beside = replace(alone, known=known)
        told = [_with_slope(best, slope) for slope in known.slopes]
        agreed = _best(beside, [best, *told])
        contradicted = alone.worth(best) - beside.worth(agreed) > LEAST_GAIN
        beside, best = (alone, best) if contradicted else (beside, agreed)
    if not contradicted and beside.worth(best) - beside.worth(level) < LEAST_GAIN:
        return None
    return DefocusPlane(
        middle_angstrom=float(best[0]),
        slope_x=float(best[1]),
        slope_y=float(best[2]),
        gain=alone.gain(best) - alone.gain(level),
        tilt_error_deg=beside.tilt_error_deg(best),
        contradicted=contradicted,
    )


def _with_slope(level: FloatArray, slope: tuple[float, float]) -> FloatArray:
    return np.array([level[0], *slope, *level[3:]])


def _best(field: _TiltedField, starts: Sequence[FloatArray]) -> FloatArray:
    """The best of the summits near several starts."""
    return max((field.climb(start, _ALL) for start in starts), key=field.worth)


@dataclass(frozen=True, slots=True, eq=False)
class _TiltedField:
    """Tiles side by side, and what is known of their tilt."""

    stack: TileStack
    fit: CtfFit
    optics: Optics
    known: KnownTilt | None

    def squares(self, plane: FloatArray) -> FloatArray:
        """CTF² of each tile at its own defocus; `plane` is middle, slope x, slope y, astigmatism's
        cosine and sine part.
        """
        band, optics = self.stack.band, self.optics
        away = self.stack.centres_angstrom @ plane[1:3]
        sectors = band.power.shape[1] // len(away)
        middle = replace(
            self.fit.defocus,
            mean_angstrom=float(plane[0]),
            cos_angstrom=float(plane[3]),
            sin_angstrom=float(plane[4]),
        )
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
        return explain(self.stack.band, self.squares(plane)).gain

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
        return explain(self.stack.band, squares).power(self.stack.band, squares)

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


def _slopes() -> Sequence[tuple[float, float]]:
    """Flat, and tilts 5° apart in every direction."""
    tried = [(0.0, 0.0)]
    for tilt in np.arange(_STEPS_DEG, _STEEPEST_DEG, _STEPS_DEG):
        steep = math.tan(math.radians(float(tilt)))
        for number in range(2 * _AXES):
            across = math.pi * number / _AXES
            tried.append((steep * math.cos(across), steep * math.sin(across)))
    return tried
