"""Choose the holes of a square that are exposed, and put them into groups for image shift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from smartscope.analysis import pipeline
from smartscope.domain.status import HOLE_MOVES, TargetStatus, moved
from smartscope.models import Grid, Group, Hole, Square
from smartscope.operations.choose_groups import (
    NEEDS_REVIEW,
    NOT_CHOSEN,
    PlannedGroup,
    choose_groups,
    possible_groups,
)
from smartscope.operations.group_rows import place_words
from smartscope.operations.update_rows import update_rows

T = TargetStatus


def plan_groups(
    grid: Grid, square: Square, holes: list[Hole], visible_from_s: float, *, doubted: bool
) -> int:
    """Cluster the ice, reject the darkest, group what is left and queue the choice; how many.

    Of holes in places that are `doubted` none is queued: a person looks first. Looks only at this
    square and those taken before it, so that the answer does not depend on how fast the workers
    are.
    """
    _cluster(grid, square, holes)
    eligible = [hole for hole in holes if hole.status == T.FOUND]
    if doubted:
        _hold_back(eligible)
    if doubted or not eligible:
        return 0
    found = possible_groups(grid, eligible)
    plans = choose_groups(grid, eligible, found.groups)
    _tell_left_out(eligible, plans, dict(found.dropped))
    first = Group.objects.filter(square__grid=grid).count()
    for number, plan in enumerate(plans, start=1):
        _write(square, eligible, plan, number, first + number - 1, visible_from_s)
    return len(plans)


def _cluster(grid: Grid, square: Square, holes: list[Hole]) -> None:
    """Ice clusters over the grid so far; holes of the rejected clusters leave the choice."""
    earlier = list(
        Hole.objects.filter(square__grid=grid, square__image__taken_at_s__lt=_taken_at_s(square))
        .exclude(square=square)
        .order_by("square__image__taken_at_s", "number")
        .values_list("intensity", "ice_thickness_nm")
    )
    measured = [*earlier, *((hole.intensity, hole.ice_thickness_nm) for hole in holes)]
    clusters = pipeline.cluster_holes(
        [intensity for intensity, _ in measured],
        thicknesses_nm=[thickness_nm for _, thickness_nm in measured],
        thickness_limit_nm=grid.ice_max_nm,
    )
    for index, hole in enumerate(holes, start=len(earlier)):
        hole.cluster = clusters.cluster[index]
        if hole.status == T.FOUND and index in clusters.rejected:
            hole.status = moved(HOLE_MOVES, T.FOUND, T.REJECTED, f"hole {hole.slug}")
            hole.reason = clusters.rejected[index]
    update_rows(holes, ("cluster", "status", "reason"))


def _taken_at_s(square: Square) -> float:
    return math.inf if square.image is None else square.image.taken_at_s


def _hold_back(holes: Sequence[Hole]) -> None:
    for hole in holes:
        hole.reason = NEEDS_REVIEW
    update_rows(holes, ("reason",))


def _tell_left_out(
    holes: Sequence[Hole], plans: Sequence[PlannedGroup], dropped: Mapping[int, str]
) -> None:
    """A hole that may be exposed but was left out keeps its place and says why."""
    planned = {index for plan in plans for index in plan.members}
    left = []
    for index, hole in enumerate(holes):
        if index not in planned:
            hole.reason = dropped.get(index, NOT_CHOSEN)
            left.append(hole)
    update_rows(left, ("reason",))


def _write(
    square: Square,
    holes: Sequence[Hole],
    plan: PlannedGroup,
    number: int,
    order: int,
    visible_from_s: float,
) -> None:
    centre = holes[plan.centre]
    members = [holes[index] for index in plan.members]
    group = Group.objects.create(
        square=square,
        number=number,
        slug=f"{square.slug}-p{number:02d}",
        status=T.QUEUED,
        stage_x_um=centre.stage_x_um,
        stage_y_um=centre.stage_y_um,
        stage_z_um=square.stage_z_um,
        queue_position=order,
        longest_shift_um=max(_distance_um(centre, hole) for hole in members),
        visible_from_s=visible_from_s,
        chosen_because=plan.why,
    )
    for hole in members:
        _place_in_group(group, hole, is_centre=hole is centre)


def _place_in_group(group: Group, hole: Hole, *, is_centre: bool) -> None:
    """Queue a hole as a member, at its image shift from the group's place."""
    hole.group = group
    hole.group_role = "centre" if is_centre else "member"
    hole.image_shift_x_um = hole.stage_x_um - group.stage_x_um
    hole.image_shift_y_um = hole.stage_y_um - group.stage_y_um
    hole.status = moved(HOLE_MOVES, T(hole.status), T.QUEUED, f"hole {hole.slug}")
    hole.reason = ""
    hole.chosen_because = place_words(
        hole.image_shift_x_um, hole.image_shift_y_um, is_centre=is_centre
    )
    hole.save(
        update_fields=[
            "chosen_because",
            "group",
            "group_role",
            "image_shift_x_um",
            "image_shift_y_um",
            "status",
            "reason",
            "updated_at",
        ]
    )


def _distance_um(one: Hole, other: Hole) -> float:
    return math.hypot(one.stage_x_um - other.stage_x_um, one.stage_y_um - other.stage_y_um)
