"""Chance by counting, never by a running stream: the same number in any order and after a restart.

The hash is the splitmix64 finaliser (public algorithm) over seed, purpose and up to three integers.
"""

from __future__ import annotations

import math
from enum import IntEnum

_MASK = (1 << 64) - 1
_PHI = 0x9E3779B97F4A7C15
_STEP = 0x632BE59BD9B4E019


class Purpose(IntEnum):
    """One purpose, one channel; numbers below 1000 belong to specimen and camera."""

    DURATION = 1001
    STAGE_X = 1002
    STAGE_Y = 1003
    LEVEL_X = 1004
    LEVEL_Y = 1005
    MAGNIFICATION = 1006
    ROTATION = 1007
    SHIFT_MATRIX = 1008
    STAGE_SCALE = 1009
    HEIGHT_SEEK = 1010
    FOCUS = 1011
    FOCUS_OUTLIER = 1012
    DRIFT_SPEED = 1013
    DRIFT_DIRECTION = 1014
    DRIFT_MEASURE = 1015
    RELOAD_TURN = 1016
    RELOAD_X = 1017
    RELOAD_Y = 1018
    HAZARD = 1019
    REPEATED = 1020
    ASTIGMATISM = 1022
    SPOT = 1023
    STAGE_MAP_X = 1024
    STAGE_MAP_Y = 1025


def _mix(x: int) -> int:
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & _MASK
    return x ^ x >> 31


def uniform(seed: int, purpose: Purpose, i: int = 0, j: int = 0, k: int = 0) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    h = _mix((seed + _PHI * (purpose + 1)) & _MASK)
    for value in (i, j, k):
        h = _mix(h ^ ((value * _PHI + _STEP) & _MASK))
    return (h >> 11) / 2.0**53


def between(
    low: float, high: float, seed: int, purpose: Purpose, i: int = 0, j: int = 0, k: int = 0
) -> float:
    """Uniform in [low, high)."""
    return low + (high - low) * uniform(seed, purpose, i, j, k)


def normal(seed: int, purpose: Purpose, i: int = 0, j: int = 0, k: int = 0) -> float:
    """A standard normal (Box-Muller on the counters 2k and 2k+1)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(seed, purpose, i, j, 2 * k)))
    return radius * math.cos(2.0 * math.pi * uniform(seed, purpose, i, j, 2 * k + 1))


def smooth(seed: int, purpose: Purpose, x: float, y: float) -> float:
    """A normal at every whole (x, y), bilinear between them: continuous, sd at most 1."""
    i, j = math.floor(x), math.floor(y)
    u, v = x - i, y - j
    corners = [normal(seed, purpose, i + a, j + b) for b in (0, 1) for a in (0, 1)]
    low = corners[0] * (1.0 - u) + corners[1] * u
    high = corners[2] * (1.0 - u) + corners[3] * u
    return low * (1.0 - v) + high * v
