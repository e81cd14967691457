"""Choose the holes of a square that are exposed, and put them into groups for image shift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from smartscope.analysis import pipeline
from smartscope.analysis.grouping.plan import HoleGroup
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import Aim
from smartscope.domain.selection import Candidate, choose
from smartscope.domain.status import HOLE_MOVES, TargetStatus, moved
from smartscope.models import Grid, Group, Hole, Square

T = TargetStatus
#: the reason of a hole whose group was not among those chosen
NOT_CHOSEN = "not_chosen"


@dataclass(frozen=True, slots=True)
class _Plan:
    """A possible group: indices into the eligible holes, and why it was chosen."""

    centre: int
    members: tuple[int, ...]
    why: str = ""


def plan_groups(grid: Grid, square: Square, holes: list[Hole], visible_from_s: float) -> int:
    """Cluster the ice, reject the darkest, group what is left and queue the choice; how many.

    Looks only at this square and those taken before it, so that the answer does not depend on how
    fast the workers are.
    """
    _cluster(grid, square, holes)
    eligible = [hole for hole in holes if hole.status == T.FOUND]
    if not eligible:
        return 0
    found = pipeline.group(
        [Point(hole.stage_x_um, hole.stage_y_um) for hole in eligible],
        radius_um=grid.image_shift_radius_um,
        min_size=grid.min_group_size,
        max_size=grid.max_group_size,
        tilt_deg=grid.tilt_deg,
        max_focus_change_um=grid.max_focus_change_um,
    )
    plans = _chosen(grid, eligible, found.groups)
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
    Hole.objects.bulk_update(holes, ["cluster", "status", "reason"], batch_size=500)


def _taken_at_s(square: Square) -> float:
    return math.inf if square.image is None else square.image.taken_at_s


def _chosen(grid: Grid, holes: Sequence[Hole], groups: Sequence[HoleGroup]) -> list[_Plan]:
    """All groups when collecting; when screening as many as wanted, spread over the clusters."""
    plans = [_Plan(group.centre, group.members, "all groups are wanted") for group in groups]
    if grid.holes_per_square == 0:
        return plans
    by_key = {f"{holes[plan.centre].number:06d}": plan for plan in plans}
    candidates = [_candidate(key, holes, plan) for key, plan in by_key.items()]
    chosen = choose(
        candidates,
        grid.holes_per_square,
        aim=Aim(grid.selection_aim),
        yields=_promise(candidates, grid),
    )
    return [replace(by_key[choice.id], why=choice.why) for choice in chosen]


def _promise(candidates: Sequence[Candidate], grid: Grid) -> dict[int, float]:
    """By ice cluster: how near its groups' ice is to the middle of the wanted range, 0.1 to 1."""
    middle = (grid.ice_min_nm + grid.ice_max_nm) / 2
    half = (grid.ice_max_nm - grid.ice_min_nm) / 2
    kinds: dict[int, list[float]] = {}
    for candidate in candidates:
        for cluster in candidate.clusters:
            off = 1.0 if candidate.value is None else abs(candidate.value - middle) / half
            kinds.setdefault(cluster, []).append(min(max(1.0 - off, 0.1), 1.0))
    return {kind: math.fsum(sorted(each)) / len(each) for kind, each in kinds.items()}


def _tell_left_out(
    holes: Sequence[Hole], plans: Sequence[_Plan], dropped: Mapping[int, str]
) -> None:
    """A hole that may be exposed but was left out keeps its place and says why."""
    planned = {index for plan in plans for index in plan.members}
    left = []
    for index, hole in enumerate(holes):
        if index not in planned:
            hole.reason = dropped.get(index, NOT_CHOSEN)
            left.append(hole)
    Hole.objects.bulk_update(left, ["reason"], batch_size=500)


def _candidate(key: str, holes: Sequence[Hole], plan: _Plan) -> Candidate:
    """A group shows the ice of all its members; its centre stands for its place."""
    centre = holes[plan.centre]
    clusters = {holes[index].cluster for index in plan.members}
    return Candidate(
        id=key,
        position=Point(centre.stage_x_um, centre.stage_y_um),
        clusters=tuple(sorted(cluster for cluster in clusters if cluster is not None)),
        value=centre.ice_thickness_nm,
    )


def _write(
    square: Square,
    holes: Sequence[Hole],
    plan: _Plan,
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
        place_in_group(group, hole, is_centre=hole is centre)


def place_in_group(group: Group, hole: Hole, *, is_centre: bool) -> None:
    """Queue a hole as a member, at its image shift from the group's place."""
    hole.group = group
    hole.group_role = "centre" if is_centre else "member"
    hole.image_shift_x_um = hole.stage_x_um - group.stage_x_um
    hole.image_shift_y_um = hole.stage_y_um - group.stage_y_um
    hole.status = moved(HOLE_MOVES, T(hole.status), T.QUEUED, f"hole {hole.slug}")
    hole.reason = ""
    shift_um = math.hypot(hole.image_shift_x_um, hole.image_shift_y_um)
    hole.chosen_because = (
        "the centre of its group"
        if is_centre
        else f"in its group, {shift_um:.1f} µm off the centre"
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
