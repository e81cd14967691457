"""What is left of a picker's answer once people have added to it and taken away: theirs wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray

#: of a diameter: what a person points at this near a pick's centre is meant to be that pick
REACH_IN_DIAMETERS = 0.5
#: where nothing told a size, Å
ASSUMED_DIAMETER_ANGSTROM = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Places people pointed at, (n, 2) as x and y in pixels: particles, and picks that are none."""

    particles_px: FloatArray
    none_px: FloatArray


def reach_px(diameter_angstrom: float | None, pixel_size_angstrom: float) -> float:
    """How near a click must be to a pick to mean it, in pixels."""
    diameter = diameter_angstrom or ASSUMED_DIAMETER_ANGSTROM
    return REACH_IN_DIAMETERS * diameter / pixel_size_angstrom


def kept(
    centres_px: FloatArray, scores: FloatArray, *, threshold: float, told: Told, reach: float
) -> BoolArray:
    """(n,) True for picks that count: sure enough, not taken away, and not added by hand as well.

    `centres_px` is (n, 2), `scores` (n,), `reach` in pixels.
    """
    counted: BoolArray = scores >= threshold
    for x_px, y_px in np.concatenate([told.none_px, told.particles_px]):
        counted &= np.hypot(centres_px[:, 0] - x_px, centres_px[:, 1] - y_px) > reach
    return counted


def nearest(places_px: FloatArray, x_px: float, y_px: float, *, reach: float) -> int | None:
    """Which of `places_px` (n, 2) is nearest to a point, None when none is within `reach`."""
    if not len(places_px):
        return None
    away = np.hypot(places_px[:, 0] - x_px, places_px[:, 1] - y_px)
    first = int(away.argmin())
    return first if away[first] <= reach else None
