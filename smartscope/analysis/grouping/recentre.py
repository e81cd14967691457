"""Shorter shifts at the same number of groups: each group's centre moves to its middle."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import FloatArray, IntArray
from smartscope.analysis.grouping.assign import assign_holes
from smartscope.analysis.grouping.reach import Reach

#: rounds of moving centres and giving holes anew; each must shorten the shifts to be kept
ROUNDS = 6


def recentred(
    graph: Reach, value: FloatArray, assigned: IntArray, min_size: int, max_size: int
) -> IntArray:
    """(N,) centres with Σ|shift|² no longer than before, as many groups, as much dropped."""
    best, cost = assigned, shift_cost_um2(graph, assigned)
    for _ in range(ROUNDS):
        centres = np.unique(best[best >= 0])
        if len(centres) == 0:
            return best
        moved = np.unique([_middle(graph, int(c), np.flatnonzero(best == c)) for c in centres])
        trial = assign_holes(
            graph, moved.astype(np.int64), value, min_size=min_size, max_size=max_size
        )
        if trial is None or len(np.unique(trial[trial >= 0])) > len(centres):
            return best
        if value[trial < 0].sum() > value[best < 0].sum():
            return best
        trial_cost = shift_cost_um2(graph, trial)
        if trial_cost >= cost - 1e-9:
            return best
        best, cost = trial, trial_cost
    return best


def shift_cost_um2(graph: Reach, assigned: IntArray) -> float:
    """Σ|shift|² of an assignment, µm²."""
    rows = np.repeat(np.arange(len(graph)), np.diff(graph.starts))
    used = assigned[graph.members] == rows
    return float((graph.shifts_um[used] ** 2).sum())


def _middle(graph: Reach, centre: int, members: IntArray) -> int:
    """The member that reaches all others with the least Σ|shift|²; the lowest among equals."""
    if not graph.is_hole[centre]:
        return centre
    inside = np.zeros(len(graph), dtype=np.bool_)
    inside[members] = True
    best, least = centre, np.inf
    for candidate in members:
        span = slice(graph.starts[candidate], graph.starts[candidate + 1])
        within = inside[graph.members[span]]
        if within.sum() < len(members):
            continue
        cost = float((graph.shifts_um[span][within] ** 2).sum())
        if cost < least - 1e-9:
            best, least = int(candidate), cost
    return best
