"""Groups of holes shot by image shift from one stage position: fewest groups, all holes, limits
exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.grouping.component import Limits, solve_component
from smartscope.analysis.grouping.reach import Reach, Tilt, reach
from smartscope.domain.errors import SmartscopeError


class BadGroupingRequest(SmartscopeError):
    """Limits that contradict each other or do not fit the holes given."""


@dataclass(frozen=True, slots=True)
class HoleGroup:
    """One stage position: `centre` is the hole realigned on, `members` (sorted) include it.

    Where lattice nodes were offered as centres, a `centre` of N + k is node k, and is no member.
    """

    centre: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups by centre; `dropped` holds (hole, reason); no plan that drops as little has fewer
    groups than `lower_bound`.

    Reasons: "excluded" (weight 0), "isolated" (nothing within the radius), "min_group_size" (too
    few in reach, or left over), "shift_limit" (enough within the radius, but the instrument's
    shift or the focus forbids it).
    """

    groups: tuple[HoleGroup, ...]
    dropped: tuple[tuple[int, str], ...]
    lower_bound: int


def group_holes(
    positions_um: FloatArray,
    *,
    radius_um: float,
    min_size: int = 1,
    max_size: int | None = None,
    weights: FloatArray | None = None,
    fixed: Sequence[HoleGroup] = (),
    tilt: Tilt | None = None,
    max_shift_um: float | None = None,
    any_node_um: FloatArray | None = None,
    seed: int = 0,
) -> Grouping:
    """Groups of the holes (N, 2): lexicographically least dropped weight, fewest groups, shortest
    shifts.

    Every group holds `min_size` to `max_size` holes, all within `radius_um` of image shift of its
    centre, which is one of them, and within the instrument's `max_shift_um`. `fixed` groups (begun
    or exposed) stay and their holes are not given again. Weight 0 excludes a hole. Radius 0 means
    no image shift: every hole stands alone and `min_size` has no meaning. `any_node_um` (K, 2) are
    further places that may be centres. The answer does not depend on the order of the holes.

    Raises `BadGroupingRequest` for impossible limits. Bounds are exact. The number of groups is
    proven for small components (integer programme within a limit of nodes) and wherever the search
    meets the linear programme's bound; elsewhere it is a local search's best, and `lower_bound`
    says how much better it could be.
    """
    count = len(positions_um)
    largest = count if max_size is None else max_size
    _check(positions_um, radius_um, min_size, largest, weights, fixed)
    value = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    taken = np.zeros(count, dtype=np.bool_)
    for group in fixed:
        taken[[member for member in group.members if member < count]] = True
    dropped = {int(hole): "excluded" for hole in np.flatnonzero((value <= 0) & ~taken)}
    free = np.flatnonzero((value > 0) & ~taken)
    if radius_um == 0:
        alone = [HoleGroup(int(hole), (int(hole),)) for hole in free]
        return _plan([*fixed, *alone], dropped, len(fixed) + len(alone))
    points = _Points.of(positions_um, value, free, any_node_um)
    radius = radius_um if max_shift_um is None else min(radius_um, max_shift_um)
    graph = reach(points.positions_um, radius, tilt or Tilt(), is_hole=points.is_hole)
    groups, bound = _solve(graph, points.value, min_size, largest, seed)
    wider = reach(points.positions_um, radius_um, _unlimited(tilt), is_hole=points.is_hole)
    left_over = _reasons(graph, wider, {m for group in groups for m in group.members}, min_size)
    dropped |= {int(points.index[hole]): reason for hole, reason in left_over.items()}
    named = [points.named(group) for group in groups]
    return _plan([*fixed, *named], dropped, len(fixed) + bound)


