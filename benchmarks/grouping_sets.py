"""Hole patterns other than a whole square lattice: hexagonal, tilted, cracked, lacey; seeded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.reach import Tilt

PITCH_UM = 2.5
JITTER_UM = 0.03
MISSING = 0.15


@dataclass(frozen=True, slots=True)
class HoleSet:
    """Holes (N, 2) in stage µm and how the specimen is tilted while they are shot."""

    name: str
    positions_um: FloatArray
    tilt: Tilt


def hole_sets(side_um: float) -> list[HoleSet]:
    """One set of each kind on a field `side_um` wide; the same every time."""
    return [
        HoleSet("hexagonal", _lattice(side_um, 60.0, seed=11), Tilt()),
        HoleSet("tilted 45°", _lattice(side_um, 90.0, seed=12), Tilt(45.0, 17.0)),
        HoleSet(
            "tilted 45°, focus ± 1.5 µm", _lattice(side_um, 90.0, seed=12), Tilt(45.0, 17.0, 1.5)
        ),
        HoleSet("cracked", _cracked(_lattice(side_um, 90.0, seed=13), side_um), Tilt()),
        HoleSet("lacey", _lacey(side_um, seed=14), Tilt()),
    ]


def _lattice(side_um: float, angle_deg: float, *, seed: int) -> FloatArray:
    """A lattice with `angle_deg` between its vectors, 17° turned, a share of its holes missing."""
    random = np.random.default_rng(seed)
    reach = int(2 * side_um / PITCH_UM)
    i, j = np.meshgrid(np.arange(-reach, reach), np.arange(-reach, reach))
    first, second = np.deg2rad(17.0), np.deg2rad(17.0 + angle_deg)
    x = PITCH_UM * (i * np.cos(first) + j * np.cos(second)).ravel()
    y = PITCH_UM * (i * np.sin(first) + j * np.sin(second)).ravel()
    inside = (np.abs(x) <= side_um / 2) & (np.abs(y) <= side_um / 2)
    points = np.column_stack([x[inside], y[inside]])
    points += random.normal(0.0, JITTER_UM, points.shape)
    return np.asarray(points[random.random(len(points)) > MISSING])


def _cracked(points: FloatArray, side_um: float) -> FloatArray:
    """Without what lies within 3 µm of two cracks from a point off the centre."""
    origin = np.array([-0.1, 0.05]) * side_um
    away = points - origin
    torn = np.zeros(len(points), dtype=np.bool_)
    for angle_deg in (20.0, 95.0, 215.0):
        ray = np.array([np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))])
        along = away @ ray
        across = np.abs(away @ np.array([-ray[1], ray[0]]))
        torn |= (along > 0) & (across < 3.0)
    return np.asarray(points[~torn])


def _lacey(side_um: float, *, seed: int) -> FloatArray:
    """Places at least 1.3 µm apart, as dense as they fit one after the other, a third left out."""
    random = np.random.default_rng(seed)
    kept: list[FloatArray] = []
    for place in random.uniform(-side_um / 2, side_um / 2, (int(side_um**2), 2)):
        if all(np.hypot(*(place - other)) >= 1.3 for other in kept):
            kept.append(place)
    points = np.array(kept)
    voids = np.sin(points[:, 0] / 4.1) * np.cos(points[:, 1] / 3.3)
    return np.asarray(points[voids > -0.2])
