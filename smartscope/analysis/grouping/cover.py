"""Fewest centres that reach every hole: greedy start, then a row-weighting local search.

The search follows the idea of Gao, Weise and Li (2015, weighting-based local search for set cover):
holes that stay uncovered grow heavier until some centre must take them. Integers and its own generator
make it the same on every machine.
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
def _flip(  # type: ignore[no-untyped-def]
    centre, starts, members, inside, covered, weight, score
):
    """Open or close a centre and keep every score: gain if opened, minus loss if closed."""
    opening = not inside[centre]
    inside[centre] = opening
    score[centre] = -score[centre]
    for row in range(starts[centre], starts[centre + 1]):
        hole = members[row]
        before = covered[hole]
        covered[hole] = before + 1 if opening else before - 1
        if opening and before == 0:
            change = -weight[hole]
        elif not opening and before == 1:
            change = weight[hole]
        else:
            change = 0
        alone = (opening and before == 1) or (not opening and before == 2)
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
def _best(  # type: ignore[no-untyped-def]
    candidates, count, score, age, banned, inside, want_inside
):
    """The candidate with the highest score, the oldest among equals; -1 when none may be taken."""
    best = -1
    for position in range(count):
        centre = candidates[position]
        if inside[centre] != want_inside or banned[centre]:
            continue
        if best < 0 or score[centre] > score[best]:
            best = centre
        elif score[centre] == score[best] and age[centre] < age[best]:
            best = centre
    return best


@compiled
def _search(  # type: ignore[no-untyped-def]
    starts, members, allowed, reachable, stop_at, steps, seed
):
    size = len(starts) - 1
    inside = np.zeros(size, dtype=np.bool_)
    covered = np.zeros(size, dtype=np.int64)
    weight = np.ones(size, dtype=np.int64)
    age = np.zeros(size, dtype=np.int64)
    score = np.zeros(size, dtype=np.int64)
    forbidden = ~allowed
    nobody = np.zeros(size, dtype=np.bool_)
    for centre in range(size):
        score[centre] = starts[centre + 1] - starts[centre]
    everybody = np.arange(size)
    uncovered = 0
    for hole in range(size):
        uncovered += reachable[hole]
    while uncovered > 0:
        centre = _best(everybody, size, score, age, forbidden, inside, False)
        uncovered -= score[centre]
        _flip(centre, starts, members, inside, covered, weight, score)
    best = inside.copy()
    banned = forbidden.copy()
    state = (seed % 1_000_003) + 1
    just_added = -1
    waiting = np.empty(size, dtype=np.int64)
    for step in range(1, steps + 1):
        missing = 0
        for hole in range(size):
            if reachable[hole] and covered[hole] == 0:
                waiting[missing] = hole
                missing += 1
        while missing == 0:
            best[:] = inside
            if best.sum() <= stop_at:
                return best
            centre = _best(everybody, size, score, age, nobody, inside, True)
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            for row in range(starts[centre], starts[centre + 1]):
                hole = members[row]
                banned[hole] = forbidden[hole]
                if reachable[hole] and covered[hole] == 0:
                    waiting[missing] = hole
                    missing += 1
        if just_added >= 0:
            nobody[just_added] = True
        centre = _best(everybody, size, score, age, nobody, inside, True)
        if just_added >= 0:
            nobody[just_added] = False
        if centre >= 0:
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            for row in range(starts[centre], starts[centre + 1]):
                first = members[row]
                for other_row in range(starts[first], starts[first + 1]):
                    banned[members[other_row]] = forbidden[members[other_row]]
            banned[centre] = True
        state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        hole = waiting[(state >> 8) % missing]
        candidates = members[starts[hole] : starts[hole + 1]]
        centre = _best(candidates, len(candidates), score, age, banned, inside, False)
        if centre >= 0:
            _flip(centre, starts, members, inside, covered, weight, score)
            age[centre] = step
            just_added = centre
            for row in range(starts[centre], starts[centre + 1]):
                first = members[row]
                for other_row in range(starts[first], starts[first + 1]):
                    banned[members[other_row]] = forbidden[members[other_row]]
        for hole in range(size):
            if reachable[hole] and covered[hole] == 0:
                weight[hole] += 1
                for row in range(starts[hole], starts[hole + 1]):
                    score[members[row]] += 1
    return best
