"""Fewest centres that reach every hole: greedy start, then a row-weighting local search.

The search follows the idea of Gao, Weise and Li (2015, weighting-based local search for set cover):
holes that stay uncovered grow heavier until some centre must take them. Integers and its own
generator make it the same on every machine.
"""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import BoolArray, IntArray
from smartscope.analysis.compiled import compiled
from smartscope.analysis.grouping.reach import Reach

MAX_STEPS = 80_000
STEPS_TIMES_NEIGHBOURS = 2_000_000


def fewest_centres(graph: Reach, allowed: BoolArray, *, stop_at: int, seed: int) -> IntArray:
    """Indices (ascending) of allowed centres that reach every hole some allowed centre can reach.

    `stop_at` is a lower bound: the search ends when it is met. Deterministic for a given seed.
    """
    reachable = np.zeros(len(graph), dtype=np.bool_)
    for centre in np.flatnonzero(allowed):
        reachable[graph.of(int(centre))] = True
    steps = int(min(MAX_STEPS, STEPS_TIMES_NEIGHBOURS / max(graph.counts.mean(), 1.0)))
    chosen = _search(graph.starts, graph.members, allowed, reachable, stop_at, steps, seed)
    return np.flatnonzero(chosen).astype(np.int64)


def disjoint_bound(graph: Reach, allowed: BoolArray) -> int:
    """A lower bound on the number of groups: holes no two of which share an allowed centre.

    Taken greedily, fewest neighbours first, so it is quick and not the best bound there is.
    """
    blocked = np.zeros(len(graph), dtype=np.bool_)
    count = 0
    for hole in np.lexsort((np.arange(len(graph)), graph.counts)):
        centres = graph.of(int(hole))
        centres = centres[allowed[centres]]
        if len(centres) == 0 or blocked[centres].any():
            continue
        blocked[centres] = True
        count += 1
    return count


@compiled
def _flip(
    centre: int,
    starts: IntArray,
    members: IntArray,
    inside: BoolArray,
    covered: IntArray,
    weight: IntArray,
    score: IntArray,
) -> None:
    """Open or close a centre and keep every score: gain if opened, minus loss if closed."""
    opening = not inside[centre]
    inside[centre] = opening
    score[centre] = -score[centre]
    for row in range(starts[centre], starts[centre + 1]):
        hole = members[row]
        before = covered[hole]
        covered[hole] = before + 1 if opening else before - 1
        change = 0
        if opening and before == 0:
            change = -weight[hole]
        if not opening and before == 1:
            change = weight[hole]
        alone = before == (1 if opening else 2)
        if change == 0 and not alone:
            continue
        for other_row in range(starts[hole], starts[hole + 1]):
            other = members[other_row]
            if other == centre:
                continue
            if change != 0:
                score[other] += change
            elif inside[other]:
                score[other] += weight[hole] if opening else -weight[hole]


@compiled
def _best(
    candidates: IntArray,
    count: int,
    score: IntArray,
    age: IntArray,
    banned: BoolArray,
    inside: BoolArray,
    want_inside: int,
) -> int:
    """The candidate with the highest score, the oldest among equals; -1 when none may be taken."""
    best = -1
    for position in range(count):
        centre = candidates[position]
        if inside[centre] != want_inside or banned[centre]:
            continue
        if (
            best < 0
            or score[centre] > score[best]
            or (score[centre] == score[best] and age[centre] < age[best])
        ):
            best = centre
    return best


@compiled
def _allow_neighbours(
    centre: int, starts: IntArray, members: IntArray, forbidden: BoolArray, banned: BoolArray
) -> None:
    """What changed near a centre may be opened again."""
    for row in range(starts[centre], starts[centre + 1]):
        first = members[row]
        for other_row in range(starts[first], starts[first + 1]):
            banned[members[other_row]] = forbidden[members[other_row]]


@compiled
def _list_waiting(reachable: BoolArray, covered: IntArray, waiting: IntArray) -> int:
    """Write the uncovered holes to `waiting`; returns how many."""
    missing = 0
    for hole in range(len(covered)):
        if reachable[hole] and covered[hole] == 0:
            waiting[missing] = hole
            missing += 1
    return missing


@compiled
def _burden_waiting(
    starts: IntArray,
    members: IntArray,
    reachable: BoolArray,
    covered: IntArray,
    weight: IntArray,
    score: IntArray,
) -> None:
    """Every hole still uncovered grows heavier by one."""
    for hole in range(len(covered)):
        if reachable[hole] and covered[hole] == 0:
            weight[hole] += 1
            for row in range(starts[hole], starts[hole + 1]):
                score[members[row]] += 1


@compiled
def _search(
    starts: IntArray,
    members: IntArray,
    allowed: BoolArray,
    reachable: BoolArray,
    stop_at: int,
    steps: int,
    seed: int,
) -> BoolArray:
    size = len(starts) - 1
    inside = np.zeros(size, dtype=np.bool_)
    covered = np.zeros(size, dtype=np.int64)
    weight = np.ones(size, dtype=np.int64)
    age = np.zeros(size, dtype=np.int64)
    score = starts[1:] - starts[:-1]
    forbidden, nobody = ~allowed, np.zeros(size, dtype=np.bool_)
    everybody, waiting = np.arange(size), np.empty(size, dtype=np.int64)
    while _list_waiting(reachable, covered, waiting) > 0:
        centre = _best(everybody, size, score, age, forbidden, inside, 0)
        _flip(centre, starts, members, inside, covered, weight, score)
    best, banned = inside.copy(), forbidden.copy()
    state, just_added = (seed % 1_000_003) + 1, -1
    for step in range(1, steps + 1):
        missing = _list_waiting(reachable, covered, waiting)
        while missing == 0:
            best[:] = inside
            if best.sum() <= stop_at:
                return best
            centre = _best(everybody, size, score, age, nobody, inside, 1)
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            missing = _list_waiting(reachable, covered, waiting)
        if just_added >= 0:
            nobody[just_added] = True
        centre = _best(everybody, size, score, age, nobody, inside, 1)
        if just_added >= 0:
            nobody[just_added] = False
        if centre >= 0:
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            _allow_neighbours(centre, starts, members, forbidden, banned)
            banned[centre] = True
        state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        hole = waiting[(state >> 8) % missing]
        candidates = members[starts[hole] : starts[hole + 1]]
        centre = _best(candidates, len(candidates), score, age, banned, inside, 0)
        if centre >= 0:
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            just_added = centre
            _allow_neighbours(centre, starts, members, forbidden, banned)
        _burden_waiting(starts, members, reachable, covered, weight, score)
    return best
