"""Points on the stage and the map from image pixels to them; microns and pixels never mix."""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.domain.errors import SmartscopeError


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A position on the specimen in stage coordinates (µm)."""

    x_um: float
    y_um: float

    def distance_um(self, other: Point) -> float:
        """Euclidean distance to `other` in µm."""
        return math.hypot(self.x_um - other.x_um, self.y_um - other.y_um)


@dataclass(frozen=True, slots=True)
class Affine:
    """Pixel to stage: x_um = a·x_px + b·y_px + tx, y_um = c·x_px + d·y_px + ty.

    The pixel origin is the centre of the first pixel, x to the right, y down.
    """

    a: float
    b: float
    tx: float
    c: float
    d: float
    ty: float

    @classmethod
    def scaled(cls, pixel_size_um: float, centre: Point, width_px: int, height_px: int) -> Affine:
        """An unrotated image of `width_px` x `height_px` centred on `centre`."""
        return cls(
            pixel_size_um,
            0.0,
            centre.x_um - pixel_size_um * (width_px - 1) / 2,
            0.0,
            pixel_size_um,
            centre.y_um - pixel_size_um * (height_px - 1) / 2,
        )

    def apply(self, x_px: float, y_px: float) -> Point:
        """The stage position of a pixel."""
        return Point(
            self.a * x_px + self.b * y_px + self.tx, self.c * x_px + self.d * y_px + self.ty
        )

    def to_pixel(self, point: Point) -> tuple[float, float]:
        """The pixel (x, y) that shows `point`; raises when the map cannot be inverted."""
        determinant = self.a * self.d - self.b * self.c
        if determinant == 0.0:
            raise SmartscopeError(
                "The image's pixel-to-stage map is singular: it shows a line, not an area. "
                "Recalibrate the magnification's stage matrix."
            )
        dx, dy = point.x_um - self.tx, point.y_um - self.ty
        return (
            (self.d * dx - self.b * dy) / determinant,
            (self.a * dy - self.c * dx) / determinant,
        )

    def pixel_size_um(self) -> float:
        """The mean side of a pixel on the specimen (square root of its area), µm."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))

    def as_list(self) -> list[float]:
        """[a, b, tx, c, d, ty], for rows and files."""
        return [self.a, self.b, self.tx, self.c, self.d, self.ty]
