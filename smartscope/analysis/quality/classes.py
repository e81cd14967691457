"""The eight classes of an exposure, and the answer of somebody who has not seen its like."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ExposureClass(StrEnum):
    """What an exposure shows; the values are what rows and the API hold."""

    GOOD = "good"
    THICK = "thick"
    NO_ICE = "no_ice"
    NO_PARTICLES = "no_particles"
    CRYSTALLINE = "crystalline"
    CONTAMINATED = "contaminated"
    FOIL = "foil"
    BLURRED = "blurred"
    UNKNOWN = "unknown"


#: in the order of probabilities; `unknown` is said in place of them, not beside them
CLASSES: Final = tuple(each for each in ExposureClass if each is not ExposureClass.UNKNOWN)
