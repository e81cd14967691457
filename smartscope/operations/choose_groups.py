"""Which holes of a square could be exposed together within its grid's limits, and which are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartscope.analysis import pipeline
from smartscope.analysis.grouping.plan import Grouping, HoleGroup
from smartscope.analysis.grouping.reach import Tilt
from smartscope.domain.geometry import Point
from smartscope.domain.ice_curve import IceCurve, fit_curve
from smartscope.domain.protocol import Aim
from smartscope.domain.selection import Candidate, choose
from smartscope.models import Grid, Hole
from smartscope.queries.judged_ice import judged_ice

#: the reason of a hole whose group was not among those chosen
NOT_CHOSEN = "not_chosen"
#: the reason of a hole whose place its finder doubts: a person looks before it is exposed
NEEDS_REVIEW = "needs_review"
#: the reasons of holes that no group could take; another plan may
LEFT_OVER = frozenset({"isolated", "min_group_size", "shift_limit"})


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A possible group: indices into the holes given, and why it was chosen."""

    centre: int
    members: tuple[int, ...]
    why: str = ""


def possible_groups(
    grid: Grid, holes: Sequence[Hole], *, fixed: Sequence[HoleGroup] = (), min_size: int = 0
) -> Grouping:
    """Fewest groups within the grid's limits; `fixed` ones stay as they are.

    `min_size` overrules the grid's where it is given.
    """
    return pipeline.group(
        [Point(hole.stage_x_um, hole.stage_y_um) for hole in holes],
        radius_um=grid.image_shift_radius_um,
        min_size=min_size or grid.min_group_size,
        max_size=grid.max_group_size,
        fixed=[(group.centre, group.members) for group in fixed],
        tilt_deg=grid.tilt_deg,
        max_focus_change_um=grid.max_focus_change_um,
    )


def tilt_of(grid: Grid) -> Tilt:
    """How the grid is tilted while its holes are exposed, for grouping."""
    return Tilt(grid.tilt_deg, 0.0, grid.max_focus_change_um)


def choose_groups(
    grid: Grid,
    holes: Sequence[Hole],
    groups: Sequence[HoleGroup],
    already: Sequence[HoleGroup] = (),
) -> list[PlannedGroup]:
    """All groups when collecting; when screening as many as wanted, spread over the clusters.

    Those that are taken `already` count, and are not given again.
    """
    plans = [PlannedGroup(group.centre, group.members, "all groups are wanted") for group in groups]
    if grid.holes_per_square == 0:
        return plans
    by_key = {f"{holes[plan.centre].number:06d}": plan for plan in plans}
    candidates = [_candidate(key, holes, plan) for key, plan in by_key.items()]
    taken = [PlannedGroup(group.centre, group.members) for group in already]
    aim = Aim(grid.selection_aim)
    chosen = choose(
        candidates,
        max(0, grid.holes_per_square - len(taken)),
        [_candidate(f"{holes[plan.centre].number:06d}", holes, plan) for plan in taken],
        aim=aim,
        yields=_promise(candidates, grid) if aim is Aim.BEST else None,
    )
    return [replace(by_key[choice.id], why=choice.why) for choice in chosen]


def _promise(candidates: Sequence[Candidate], grid: Grid) -> dict[int, float]:
    """By ice cluster: the mean chance of its groups, 0.1 to 1, as the session's exposures tell it;
    before enough of them are judged, how near the ice is to the middle of the wanted range.
    """
    curve = fit_curve(judged_ice(grid))
    kinds: dict[int, list[float]] = {}
    for candidate in candidates:
        for cluster in candidate.clusters:
            kinds.setdefault(cluster, []).append(_chance(candidate.value, curve, grid))
    return {kind: math.fsum(sorted(each)) / len(each) for kind, each in kinds.items()}


def _chance(ice_nm: float | None, curve: IceCurve | None, grid: Grid) -> float:
    if ice_nm is None:
        return 0.1
    if curve is not None:
        return max(curve.chance(ice_nm), 0.1)
    middle = (grid.ice_min_nm + grid.ice_max_nm) / 2
    half = (grid.ice_max_nm - grid.ice_min_nm) / 2
    return min(max(1.0 - abs(ice_nm - middle) / half, 0.1), 1.0)


def _candidate(key: str, holes: Sequence[Hole], plan: PlannedGroup) -> Candidate:
    """A group shows the ice of all its members; its centre stands for its place."""
    centre = holes[plan.centre]
    clusters = {holes[index].cluster for index in plan.members}
    return Candidate(
        id=key,
        position=Point(centre.stage_x_um, centre.stage_y_um),
        clusters=tuple(sorted(cluster for cluster in clusters if cluster is not None)),
        value=centre.ice_thickness_nm,
    )
