"""Between the specimen of a tilted stage and its image: how far to shift, what height is gained.

The tilt axis lies along x. A place v µm across it, measured on the specimen, is seen v·cos α from
the axis, which is how far the beam must be shifted, and stands v·sin α higher or lower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.microscope.values import ImageShift


@dataclass(frozen=True, slots=True)
class SpecimenOffset:
    """From one place of the specimen to another, µm on the specimen: along the tilt axis (u) and
    across it (v). Never the same as an image shift, unless nothing is tilted.
    """

    u_um: float
    v_um: float

    @classmethod
    def between(cls, start: Point, end: Point) -> SpecimenOffset:
        """From `start` to `end`, both stage positions."""
        return cls(end.x_um - start.x_um, end.y_um - start.y_um)

    @classmethod
    def seen_by(cls, shift: ImageShift, tilt_deg: float) -> SpecimenOffset:
        """Where on the specimen a shift points, from where none does."""
        return cls(shift.x_um, shift.y_um / math.cos(math.radians(tilt_deg)))

    def image_shift(self, tilt_deg: float) -> ImageShift:
        """The shift that brings the place to the middle of the image."""
        return ImageShift(self.u_um, self.v_um * math.cos(math.radians(tilt_deg)))

    def height_um(self, tilt_deg: float, *, tilt_sign: int = 1) -> float:
        """How much higher the place stands; `tilt_sign` as in `Identity`."""
        return tilt_sign * self.v_um * math.sin(math.radians(tilt_deg))

    def from_point(self, start: Point) -> Point:
        """The place that lies so from `start`."""
        return Point(start.x_um + self.u_um, start.y_um + self.v_um)
