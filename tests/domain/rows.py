"""Rows of a session in memory, with the ladders of the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid5

from smartscope.domain.geometry import Point
from smartscope.domain.snapshot import Seen
from smartscope.domain.status import (
    GRID_MOVES,
    GROUP_MOVES,
    HOLE_MOVES,
    SQUARE_MOVES,
    GridStatus,
    TargetStatus,
    moved,
)

T, G = TargetStatus, GridStatus
NAMESPACE = UUID(int=7)


def row_id(*parts: object) -> UUID:
    return uuid5(NAMESPACE, "/".join(map(str, parts)))


@dataclass
class HoleRow:
    id: UUID
    number: int
    at: Point
    status: TargetStatus = T.QUEUED

    def move(self, to: TargetStatus) -> None:
        self.status = moved(HOLE_MOVES, self.status, to, f"hole {self.number}")


@dataclass
class GroupRow:
    id: UUID
    number: int
    holes: list[HoleRow]
    status: TargetStatus = T.QUEUED
    by_person: bool = False

    def move(self, to: TargetStatus) -> None:
        self.status = moved(GROUP_MOVES, self.status, to, f"group {self.number}")


@dataclass
class SquareRow:
    id: UUID
    number: int
    at: Point
    plan: list[GroupRow]
    status: TargetStatus = T.QUEUED
    groups: list[GroupRow] = field(default_factory=list)
    seen: Seen = Seen.NOTHING
    views_lost: int = 0

    def move(self, to: TargetStatus) -> None:
        self.status = moved(SQUARE_MOVES, self.status, to, f"square {self.number}")


@dataclass
class GridRow:
    id: UUID
    position: int
    plan: list[SquareRow]
    status: GridStatus = G.WAITING
    squares: list[SquareRow] = field(default_factory=list)
    atlas: bool = False
    atlas_lost: int = 0
    seen: Seen = Seen.NOTHING

    def move(self, to: GridStatus) -> None:
        self.status = moved(GRID_MOVES, self.status, to, f"grid {self.position}")


def cassette(grids: int, squares: int, groups: int, members: int) -> list[GridRow]:
    """Grids with squares, groups and holes, all queued, as the finders will report them."""
    return [
        GridRow(
            row_id(g),
            g + 1,
            [
                SquareRow(
                    row_id(g, s),
                    s + 1,
                    Point(100.0 * s, 0.0),
                    [
                        GroupRow(
                            row_id(g, s, k),
                            k + 1,
                            [
                                HoleRow(
                                    row_id(g, s, k, m), 10 * k + m, Point(100.0 * s + m, 3.0 * k)
                                )
                                for m in range(members)
                            ],
                        )
                        for k in range(groups)
                    ],
                )
                for s in range(squares)
            ],
        )
        for g in range(grids)
    ]


def deliver_finding(grids: list[GridRow]) -> bool:
    """What the finders do: one pending finding becomes known; False when there was none."""
    for grid in grids:
        if grid.seen is Seen.PENDING:
            grid.seen, grid.squares = Seen.READY, grid.plan
            if grid.status is G.ATLAS:
                grid.move(G.WORKING)
            return True
        for square in grid.squares:
            if square.seen is Seen.PENDING:
                square.seen, square.groups = Seen.READY, square.plan
                if square.status is T.IMAGED:
                    square.move(T.ANALYSED)
                return True
    return False
