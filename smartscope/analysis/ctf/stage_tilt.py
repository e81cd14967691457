"""What the stage tells of a specimen's tilt, as one more measurement beside the rings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from smartscope.analysis.base import FloatArray
from smartscope.domain.geometry import Affine

#: how far a specimen leans from what its stage says: a film is not as flat as its grid (assumed)
LEAN_ERROR_DEG: Final = 1.0
#: a stage within this of level is taken as level: defocus then differs by less than 50 Å
LEVEL_WITHIN_DEG: Final = 2.0
#: how well the direction of the tilt axis in the picture is known (assumed)
AXIS_ERROR_DEG: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTilt:
    """The slope of defocus that the stage tells, Å per Å, x right, y down, and its standard errors
    along the slope and across it.

    On which side of the axis a positive tilt deepens the focus differs from stage to stage, and is
    not taken as known: the opposite slope is as likely.
    """

    slope_x: float
    slope_y: float
    error_along: float
    error_across: float

    @classmethod
    def of_stage(
        cls, tilt_deg: float, axis_deg: float, *, error_deg: float = LEAN_ERROR_DEG
    ) -> Self:
        """`axis_deg` is the tilt axis's direction in the picture, from x towards y (down)."""
        steep, across = math.tan(math.radians(tilt_deg)), math.radians(axis_deg - 90.0)
        lean = math.radians(error_deg)
        return cls(
            slope_x=steep * math.cos(across),
            slope_y=steep * math.sin(across),
            error_along=lean * (1.0 + steep**2),
            error_across=math.hypot(lean, steep * math.radians(AXIS_ERROR_DEG)),
        )

    @property
    def slopes(self) -> Sequence[tuple[float, float]]:
        """Both that the stage allows."""
        return ((self.slope_x, self.slope_y), (-self.slope_x, -self.slope_y))

    def penalty(self, slope: FloatArray) -> float:
        """χ² of a `slope` (2,)."""
        steep = math.hypot(self.slope_x, self.slope_y)
        along = np.array([self.slope_x, self.slope_y]) / steep if steep > 0.0 else np.array([1, 0])
        parallel = abs(float(slope @ along)) - steep
        sideways = float(slope[1] * along[0] - slope[0] * along[1])
        return (parallel / self.error_along) ** 2 + (sideways / self.error_across) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTilt:
    """How far a stage says it is tilted, degrees, and the direction of its axis in the picture,
    from x towards y (down); None where nobody can tell how the picture lies on the stage.
    """

    tilt_deg: float
    axis_deg: float | None

    @property
    def known(self) -> KnownTilt | None:
        """The slope it stands for."""
        if self.axis_deg is None:
            return None
        return KnownTilt.of_stage(self.tilt_deg, self.axis_deg)


def tilt_axis_deg(to_stage: Affine) -> float:
    """Direction of the stage's x axis, about which it tilts, in a picture with this map, 0 to 180°
    from x towards y (down).
    """
    return math.degrees(math.atan2(-to_stage.c, to_stage.d)) % 180.0
