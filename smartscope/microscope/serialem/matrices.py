"""SerialEM's matrices: (xx, xy, yx, yy) means X = xx·x + xy·y and Y = yx·x + yy·y."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.errors import ProtocolError
from smartscope.microscope.serialem.link import Operation

Matrix = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An image's sides, and how many camera pixels make one of its own."""

    width_px: int
    height_px: int
    binning: float


def read_matrix(op: Operation, command: str) -> Matrix:
    """A 2 x 2 matrix for the present magnification. Raises ProtocolError when it is singular."""
    reply = op.read(command, 0)
    xx, xy, yx, yy = reply.numbers(4)
    if abs(xx * yy - xy * yx) < 1e-12:
        raise ProtocolError(
            f"{command} is singular at the present magnification; calibrate it in SerialEM."
        )
    return xx, xy, yx, yy


def product(after: Matrix, before: Matrix) -> Matrix:
    """The matrix that applies `before` and then `after`."""
    a, b, c, d = after
    e, f, g, h = before
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def transform(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A matrix applied to a vector."""
    xx, xy, yx, yy = matrix
    return xx * x + xy * y, yx * x + yy * y


def inverse(matrix: Matrix) -> Matrix:
    """The matrix that undoes one that is not singular."""
    a, b, c, d = matrix
    determinant = a * d - b * c
    return d / determinant, -b / determinant, -c / determinant, a / determinant


def image_to_stage(op: Operation, buffer: str) -> Affine:
    """The map of a buffer's pixels to true stage positions (read), by SerialEM itself (4.1 on).

    SerialEM counts pixels from their edges, Y down from the top; ours count from their centres.
    """
    xx, xy, yx, yy, dx, dy = op.read("BufImageToStageMatrix", buffer, 1).numbers(6)
    if xx * yy - xy * yx == 0.0:
        raise ProtocolError(
            "SerialEM's map from image to stage is singular; calibrate the stage at this "
            "magnification."
        )
    return Affine(
        a=xx,
        b=xy,
        tx=dx + 0.5 * (xx + xy),
        c=yx,
        d=yy,
        ty=dy + 0.5 * (yx + yy),
    )


def camera_to_stage(op: Operation, *, centre: Point, tilt_deg: float, size: Size) -> Affine:
    """The same map from the calibrations of camera and stage, for the image just taken (read).

    For 4.0, which has no command for it. Camera coordinates have Y up; a tilted specimen is
    foreshortened across the tilt axis, the stage's x.
    """
    camera = read_matrix(op, "CameraToSpecimenMatrix")
    stage = inverse(read_matrix(op, "StageToSpecimenMatrix"))
    xx, xy, yx, yy = (size.binning * value for value in product(stage, camera))
    along = 1.0 / math.cos(math.radians(tilt_deg))
    turn = Affine(xx, -xy, 0.0, along * yx, -along * yy, 0.0)
    return centred(turn, centre, (size.width_px, size.height_px))


def centred(turn: Affine, centre: Point, size_px: tuple[int, int]) -> Affine:
    """The map with the linear part of `turn` that puts an image's (width, height) middle there."""
    x, y = (size_px[0] - 1) / 2, (size_px[1] - 1) / 2
    left_um, top_um = turn.a * x + turn.b * y, turn.c * x + turn.d * y
    return replace(turn, tx=centre.x_um - left_um, ty=centre.y_um - top_um)