@dataclass(frozen=True, slots=True)
class _Points:
    """Free holes and offered nodes by position, so that their order when given does not matter."""

    positions_um: FloatArray
    value: FloatArray
    is_hole: BoolArray
    index: IntArray

    @classmethod
    def of(
        cls,
        positions_um: FloatArray,
        value: FloatArray,
        free: IntArray,
        nodes_um: FloatArray | None,
    ) -> _Points:
        nodes = np.empty((0, 2)) if nodes_um is None else nodes_um
        places = np.concatenate([positions_um[free], nodes])
        worth = np.concatenate([value[free], np.zeros(len(nodes))])
        is_hole = np.arange(len(places)) < len(free)
        index = np.concatenate([free, len(positions_um) + np.arange(len(nodes))])
        order = np.lexsort((worth, places[:, 1], places[:, 0]))
        return cls(places[order], worth[order], is_hole[order], index[order])

    def named(self, group: HoleGroup) -> HoleGroup:
        """The group in the caller's numbers."""
        members = tuple(sorted(int(self.index[member]) for member in group.members))
        return HoleGroup(int(self.index[group.centre]), members)


def _unlimited(tilt: Tilt | None) -> Tilt:
    return Tilt() if tilt is None else Tilt(tilt.angle_deg, tilt.axis_deg)


def _plan(groups: Sequence[HoleGroup], dropped: dict[int, str], lower_bound: int) -> Grouping:
    return Grouping(
        tuple(sorted(groups, key=lambda group: group.centre)),
        tuple(sorted(dropped.items())),
        lower_bound,
    )


def _check(
    positions_um: FloatArray,
    radius_um: float,
    min_size: int,
    max_size: int,
    weights: FloatArray | None,
    fixed: Sequence[HoleGroup],
) -> None:
    if positions_um.ndim != 2 or positions_um.shape[1] != 2 or not np.isfinite(positions_um).all():
        raise BadGroupingRequest("Hole positions must be finite numbers, one x and y per hole.")
    if not (np.isfinite(radius_um) and radius_um >= 0):
        raise BadGroupingRequest(f"The image-shift radius is {radius_um} µm; give 0 or more.")
    if min_size < 1 or (len(positions_um) and max_size < min_size):
        if max_size == len(positions_um) and min_size > max_size:
            return
        raise BadGroupingRequest(
            f"A group cannot hold {min_size} to {max_size} holes; give 1 ≤ minimum ≤ maximum."
        )
    if weights is not None and len(weights) != len(positions_um):
        raise BadGroupingRequest(
            f"{len(weights)} weights for {len(positions_um)} holes; give one for each."
        )
    members = [member for group in fixed for member in group.members]
    if len(set(members)) != len(members):
        raise BadGroupingRequest("A hole is in two fixed groups; every hole belongs to one group.")


def _solve(
    graph: Reach, value: FloatArray, min_size: int, max_size: int, seed: int
) -> tuple[list[HoleGroup], int]:
    """Solve connected components apart; returns groups and a lower bound on their number."""
    allowed = graph.counts >= min_size
    groups: list[HoleGroup] = []
    bound = 0
    labels = graph.components()
    order = np.argsort(labels, kind="stable")
    for points in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if not (len(points) and allowed[points].any() and graph.is_hole[points].any()):
            continue
        limits = Limits(allowed[points], min_size, max_size, seed)
        solved = solve_component(graph.part(points), value[points], limits)
        bound += solved.bound if (solved.assigned >= 0).any() else 0
        for centre in np.unique(solved.assigned[solved.assigned >= 0]):
            members = points[np.flatnonzero(solved.assigned == centre)]
            groups.append(HoleGroup(int(points[centre]), tuple(int(m) for m in members)))
    return groups, bound


def _reasons(graph: Reach, wider: Reach, grouped: set[int], min_size: int) -> dict[int, str]:
    """Why each hole that no group took was left; `wider` is the reach without limits but the
    radius.
    """
    possible = _has_centre(graph, min_size)
    otherwise = _has_centre(wider, min_size)
    neighbours = wider.counts
    reasons: dict[int, str] = {}
    for hole in np.flatnonzero(graph.is_hole):
        if int(hole) in grouped:
            continue
        if neighbours[hole] == 1:
            reasons[int(hole)] = "isolated"
        elif otherwise[hole] and not possible[hole]:
            reasons[int(hole)] = "shift_limit"
        else:
            reasons[int(hole)] = "min_group_size"
    return reasons


def _has_centre(graph: Reach, min_size: int) -> BoolArray:
    """(N,) whether a point that reaches `min_size` holes reaches this one."""
    full = (graph.counts >= min_size).astype(np.float64)
    return np.asarray((graph.as_matrix() @ full) > 0)
