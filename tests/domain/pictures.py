"""What the planner is shown of rows in memory."""

from __future__ import annotations

from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    GroupPicture,
    HolePicture,
    SquarePicture,
)
from tests.domain.rows import GridRow, GroupRow, SquareRow


def grid_picture(grid: GridRow) -> GridPicture:
    return GridPicture(
        id=grid.id,
        position=grid.position,
        name=f"grid {grid.position}",
        status=grid.status,
        protocol=CollectionProtocol(),
        atlas_taken=grid.atlas,
        atlas_lost=grid.atlas_lost,
        atlas_finding=Finding(grid.seen),
        squares=tuple(_square(square) for square in grid.squares),
    )


def _square(square: SquareRow) -> SquarePicture:
    return SquarePicture(
        id=square.id,
        number=square.number,
        status=square.status,
        stage=square.at,
        stage_z_um=None,
        queue_position=square.number,
        by_person=False,
        views_lost=square.views_lost,
        finding=Finding(square.seen),
        groups=tuple(_group(group) for group in square.groups),
    )


def _group(group: GroupRow) -> GroupPicture:
    return GroupPicture(
        id=group.id,
        number=group.number,
        status=group.status,
        centre=group.holes[0].at,
        order=group.number,
        queue_position=group.number,
        by_person=group.by_person,
        holes=tuple(
            HolePicture(hole.id, hole.number, hole.status, hole.at) for hole in group.holes
        ),
    )
