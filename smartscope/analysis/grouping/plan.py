"""Groups of holes shot by image shift from one stage position: fewest groups, all holes, limits
exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.grouping.assign import assign_holes
from smartscope.analysis.grouping.cover import disjoint_bound, fewest_centres
from smartscope.analysis.grouping.reach import Reach, Tilt, reach
from smartscope.domain.errors import SmartscopeError

REPAIR_TRIALS = 60


class BadGroupingRequest(SmartscopeError):
    """Limits that contradict each other or do not fit the holes given."""


@dataclass(frozen=True, slots=True)
class HoleGroup:
    """One stage position: `centre` is the hole realigned on, `members` (sorted) include it."""

    centre: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups by centre; `dropped` holds (hole, reason); no plan covers all with fewer than
    `lower_bound`.

    Reasons: "excluded" (weight 0), "isolated" (nothing in reach), "min_group_size" (too few in
    reach, or left over).
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
    seed: int = 0,
) -> Grouping:
    """Groups of the holes (N, 2): lexicographically least dropped weight, fewest groups, shortest
    shifts.

    Every group holds `min_size` to `max_size` holes, all within `radius_um` of image shift of its
    centre, which is one of them. `fixed` groups (begun or exposed) stay and their holes are not
    given again. Weight 0 excludes a hole. Radius 0 means no image shift: every hole stands alone
    and `min_size` has no meaning. The answer does not depend on the order of the holes.

    Raises `BadGroupingRequest` for impossible limits. Bounds are exact; the number of groups is a
    local search's best (set cover by row weighting, then a transport problem).
    """
    count = len(positions_um)
    largest = count if max_size is None else max_size
    _check(positions_um, radius_um, min_size, largest, weights, fixed)
    value = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    taken = np.zeros(count, dtype=np.bool_)
    for group in fixed:
        taken[list(group.members)] = True
    dropped = {int(hole): "excluded" for hole in np.flatnonzero((value <= 0) & ~taken)}
    free = np.flatnonzero((value > 0) & ~taken)
    order = free[np.lexsort((value[free], positions_um[free, 1], positions_um[free, 0]))]
    if radius_um == 0:
        alone = [HoleGroup(int(hole), (int(hole),)) for hole in order]
        return _plan([*fixed, *alone], dropped, len(fixed) + len(alone))
    graph = reach(positions_um[order], radius_um, tilt or Tilt())
    groups, left_over, bound = _solve(graph, value[order], min_size, largest, seed)
    dropped |= {int(order[hole]): reason for hole, reason in left_over.items()}
    named = [
        HoleGroup(int(order[g.centre]), tuple(sorted(int(order[m]) for m in g.members)))
        for g in groups
    ]
    return _plan([*fixed, *named], dropped, len(fixed) + bound)


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
) -> tuple[list[HoleGroup], dict[int, str], int]:
    """Solve connected components apart; returns groups, dropped holes with reasons, a lower
    bound.
    """
    allowed = graph.counts >= min_size
    groups: list[HoleGroup] = []
    bound = 0
    labels = graph.components()
    order = np.argsort(labels, kind="stable")
    for holes in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if len(holes) == 0 or not allowed[holes].any():
            continue
        part = _part(graph, holes)
        part_bound = max(
            disjoint_bound(part, allowed[holes]), -(-len(holes) // max_size) if min_size == 1 else 1
        )
        assigned = _solve_component(
            part, value[holes], allowed[holes], min_size, max_size, part_bound, seed
        )
        bound += part_bound
        for centre in np.unique(assigned[assigned >= 0]):
            members = holes[np.flatnonzero(assigned == centre)]
            groups.append(HoleGroup(int(holes[centre]), tuple(int(m) for m in members)))
    grouped = {member for group in groups for member in group.members}
    left_over = {
        hole: "isolated" if graph.counts[hole] == 1 else "min_group_size"
        for hole in range(len(graph))
        if hole not in grouped
    }
    return groups, left_over, bound


def _part(graph: Reach, holes: IntArray) -> Reach:
    """The neighbour lists of one connected component, renumbered."""
    if len(holes) == len(graph):
        return graph
    number = np.full(len(graph), -1, dtype=np.int64)
    number[holes] = np.arange(len(holes))
    spans = [np.arange(graph.starts[hole], graph.starts[hole + 1]) for hole in holes]
    rows = np.concatenate(spans)
    starts = np.concatenate([[0], np.cumsum([len(span) for span in spans])]).astype(np.int64)
    return Reach(starts, number[graph.members[rows]], graph.shifts_um[rows])


def _solve_component(
    graph: Reach,
    value: FloatArray,
    allowed: BoolArray,
    min_size: int,
    max_size: int,
    bound: int,
    seed: int,
) -> IntArray:
    centres = fewest_centres(graph, allowed, stop_at=bound, seed=seed)
    centres, assigned = _feasible(graph, value, centres, min_size, max_size)
    trials = 0
    while (assigned < 0).any() and trials < REPAIR_TRIALS:
        better = None
        for centre in _openings(graph, value, allowed, centres, assigned):
            trials += 1
            wider = np.union1d(centres, [centre]).astype(np.int64)
            trial_centres, trial = _feasible(graph, value, wider, min_size, max_size)
            if value[trial < 0].sum() < value[assigned < 0].sum() - 1e-9:
                better = trial_centres, trial
            if better is not None or trials >= REPAIR_TRIALS:
                break
        if better is None:
            break
        centres, assigned = better
    return assigned


def _feasible(
    graph: Reach, value: FloatArray, centres: IntArray, min_size: int, max_size: int
) -> tuple[IntArray, IntArray]:
    """Assign, closing the centre that can fill itself least while the minimum size cannot be
    met.
    """
    while len(centres):
        assigned = assign_holes(graph, centres, value, min_size=min_size, max_size=max_size)
        if assigned is not None:
            return centres, assigned
        is_open = np.zeros(len(graph), dtype=np.bool_)
        is_open[centres] = True
        openness = np.zeros(len(graph))
        for centre in centres:
            openness[graph.of(int(centre))] += 1
        share = [
            float((1 / openness[(near := graph.of(int(c)))[~is_open[near]]]).sum()) for c in centres
        ]
        centres = np.delete(centres, int(np.argmin(share)))
    return centres, np.full(len(graph), -1, dtype=np.int64)


def _openings(
    graph: Reach, value: FloatArray, allowed: BoolArray, centres: IntArray, assigned: IntArray
) -> list[int]:
    """Closed centres that reach dropped holes, those reaching most dropped weight first."""
    is_open = np.zeros(len(graph), dtype=np.bool_)
    is_open[centres] = True
    lost = np.where(assigned < 0, value, 0.0)
    gain = np.array([lost[graph.of(centre)].sum() for centre in range(len(graph))])
    useful = np.flatnonzero(allowed & ~is_open & (gain > 0))
    return [int(c) for c in useful[np.lexsort((useful, -gain[useful]))]]
