"""Camera, specimen, stage and image shift: who is turned how against whom.

A matrix (xx, xy, yx, yy) means X = xx·x + xy·y, Y = yx·x + yy·y, as in SerialEM. Image
coordinates have Y down, camera coordinates Y up; the specimen's X lies along the tilt axis, which
is the stage's x, and its Y against the stage's y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.values import Area

Matrix = NDArray[np.float64]
Pixels = NDArray[np.generic]

SPECIMEN_TO_STAGE: Matrix = np.array([[1.0, 0.0], [0.0, -1.0]])
IMAGE_TO_CAMERA: Matrix = np.array([[1.0, 0.0], [0.0, -1.0]])
#: Image shift has units and axes of its own: turned (degrees) and scaled (units per µm).
_SHIFT_TURN_DEG = {True: 31.0, False: -52.0}
_SHIFT_UNITS_PER_UM = {True: 0.74, False: 1.31}
#: turned images: of an op, quarter turns against the clock after an optional mirror left-right
OPERATIONS = tuple((mirrored, turns) for mirrored in (False, True) for turns in range(4))


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the camera's rows lie against the stage: one of the eight ways; 0 is as rendered.

    Operations 1 to 3 turn the image by so many quarter turns against the clock; 4 to 7 mirror it
    left to right first.
    """

    operation: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.operation < len(OPERATIONS):
            raise BadInstrumentSettings(
                f"orientation is {self.operation}; give 0 to 7 (quarter turns, from 4 mirrored)."
            )

    @property
    def swaps_sides(self) -> bool:
        """Whether a delivered image is as wide as the rendered one is high."""
        return OPERATIONS[self.operation][1] % 2 == 1

    def turned(self, pixels: Pixels) -> Pixels:
        """An image as this camera would deliver it."""
        mirrored, turns = OPERATIONS[self.operation]
        return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, turns))

    def back(self) -> Matrix:
        """From directions in a delivered image (Y down) to those in the rendered one."""
        mirrored, turns = OPERATIONS[self.operation]
        quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
        turn = np.linalg.matrix_power(quarter, turns)
        mirror = np.diag([-1.0 if mirrored else 1.0, 1.0])
        matrix: Matrix = mirror @ turn
        return matrix

    def affine(self, rendered: Affine, shape: tuple[int, int]) -> Affine:
        """The pixel-to-stage map of a delivered image, from the rendered (height, width) one's."""
        matrix = linear(rendered) @ self.back()
        height, width = shape
        middle = rendered.apply((width - 1) / 2, (height - 1) / 2)
        new_width, new_height = (height, width) if self.swaps_sides else (width, height)
        offset = matrix @ np.array([(new_width - 1) / 2, (new_height - 1) / 2])
        return Affine(
            float(matrix[0, 0]),
            float(matrix[0, 1]),
            middle.x_um - float(offset[0]),
            float(matrix[1, 0]),
            float(matrix[1, 1]),
            middle.y_um - float(offset[1]),
        )

    def camera_to_stage(self, pixel_um: float) -> Matrix:
        """Camera pixels (Y up) to stage µm."""
        matrix: Matrix = pixel_um * self.back() @ IMAGE_TO_CAMERA
        return matrix

    def camera_to_specimen(self, pixel_um: float) -> Matrix:
        """Camera pixels (Y up) to specimen µm."""
        return inverse(SPECIMEN_TO_STAGE) @ self.camera_to_stage(pixel_um)


def linear(affine: Affine) -> Matrix:
    """The part of a map that turns and scales."""
    return np.array([[affine.a, affine.b], [affine.c, affine.d]])


def specimen_to_shift(area: Area) -> Matrix:
    """Specimen µm to image-shift units at the magnification of an area."""
    low = area is Area.ATLAS
    turn, units = math.radians(_SHIFT_TURN_DEG[low]), _SHIFT_UNITS_PER_UM[low]
    cos, sin = math.cos(turn), math.sin(turn)
    matrix: Matrix = units * np.array([[cos, -sin], [sin, cos]])
    return matrix


def shift_to_stage(area: Area) -> Matrix:
    """Image-shift units to the stage µm that they are worth."""
    matrix: Matrix = SPECIMEN_TO_STAGE @ inverse(specimen_to_shift(area))
    return matrix


def inverse(matrix: Matrix) -> Matrix:
    """The opposite map."""
    result: Matrix = np.linalg.inv(matrix).astype(np.float64)
    return result


def times(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A vector mapped."""
    mapped = matrix @ np.array([x, y])
    return float(mapped[0]), float(mapped[1])


def four(matrix: Matrix) -> tuple[float, ...]:
    """As SerialEM reports a matrix: xx, xy, yx, yy."""
    return tuple(float(value) for value in matrix.ravel())
