"""How long the column takes: lognormal medians fitted to published screening and collection rates.

All medians (s) and spreads are assumed, chosen so that whole sessions reproduce the rates.
Drawn by (seed, operation, how often it was done before), so a night has one timetable.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from enum import StrEnum

from smartscope.microscope.simulator.chance import Purpose, normal
from smartscope.microscope.simulator.stage_motion import SHORT_MOVE


class Operation(StrEnum):
    """Everything that takes the column's time."""

    LOAD = "load"
    UNLOAD = "unload"
    INVENTORY = "inventory"
    VACUUM_RECOVERY = "vacuum_recovery"
    VALVES = "valves"
    STAGE_RESET = "stage_reset"
    ATLAS_OPTICS = "atlas_optics"
    MODE_SWITCH = "mode_switch"
    STAGE_MOVE = "stage_move"
    SETTLE = "settle"
    TILT = "tilt"
    TILE_MOVE = "tile_move"
    TILE_SETTLE = "tile_settle"
    TILE_EXPOSE = "tile_expose"
    TILE_READOUT = "tile_readout"
    TILE_SAVE = "tile_save"
    SQUARE_IMAGE = "square_image"
    VIEW = "view"
    ALIGN = "align"
    REALIGN = "realign"
    HEIGHT_IMAGE = "height_image"
    HEIGHT_SET = "height_set"
    FOCUS_IMAGE = "focus_image"
    FOCUS_SET = "focus_set"
    DRIFT_CHECK = "drift_check"
    SHIFT = "shift"
    SHIFT_SETTLE = "shift_settle"
    READOUT = "readout"
    SAVE = "save"
    ZERO_LOSS = "zero_loss"
    GUN_FLASH = "gun_flash"
    DARK_REFERENCE = "dark_reference"
    TUNING = "tuning"
    APERTURE = "aperture"
    REFILL = "refill"


@dataclass(frozen=True, slots=True)
class Duration:
    """Median in seconds and the standard deviation of its logarithm."""

    median_s: float
    spread: float


Op, D = Operation, Duration
DURATIONS = {
    Op.LOAD: D(324.0, 0.10),
    Op.UNLOAD: D(150.0, 0.10),
    Op.INVENTORY: D(2.0, 0.10),
    Op.VACUUM_RECOVERY: D(10.0, 0.10),
    Op.VALVES: D(15.0, 0.10),
    Op.STAGE_RESET: D(6.0, 0.20),
    Op.ATLAS_OPTICS: D(25.0, 0.20),
    Op.MODE_SWITCH: D(2.5, 0.25),
    # between neighbouring holes; `stage_motion` says what a longer one takes
    Op.STAGE_MOVE: D(SHORT_MOVE[1], 0.25),
    Op.SETTLE: D(3.0, 0.30),
    Op.TILT: D(3.2, 0.20),
    Op.TILE_MOVE: D(3.4, 0.15),
    Op.TILE_SETTLE: D(1.0, 0.10),
    Op.TILE_EXPOSE: D(1.0, 0.0),
    Op.TILE_READOUT: D(1.6, 0.20),
    Op.TILE_SAVE: D(0.9, 0.20),
    Op.SQUARE_IMAGE: D(5.0, 0.20),
    Op.VIEW: D(4.0, 0.20),
    Op.ALIGN: D(1.2, 0.30),
    Op.REALIGN: D(9.0, 0.25),
    Op.HEIGHT_IMAGE: D(2.6, 0.15),
    Op.HEIGHT_SET: D(2.5, 0.20),
    Op.FOCUS_IMAGE: D(1.9, 0.15),
    Op.FOCUS_SET: D(0.7, 0.20),
    Op.DRIFT_CHECK: D(3.0, 0.20),
    Op.SHIFT: D(0.35, 0.20),
    Op.SHIFT_SETTLE: D(1.0, 0.10),
    Op.READOUT: D(2.5, 0.25),
    Op.SAVE: D(3.0, 0.35),
    Op.ZERO_LOSS: D(60.0, 0.20),
    Op.GUN_FLASH: D(120.0, 0.20),
    Op.DARK_REFERENCE: D(60.0, 0.20),
    Op.TUNING: D(75.0, 0.20),
    Op.APERTURE: D(5.0, 0.20),
    Op.REFILL: D(480.0, 0.20),
}
# By name, so that a new operation does not change the timetable of the old ones.
_CHANNEL = {operation: zlib.crc32(operation.encode()) for operation in Operation}


def duration_s(
    seed: int, operation: Operation, count: int, *, median_s: float | None = None
) -> float:
    """How long the `count`-th (from 0) such operation takes; `median_s` replaces the usual one."""
    entry = DURATIONS[operation]
    draw = normal(seed, Purpose.DURATION, _CHANNEL[operation], count)
    return (entry.median_s if median_s is None else median_s) * math.exp(entry.spread * draw)
