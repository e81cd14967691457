"""Routines by which an instrument finds place or focus: they send beam and leave no file."""

from __future__ import annotations

from enum import StrEnum


class Routine(StrEnum):
    """What the beam was sent for."""

    HEIGHT = "height"
    REALIGN = "realign"
    RECENTRE = "recentre"
    FOCUS = "focus"
    DRIFT = "drift"
    TUNING = "tuning"
    ZERO_LOSS = "zero_loss"
    BEAM_CHECK = "beam_check"
