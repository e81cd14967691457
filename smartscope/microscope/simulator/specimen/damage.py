"""Torn foil: cracks that run from one point, jagged breaks, their curled dark rims and folded
flaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.fate import (
    DAMAGE_BROKEN,
    DAMAGE_CRACKED,
    DAMAGE_EMPTY,
)
from smartscope.microscope.simulator.specimen.hashing import Channel, normal, uniform

_TABLE = 512
_FAR_UM = -1e3

Floats = NDArray[np.float64]
FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a crack, in µm from the square's centre: sideways course and half-widths along its
    length.
    """

    u_um: float
    v_um: float
    angle_rad: float
    length_um: float
    course_um: Floats
    left_um: Floats
    right_um: Floats
    rim_um: Floats


@dataclass(frozen=True, slots=True)
class Break:
    """A jagged hole in the foil: radius and rim width by direction (tables over 2π)."""

    u_um: float
    v_um: float
    radius_um: Floats
    rim_um: Floats


@dataclass(frozen=True, slots=True)
class Tear:
    """All that is missing in one square; `everything` when nothing of the foil is left."""

    arms: tuple[Arm, ...]
    breaks: tuple[Break, ...]
    everything: bool


@lru_cache(maxsize=256)
def tear_of(seed: int, i: int, j: int, damage: int, half_um: float) -> Tear | None:
    """The tear of square (i, j) with this damage code; None for an intact square."""
    if damage == DAMAGE_EMPTY:
        return Tear((), (), True)
    if damage == DAMAGE_CRACKED:
        return Tear(_crack(seed, i, j, half_um), (), False)
    if damage == DAMAGE_BROKEN:
        return Tear((), (_break(seed, i, j, half_um),), False)
    return None


def _crack(seed: int, i: int, j: int, half_um: float) -> tuple[Arm, ...]:
    """2-5 arms, 0.4-1.2 half-openings long, half-width 0.25-3.5 µm tapering as (1-p/L)^0.7."""
    draw = uniform(seed, Channel.CRACK, i, j, np.arange(8))
    count = 2 + int(4 * draw[0])
    start = 2.0 * math.pi * draw[1]
    u, v = 0.5 * half_um * (2 * draw[2] - 1), 0.5 * half_um * (2 * draw[3] - 1)
    width = 0.25 * 14.0 ** draw[4]
    return tuple(
        _arm(seed, i, j, n, float(u), float(v), start + 2 * math.pi * n / count, half_um, width)
        for n in range(count)
    )


def _arm(
    seed: int,
    i: int,
    j: int,
    n: int,
    u: float,
    v: float,
    angle: float,
    half_um: float,
    width: float,
) -> Arm:
    draw = uniform(seed, Channel.CRACK, i, j, 16 + 8 * n + np.arange(4))
    length = half_um * (0.4 + 0.8 * draw[0])
    along = (np.arange(_TABLE) + 0.5) / _TABLE
    taper = width * (0.6 + 0.6 * draw[2]) * (1.0 - along) ** 0.7
    wander = _ragged(seed, i, j, 4 * n, along * length, 9.0, 3)
    edges = [
        np.maximum(
            taper * (1.0 + 0.35 * _ragged(seed, i, j, 4 * n + side, along * length, 2.5, 5)), 0.0
        )
        for side in (1, 2)
    ]
    curl = _ragged(seed, i, j, 4 * n + 3, along * length, 4.0, 3)
    return Arm(
        u,
        v,
        angle + 0.5 * (draw[1] - 0.5),
        float(length),
        1.2 * (wander - wander[0]),
        edges[0],
        edges[1],
        (0.08 + 0.25 * taper) * np.clip(0.4 + 0.9 * curl, 0.0, 3.0),
    )


