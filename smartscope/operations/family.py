"""The targets of an edit with all that must follow them: their grids, squares, groups, members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from smartscope.models import Grid, Group, Hole, Square
from smartscope.operations.target_rows import locked


@dataclass(frozen=True, slots=True)
class Family:
    """Locked rows by id; `holes` holds every member of `groups` too."""

    grids: dict[UUID, Grid]
    squares: dict[UUID, Square]
    groups: dict[UUID, Group]
    holes: dict[UUID, Hole]

    def members(self) -> dict[UUID, list[Hole]]:
        """The holes of each group, as they are assigned now."""
        found: dict[UUID, list[Hole]] = {pk: [] for pk in self.groups}
        for hole in self.holes.values():
            if hole.group_id in found:
                found[hole.group_id].append(hole)
        return found


def lock_family(
    *,
    grids: Iterable[UUID] = (),
    squares: Iterable[UUID] = (),
    groups: Iterable[UUID] = (),
    holes: Iterable[UUID] = (),
) -> Family:
    """Lock these rows and what is above and beside them, in the one order of all edits.

    Beside a hole or a group is everything in its square that belongs to a plan, or may: its groups
    can be solved again.
    """
    hole_ids = set(holes)
    group_ids = set(groups) | _ids(Hole.objects.filter(pk__in=hole_ids), "group")
    planned = _ids(Hole.objects.filter(pk__in=hole_ids), "square") | _ids(
        Group.objects.filter(pk__in=group_ids), "square"
    )
    square_ids = set(squares) | planned
    grid_ids = set(grids) | _ids(Square.objects.filter(pk__in=square_ids), "grid")
    locked_grids = locked(Grid.objects.all(), grid_ids)
    locked_squares = locked(Square.objects.all(), square_ids)
    locked_groups = locked(
        Group.objects.all(), _ids(Group.objects.filter(square__in=planned), "pk")
    )
    hole_ids |= _ids(Hole.objects.filter(square__in=planned), "pk")
    return Family(locked_grids, locked_squares, locked_groups, locked(Hole.objects.all(), hole_ids))


def _ids(rows: QuerySet[Any], column: str) -> set[UUID]:
    return set(rows.exclude(**{column: None}).values_list(column, flat=True))
