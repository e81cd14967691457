"""A montage that is set up but not yet taken: which pieces, around where, into which file."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.domain.geometry import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class MontageSetup:
    """`pieces` are (column, row, place), in the order of acquisition; rows count up the image."""

    columns: int
    rows: int
    overlap: float
    pieces: tuple[tuple[int, int, Point], ...]
    camera_set: int