def _break(seed: int, i: int, j: int, half_um: float) -> Break:
    """A jagged disc of 0.35-0.95 half-openings, with flaps folded over where the rim is wide."""
    draw = uniform(seed, Channel.BREAK, i, j, np.arange(4))
    turn = 2.0 * np.pi * (np.arange(_TABLE) + 0.5) / _TABLE
    coarse, fine, curl = np.zeros(_TABLE), np.zeros(_TABLE), np.zeros(_TABLE)
    for order in range(2, 40):
        phase = 2 * np.pi * uniform(seed, Channel.BREAK, i, j, 16 + 4 * order + np.arange(3))
        wave = np.abs(np.sin(order * turn / 2 + phase[0])) - 2 / np.pi
        if order < 7:
            coarse -= wave / order
            curl += np.sin(order * turn + phase[2])
        else:
            fine += np.sin(order * turn + phase[1]) / order
    radius = half_um * (0.35 + 0.60 * draw[0]) * (1.0 + 0.45 * coarse + 0.10 * fine)
    place = 0.45 * half_um * (2 * draw[1:3] - 1)
    rim = 0.15 + 0.05 * half_um * np.clip(0.5 * curl, 0.0, 2.0)
    return Break(float(place[0]), float(place[1]), np.maximum(radius, 0.5), rim)


def _ragged(
    seed: int, i: int, j: int, salt: int, along_um: Floats, scale_um: float, octaves: int
) -> Floats:
    """Unit-variance 1-D noise along an edge: hashed knots joined linearly, halving amplitude per
    octave.
    """
    total = np.zeros_like(along_um)
    for octave in range(octaves):
        knots = along_um / scale_um * 2**octave
        index = np.arange(int(knots.max()) + 2)
        values = normal(seed, Channel.CRACK_EDGE, i, j, 100000 * salt + 10000 * octave + index)
        total += 0.5**octave * np.interp(knots, index, values)
    return total / math.sqrt(sum(0.25**octave for octave in range(octaves)) * 0.75)


def tear_distance_um(tear: Tear, u: FloatImage, v: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Signed distance into the missing region (positive inside) and the local rim width, µm.

    `u`, `v` are mesh coordinates from the square's centre, any shape.
    """
    distance = np.full(u.shape, _FAR_UM, dtype=np.float32)
    rim = np.zeros(u.shape, dtype=np.float32)
    if tear.everything:
        distance.fill(-_FAR_UM)
        return distance, rim
    for arm in tear.arms:
        _merge(distance, rim, *_arm_distance(arm, u, v))
    for hole in tear.breaks:
        _merge(distance, rim, *_break_distance(hole, u, v))
    return distance, rim


def _merge(
    distance: FloatImage, rim: FloatImage, new_distance: FloatImage, new_rim: FloatImage
) -> None:
    nearer = new_distance > distance
    np.copyto(distance, new_distance, where=nearer)
    np.copyto(rim, new_rim, where=nearer)


def _arm_distance(arm: Arm, u: FloatImage, v: FloatImage) -> tuple[FloatImage, FloatImage]:
    cos, sin = np.float32(math.cos(arm.angle_rad)), np.float32(math.sin(arm.angle_rad))
    du, dv = u - np.float32(arm.u_um), v - np.float32(arm.v_um)
    along, across = cos * du + sin * dv, cos * dv - sin * du
    index = np.clip(along * np.float32(_TABLE / arm.length_um), 0, _TABLE - 1).astype(np.int64)
    across -= arm.course_um.astype(np.float32)[index]
    left, right = (table.astype(np.float32)[index] for table in (arm.left_um, arm.right_um))
    distance = np.where(across > 0, left - across, right + across)
    distance = np.minimum(distance, np.float32(arm.length_um) - along)
    behind = along < 0
    distance[behind] = left[behind] - np.hypot(along[behind], across[behind])
    return distance, arm.rim_um.astype(np.float32)[index]


def _break_distance(hole: Break, u: FloatImage, v: FloatImage) -> tuple[FloatImage, FloatImage]:
    du, dv = u - np.float32(hole.u_um), v - np.float32(hole.v_um)
    turn = np.arctan2(dv, du) * np.float32(_TABLE / (2 * np.pi))
    index = turn.astype(np.int64) % _TABLE
    return (
        hole.radius_um.astype(np.float32)[index] - np.hypot(du, dv),
        hole.rim_um.astype(np.float32)[index],
    )
