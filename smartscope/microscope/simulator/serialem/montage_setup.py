"""A montage that is set up but not yet taken: which pieces, around where; and where each goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.serialem.orientation import Matrix, times

Wanted = Callable[["Piece"], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece; columns count along the image's x, rows up the image. `corners` in stage µm."""

    column: int
    row: int
    centre: Point
    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MontageSetup:
    """Pieces in order of acquisition; a step is one piece less its overlap, in pixels."""

    columns: int
    rows: int
    step_px: tuple[int, int]
    centre: Point
    pieces: tuple[Piece, ...]
    camera_set: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One image of the montage: its size in pixels, and camera pixels (Y up) to stage µm."""

    width: int
    height: int
    to_stage: Matrix

    def step(self, overlap: float) -> tuple[int, int]:
        """How far neighbours lie apart, in pixels."""
        return round(self.width * (1.0 - overlap)), round(self.height * (1.0 - overlap))

    def count(self, extent_px: tuple[float, float], overlap: float) -> tuple[int, int]:
        """How many columns and rows cover an extent given in this field's pixels."""
        steps = self.step(overlap)
        sides = (self.width, self.height)
        columns, rows = (
            max(1, math.ceil((extent - side) / step) + 1)
            for extent, side, step in zip(extent_px, sides, steps, strict=True)
        )
        return columns, rows


def lay_out(
    field: Field,
    *,
    columns: int,
    rows: int,
    overlap: float,
    centre: Point,
    camera_set: int,
    wanted: Wanted = lambda piece: True,
) -> MontageSetup:
    """Pieces about a centre, up and down the columns; those that are not `wanted` are left out."""
    step_x, step_y = field.step(overlap)
    pieces = []
    for column in range(columns):
        for row in range(rows) if column % 2 == 0 else reversed(range(rows)):
            x_px = (column - (columns - 1) / 2) * step_x
            y_px = (row - (rows - 1) / 2) * step_y
            piece = _piece(field, column, row, x_px, y_px, centre)
            if wanted(piece):
                pieces.append(piece)
    return MontageSetup(
        columns=columns,
        rows=rows,
        step_px=(step_x, step_y),
        centre=centre,
        pieces=tuple(pieces),
        camera_set=camera_set,
    )


def _piece(field: Field, column: int, row: int, x_px: float, y_px: float, centre: Point) -> Piece:
    def at(x: float, y: float) -> Point:
        dx_um, dy_um = times(field.to_stage, x, y)
        return Point(centre.x_um + dx_um, centre.y_um + dy_um)

    half_w, half_h = field.width / 2, field.height / 2
    around = ((-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h))
    return Piece(
        column=column,
        row=row,
        centre=at(x_px, y_px),
        corners=tuple(at(x_px + dx, y_px + dy) for dx, dy in around),
    )


def touches_circle(radius_um: float) -> Wanted:
    """Whether a piece has anything within a circle about the stage's origin."""

    def wanted(piece: Piece) -> bool:
        nearest_x = _nearest([corner.x_um for corner in piece.corners])
        nearest_y = _nearest([corner.y_um for corner in piece.corners])
        return math.hypot(nearest_x, nearest_y) < radius_um

    return wanted


def _nearest(values: Sequence[float]) -> float:
    low, high = min(values), max(values)
    return 0.0 if low <= 0.0 <= high else min(abs(low), abs(high))


def touches_polygon(outline: Sequence[Point]) -> Wanted:
    """Whether a piece and a polygon overlap, looked at in a few places of both."""

    def wanted(piece: Piece) -> bool:
        looked_at = [piece.centre, *piece.corners]
        looked_at += [_between(piece.centre, corner) for corner in piece.corners]
        return any(inside(each, outline) for each in looked_at) or any(
            inside(vertex, piece.corners) for vertex in outline
        )

    return wanted


def _between(one: Point, other: Point) -> Point:
    return Point((one.x_um + other.x_um) / 2, (one.y_um + other.y_um) / 2)


def inside(point: Point, outline: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon (even-odd rule)."""
    within = False
    for one, other in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (one.y_um > point.y_um) == (other.y_um > point.y_um):
            continue
        share = (point.y_um - one.y_um) / (other.y_um - one.y_um)
        if point.x_um < one.x_um + share * (other.x_um - one.x_um):
            within = not within
    return within
