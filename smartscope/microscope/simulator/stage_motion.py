"""How long a move of the stage takes and how much it makes the specimen drift, by its length.

The two functions and their constants are all the simulator knows of it; whoever plans by travel
time may call them. Known are two medians of the rates fitted to published screening and
collection (3.0 s between holes, 5.5 s between squares); that they belong to 9 and 300 µm, that
time grows evenly between them, and how drift grows with a move are assumed until a facility's log
says better.
"""

from __future__ import annotations

import math

#: (distance µm, median s): what is known of moves
SHORT_MOVE = (9.0, 3.0)
LONG_MOVE = (300.0, 5.5)
#: µm/s, from the two; 116
STAGE_SPEED_UM_PER_S = (LONG_MOVE[0] - SHORT_MOVE[0]) / (LONG_MOVE[1] - SHORT_MOVE[1])
#: s that even the shortest move takes: commands, acceleration, backlash; 2.9
MOVE_OVERHEAD_S = SHORT_MOVE[1] - SHORT_MOVE[0] / STAGE_SPEED_UM_PER_S

#: Å/s right after a move between neighbouring holes (median), and the least and most it can be
DRIFT_AFTER_SHORT_MOVE = 12.0
DRIFT_RANGE = (3.0, 30.0)
#: 12 Å/s at 9 µm grows to 30 Å/s at 300 µm
DRIFT_EXPONENT = 0.26
#: s in which the drift a move leaves falls to 1/e
DRIFT_DECAY_S = 14.0


def move_median_s(distance_um: float) -> float:
    """Median duration (s) of a move, without settling: overhead and an even speed (assumed)."""
    return MOVE_OVERHEAD_S + distance_um / STAGE_SPEED_UM_PER_S


def drift_start_angstrom_per_s(distance_um: float) -> float:
    """Median drift (Å/s) right after a move of this length (assumed); it decays from there."""
    grown = math.pow(max(distance_um, 0.0) / SHORT_MOVE[0], DRIFT_EXPONENT)
    low, high = DRIFT_RANGE
    return min(max(DRIFT_AFTER_SHORT_MOVE * grown, low), high)


def drift_carried_angstrom_per_s(
    before_angstrom_per_s: float, since_s: float, distance_um: float
) -> float:
    """Median drift right after a move that follows another by `since_s`.

    A short move does not calm a stage that is still settling from a long one.
    """
    left = before_angstrom_per_s * math.exp(-max(since_s, 0.0) / DRIFT_DECAY_S)
    return max(left, drift_start_angstrom_per_s(distance_um))
