"""The groups of one connected component: a bound, a search, an assignment, then proof or polish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.grouping.assign import assign_holes
from smartscope.analysis.grouping.cover import fewest_centres
from smartscope.analysis.grouping.exact import best_cover, best_plan, cover_bound
from smartscope.analysis.grouping.reach import Reach
from smartscope.analysis.grouping.recentre import recentred

REPAIR_TRIALS = 60
#: pairs in reach up to which a component is solved by integer programme, as a cover or in full: a
#: lattice with a few more takes ten seconds within the same nodes, while rows are locked
MOST_PAIRS_COVER = 400
MOST_PAIRS_FULL = 160
#: nodes of the search tree after which the search's best plan stands
NODES = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """What groups must obey: exact sizes, who may be a centre; and the seed of ties."""

    allowed: BoolArray
    min_size: int
    max_size: int
    seed: int

    @property
    def plain_cover(self) -> bool:
        """Whether sizes bind nobody, so that fewest groups is set cover."""
        return self.min_size == 1 and self.max_size >= len(self.allowed)


@dataclass(frozen=True, slots=True)
class Solved:
    """(N,) each hole's centre, -1 where dropped; no plan dropping as little has fewer groups than
    `bound`.
    """

    assigned: IntArray
    bound: int


def solve_component(graph: Reach, value: FloatArray, limits: Limits) -> Solved:
    """Least dropped weight, then fewest groups, then shortest shifts."""
    fewest = max(
        cover_bound(graph, limits.allowed), -(-int(graph.is_hole.sum()) // limits.max_size)
    )
    centres = fewest_centres(graph, limits.allowed, stop_at=fewest, seed=limits.seed)
    assigned = _with_sizes(graph, value, centres, limits)
    bound = fewest if _covers(graph, assigned) else 1
    if not _covers(graph, assigned) or _groups(assigned) > bound:
        assigned, bound = _proven(graph, value, limits, Solved(assigned, bound))
    return Solved(recentred(graph, value, assigned, limits.min_size, limits.max_size), bound)


def _covers(graph: Reach, assigned: IntArray) -> bool:
    return bool((assigned[graph.is_hole] >= 0).all())


def _groups(assigned: IntArray) -> int:
    return len(np.unique(assigned[assigned >= 0]))


def _lost(graph: Reach, value: FloatArray, assigned: IntArray) -> float:
    return float(value[graph.is_hole & (assigned < 0)].sum())


def _proven(graph: Reach, value: FloatArray, limits: Limits, found: Solved) -> tuple[IntArray, int]:
    """A better plan or the proof that there is none, where the component is small enough."""
    pairs, groups = len(graph.members), _groups(found.assigned)
    if limits.plain_cover and _covers(graph, found.assigned) and pairs <= MOST_PAIRS_COVER:
        centres = best_cover(graph, limits.allowed, fewer_than=groups, nodes=NODES)
        if centres is None:
            return found.assigned, found.bound
        if len(centres) == 0:
            return found.assigned, groups
        assigned = _assigned(graph, value, centres, limits)
        return (found.assigned, found.bound) if assigned is None else (assigned, len(centres))
    if pairs <= MOST_PAIRS_FULL:
        best = best_plan(
            graph,
            value,
            limits.allowed,
            min_size=limits.min_size,
            max_size=limits.max_size,
            nodes=NODES,
        )
        if best is not None:
            return best.assigned, _groups(best.assigned)
    return found.assigned, found.bound


def _assigned(
    graph: Reach, value: FloatArray, centres: IntArray, limits: Limits
) -> IntArray | None:
    return assign_holes(graph, centres, value, min_size=limits.min_size, max_size=limits.max_size)


def _with_sizes(graph: Reach, value: FloatArray, centres: IntArray, limits: Limits) -> IntArray:
    """Assign within the sizes; open more centres for what was left over."""
    if limits.min_size == 1:
        return _opened_until_all(graph, value, centres, limits)
    centres, assigned = _feasible(graph, value, centres, limits)
    trials = 0
    while _lost(graph, value, assigned) > 0 and trials < REPAIR_TRIALS:
        better = None
        for centre in _openings(graph, value, limits.allowed, centres, assigned):
            trials += 1
            wider = np.union1d(centres, [centre]).astype(np.int64)
            trial_centres, trial = _feasible(graph, value, wider, limits)
            if _lost(graph, value, trial) < _lost(graph, value, assigned) - 1e-9:
                better = trial_centres, trial
            if better is not None or trials >= REPAIR_TRIALS:
                break
        if better is None:
            break
        centres, assigned = better
    return assigned


def _opened_until_all(
    graph: Reach, value: FloatArray, centres: IntArray, limits: Limits
) -> IntArray:
    """Without a minimum every hole can have a group: those left over by the maximum get more."""
    while True:
        assigned = _assigned(graph, value, centres, limits)
        assert assigned is not None, "without a minimum size every set of centres is feasible"
        left = graph.is_hole & (assigned < 0)
        if not left.any():
            return assigned
        more: list[int] = []
        while left.any():
            gain = np.array(
                [
                    min(int(left[graph.of(point)].sum()), limits.max_size)
                    if limits.allowed[point] and point not in more and point not in centres
                    else 0
                    for point in range(len(graph))
                ]
            )
            best = int(np.argmax(gain))
            more.append(best)
            served = graph.of(best)[left[graph.of(best)]]
            left[served[: limits.max_size]] = False
            left[best] = False
        centres = np.union1d(centres, more).astype(np.int64)


def _feasible(
    graph: Reach, value: FloatArray, centres: IntArray, limits: Limits
) -> tuple[IntArray, IntArray]:
    """Assign, closing the centre that can fill itself least while the minimum size cannot be
    met.
    """
    while len(centres):
        assigned = _assigned(graph, value, centres, limits)
        if assigned is not None:
            return centres, assigned
        is_open = np.zeros(len(graph), dtype=np.bool_)
        is_open[centres] = True
        openness = np.zeros(len(graph))
        for centre in centres:
            openness[graph.of(int(centre))] += 1
        taking = graph.is_hole & ~is_open
        share = [
            float((1 / openness[(near := graph.of(int(c)))[taking[near]]]).sum()) for c in centres
        ]
        centres = np.delete(centres, int(np.argmin(share)))
    return centres, np.full(len(graph), -1, dtype=np.int64)


def _openings(
    graph: Reach, value: FloatArray, allowed: BoolArray, centres: IntArray, assigned: IntArray
) -> list[int]:
    """Closed centres that reach dropped holes, those reaching most dropped weight first."""
    is_open = np.zeros(len(graph), dtype=np.bool_)
    is_open[centres] = True
    lost = np.where(graph.is_hole & (assigned < 0), value, 0.0)
    gain = np.array([lost[graph.of(centre)].sum() for centre in range(len(graph))])
    useful = np.flatnonzero(allowed & ~is_open & (gain > 0))
    return [int(c) for c in useful[np.lexsort((useful, -gain[useful]))]]
