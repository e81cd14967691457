"""Where a group focuses: on foil beside its holes, at the height of its centre, never on a target.

It places spots on geometry alone; whether the foil there is clean it cannot know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray
from smartscope.analysis.grouping.plan import HoleGroup
from smartscope.analysis.grouping.reach import Tilt

#: how far from the group's centre a spot is looked for, in pitches (analysis-targets 4.1)
NEAREST_PITCHES, FARTHEST_PITCHES = 0.5, 3.0
#: steps of the search along a direction, in pitches, and directions where there is no tilt axis
STEP_PITCHES = 0.05
DIRECTIONS = 24


class Ground(StrEnum):
    """What a group focuses on."""

    FOIL = "foil"
    REJECTED_HOLE = "rejected_hole"
    #: no spot of its own: the focus of the nearest group that has one holds for it
    NEIGHBOUR = "neighbour"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class FocusSpot:
    """`x_um, y_um` on the specimen; nan on `NOWHERE`. `clearance_um` is foil between the beam's
    edge and the nearest hole's.
    """

    ground: Ground
    x_um: float = float("nan")
    y_um: float = float("nan")
    clearance_um: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """The holes' pitch and radius and the focusing beam's radius, µm; for lacey film the pitch is
    the typical distance of targets.
    """

    pitch_um: float
    hole_radius_um: float
    beam_radius_um: float


def focus_spots(
    groups: Sequence[HoleGroup],
    positions_um: FloatArray,
    film: Film,
    *,
    spared: BoolArray | None = None,
    tilt: Tilt | None = None,
) -> tuple[FocusSpot, ...]:
    """One spot per group, in their order.

    `positions_um` (N, 2) are all holes of the square, `spared` (N,) those that were or may be
    exposed (default: all). A beam keeps its own radius from every spared hole and touches no other
    hole, unless no foil is left: then a hole that is not spared is taken. On a tilted specimen the
    spot lies on the axis through the centre.
    """
    keep = np.ones(len(positions_um), dtype=np.bool_) if spared is None else spared
    lean = Tilt() if tilt is None else tilt
    own = [
        _own_spot(positions_um[group.centre], positions_um, film, keep, lean) for group in groups
    ]
    centres = [positions_um[group.centre] for group in groups]
    return tuple(
        spot if spot is not None else _neighbours(centre, centres, own)
        for spot, centre in zip(own, centres, strict=True)
    )


def _own_spot(
    centre: FloatArray, holes: FloatArray, film: Film, spared: BoolArray, tilt: Tilt
) -> FocusSpot | None:
    places = centre + _offsets_um(film.pitch_um, tilt)
    away = np.linalg.norm(places[:, None, :] - holes[None, :, :], axis=2) - film.hole_radius_um
    gap = away - film.beam_radius_um
    needed = np.where(spared, film.beam_radius_um, 0.0)
    clear = np.flatnonzero((gap >= needed - 1e-9).all(axis=1))
    if len(clear):
        best = int(clear[0])
        return FocusSpot(
            Ground.FOIL, float(places[best, 0]), float(places[best, 1]), float(gap[best].min())
        )
    return _rejected_hole(centre, holes, film, spared, tilt)


def _offsets_um(pitch_um: float, tilt: Tilt) -> FloatArray:
    """Candidate offsets (K, 2) from a centre, the nearest first, then by direction."""
    lengths = pitch_um * np.arange(NEAREST_PITCHES, FARTHEST_PITCHES + 1e-9, STEP_PITCHES)
    axis = np.deg2rad(tilt.axis_deg)
    if tilt.angle_deg != 0.0:
        angles = np.array([axis, axis + np.pi])
    else:
        angles = axis + 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray((lengths[:, None, None] * rays[None, :, :]).reshape(-1, 2))


def _rejected_hole(
    centre: FloatArray, holes: FloatArray, film: Film, spared: BoolArray, tilt: Tilt
) -> FocusSpot | None:
    """The nearest hole that will never be exposed, far enough from those that may be."""
    offsets = holes - centre
    distance = np.linalg.norm(offsets, axis=1)
    height = np.abs(tilt.heights_um(offsets))
    near = ~spared & (distance <= FARTHEST_PITCHES * film.pitch_um)
    level = height <= film.hole_radius_um * abs(np.sin(np.deg2rad(tilt.angle_deg))) + 1e-9
    for hole in sorted(np.flatnonzero(near & level), key=lambda h: (distance[h], h)):
        gaps = np.linalg.norm(holes[spared] - holes[hole], axis=1)
        gap = float((gaps - film.hole_radius_um - film.beam_radius_um).min(initial=np.inf))
        if gap >= film.beam_radius_um:
            return FocusSpot(
                Ground.REJECTED_HOLE, float(holes[hole, 0]), float(holes[hole, 1]), gap
            )
    return None


def _neighbours(
    centre: FloatArray, centres: Sequence[FloatArray], own: Sequence[FocusSpot | None]
) -> FocusSpot:
    """The spot of the nearest group that has one."""
    known = [
        (float(np.hypot(*(place - centre))), number, spot)
        for number, (place, spot) in enumerate(zip(centres, own, strict=True))
        if spot is not None
    ]
    if not known:
        return FocusSpot(Ground.NOWHERE)
    _, _, spot = min(known, key=lambda item: item[:2])
    return FocusSpot(Ground.NEIGHBOUR, spot.x_um, spot.y_um, spot.clearance_um)
