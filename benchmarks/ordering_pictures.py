"""What the planner is shown of a simulated specimen: its squares and their groups."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

import numpy as np

from benchmarks.column_time import Night
from smartscope.analysis.grouping.plan import group_holes
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    GroupPicture,
    HolePicture,
    Seen,
    SquarePicture,
)
from smartscope.domain.status import GridStatus, TargetStatus
from smartscope.microscope.simulator.specimen.values import Box

NAMES = UUID(int=11)
DRIFT_LIMIT = 2.0
RADIUS_UM = 4.0


def specimen_picture(one: Night, squares_wanted: int, groups_wanted: int | None) -> GridPicture:
    """Good squares of the specimen with their holes grouped, numbered as the finders number."""
    centres = sorted(one.squares(squares_wanted), key=lambda point: (point.y_um, point.x_um))
    squares = tuple(
        _square(one, number, centre, groups_wanted)
        for number, centre in enumerate(centres, start=1)
    )
    return _grid(squares)


def _grid(squares: tuple[SquarePicture, ...]) -> GridPicture:
    protocol = CollectionProtocol(
        drift_limit_angstrom_per_s=DRIFT_LIMIT, image_shift_radius_um=RADIUS_UM
    )
    return GridPicture(
        id=uuid5(NAMES, "grid"),
        position=1,
        name="grid",
        status=GridStatus.WORKING,
        protocol=protocol,
        atlas_taken=True,
        atlas_lost=0,
        atlas_finding=Finding(Seen.READY),
        squares=squares,
    )


def _square(one: Night, number: int, centre: Point, wanted: int | None) -> SquarePicture:
    holes = one.scope.specimen().holes(Box.around(centre.x_um, centre.y_um, 24.0))
    places = np.array([(hole.stage_x_um, hole.stage_y_um) for hole in holes])
    places = places[np.lexsort((places[:, 0], places[:, 1]))]
    groups = group_holes(places, radius_um=RADIUS_UM).groups
    kept = groups if wanted is None else groups[:: max(1, len(groups) // wanted)][:wanted]
    return SquarePicture(
        id=uuid5(NAMES, f"square {number}"),
        number=number,
        status=TargetStatus.QUEUED,
        stage=centre,
        stage_z_um=None,
        queue_position=number,
        by_person=False,
        views_lost=0,
        finding=Finding(),
        groups=tuple(
            _group(f"{number}/{index}", index, places, group.centre, group.members)
            for index, group in enumerate(kept, start=1)
        ),
    )


def _group(
    name: str, number: int, places: np.ndarray, centre: int, members: Sequence[int]
) -> GroupPicture:
    at = Point(*map(float, places[centre]))
    holes = tuple(
        HolePicture(uuid5(NAMES, f"{name}/{member}"), member, TargetStatus.QUEUED, at)
        for member in members
    )
    return GroupPicture(
        id=uuid5(NAMES, name),
        number=number,
        status=TargetStatus.QUEUED,
        centre=at,
        order=number,
        queue_position=number,
        by_person=False,
        holes=holes,
    )


def crowded_picture(squares: int, groups: int, random: np.random.Generator) -> GridPicture:
    """A grid whose squares all wait to be exposed."""
    found = []
    for number in range(squares):
        centre = Point(83.0 * (number % 10), 83.0 * (number // 10))
        places = random.uniform(-28.0, 28.0, (groups, 2)) + np.array([centre.x_um, centre.y_um])
        found.append(
            SquarePicture(
                id=uuid5(NAMES, f"many {number}"),
                number=number,
                status=TargetStatus.ANALYSED,
                stage=centre,
                stage_z_um=None,
                queue_position=number,
                by_person=False,
                views_lost=0,
                finding=Finding(Seen.READY),
                groups=tuple(_group(f"{number}/{n}", n, places, n, (n,)) for n in range(groups)),
            )
        )
    return _grid(tuple(found))
