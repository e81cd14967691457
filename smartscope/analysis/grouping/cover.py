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

MAX_STEPS = 50_000
STEPS_TIMES_NEIGHBOURS = 1_500_000

#: rows of the search's table, one column per point
_INSIDE, _COVERED, _WEIGHT, _AGE, _SCORE, _BANNED, _TOUCHED = range(7)
_OPEN_AT, _WAITS_AT, _OPEN, _WAITING = range(7, 11)
_ROWS = 11
#: the counts beside it: how many are open, how many wait, how often anything was opened or closed
_OPENED, _UNCOVERED, _FLIPS = range(3)
#: a point that may never be a centre
_NEVER = 1 << 62


def fewest_centres(graph: Reach, allowed: BoolArray, *, stop_at: int, seed: int) -> IntArray:
    """Indices (ascending) of allowed centres that reach every hole some allowed centre can reach.

    `stop_at` is a lower bound: the search ends when it is met. Deterministic for a given seed.
    """
    reachable = np.zeros(len(graph), dtype=np.bool_)
    for centre in np.flatnonzero(allowed):
        reachable[graph.of(int(centre))] = True
    reachable &= graph.is_hole
    if not reachable.any():
        return np.empty(0, dtype=np.int64)
    steps = int(min(MAX_STEPS, STEPS_TIMES_NEIGHBOURS / max(graph.counts.mean(), 1.0)))
    chosen = _search(graph.starts, graph.members, allowed, reachable, stop_at, steps, seed)
    return np.flatnonzero(chosen).astype(np.int64)


@compiled
def _list(table: IntArray, counts: IntArray, row: int, at: int, kind: int, item: int) -> None:
    """Append an item to the open centres or to the uncovered holes."""
    table[row, counts[kind]] = item
    table[at, item] = counts[kind]
    counts[kind] += 1


@compiled
def _strike(table: IntArray, counts: IntArray, row: int, at: int, kind: int, item: int) -> None:
    """Take an item off such a list; the last one takes its place."""
    counts[kind] -= 1
    last = table[row, counts[kind]]
    table[row, table[at, item]] = last
    table[at, last] = table[at, item]


@compiled
def _flip(
    centre: int, starts: IntArray, members: IntArray, table: IntArray, counts: IntArray
) -> None:
    """Open or close a centre and keep every score: gain if opened, minus loss if closed."""
    opening = table[_INSIDE, centre] == 0
    table[_INSIDE, centre] = 1 if opening else 0
    counts[_FLIPS] += 1
    if opening:
        _list(table, counts, _OPEN, _OPEN_AT, _OPENED, centre)
    else:
        _strike(table, counts, _OPEN, _OPEN_AT, _OPENED, centre)
    table[_SCORE, centre] = -table[_SCORE, centre]
    for row in range(starts[centre], starts[centre + 1]):
        hole = members[row]
        table[_TOUCHED, hole] = counts[_FLIPS]
        weight = table[_WEIGHT, hole]
        if weight == 0:
            continue
        before = table[_COVERED, hole]
        table[_COVERED, hole] = before + 1 if opening else before - 1
        if opening and before == 0:
            _strike(table, counts, _WAITING, _WAITS_AT, _UNCOVERED, hole)
            for other_row in range(starts[hole], starts[hole + 1]):
                table[_SCORE, members[other_row]] -= weight
            table[_SCORE, centre] += weight
        elif not opening and before == 1:
            _list(table, counts, _WAITING, _WAITS_AT, _UNCOVERED, hole)
            for other_row in range(starts[hole], starts[hole + 1]):
                table[_SCORE, members[other_row]] += weight
            table[_SCORE, centre] -= weight
        elif before == (1 if opening else 2):
            _other_keeper(hole, centre, starts, members, table, weight if opening else -weight)


@compiled
def _other_keeper(
    hole: int, centre: int, starts: IntArray, members: IntArray, table: IntArray, change: int
) -> None:
    """The one other open centre of a hole is no longer, or now, the only one that keeps it."""
    for row in range(starts[hole], starts[hole + 1]):
        other = members[row]
        if other != centre and table[_INSIDE, other] == 1:
            table[_SCORE, other] += change
            return


@compiled
def _better(one: int, other: int, table: IntArray) -> bool:
    """Whether a centre is to be preferred: the higher score, the older, the lower number."""
    if table[_SCORE, one] != table[_SCORE, other]:
        return bool(table[_SCORE, one] > table[_SCORE, other])
    if table[_AGE, one] != table[_AGE, other]:
        return bool(table[_AGE, one] < table[_AGE, other])
    return one < other


@compiled
def _least_missed(table: IntArray, counts: IntArray, spared: int) -> int:
    """The open centre whose closing loses least; -1 when only the spared one is open."""
    best = -1
    for position in range(counts[_OPENED]):
        centre = table[_OPEN, position]
        if centre != spared and (best < 0 or _better(centre, best, table)):
            best = centre
    return best


@compiled
def _may_open(centre: int, starts: IntArray, members: IntArray, table: IntArray) -> bool:
    """Whether something near a centre was opened or closed since it was closed itself."""
    if table[_BANNED, centre] == 0:
        return True
    for row in range(starts[centre], starts[centre + 1]):
        if table[_TOUCHED, members[row]] > table[_BANNED, centre]:
            table[_BANNED, centre] = 0
            return True
    return False


@compiled
def _most_gaining(
    candidates: IntArray, starts: IntArray, members: IntArray, table: IntArray
) -> int:
    """The closed centre among the candidates whose opening gains most; -1 when none may open."""
    best = -1
    for position in range(len(candidates)):
        centre = candidates[position]
        if table[_INSIDE, centre] == 1 or (best >= 0 and not _better(centre, best, table)):
            continue
        if _may_open(centre, starts, members, table):
            best = centre
    return best


@compiled
def _burden_waiting(starts: IntArray, members: IntArray, table: IntArray, counts: IntArray) -> None:
    """Every hole still uncovered grows heavier by one."""
    for position in range(counts[_UNCOVERED]):
        hole = table[_WAITING, position]
        table[_WEIGHT, hole] += 1
        for row in range(starts[hole], starts[hole + 1]):
            table[_SCORE, members[row]] += 1


@compiled
def _greedy(
    starts: IntArray,
    members: IntArray,
    allowed: BoolArray,
    reachable: BoolArray,
    counts: IntArray,
) -> IntArray:
    """The table after the centre that gains most was opened until nothing waits."""
    size = len(starts) - 1
    table = np.zeros((_ROWS, size), dtype=np.int64)
    everybody = np.arange(size)
    for point in range(size):
        table[_BANNED, point] = 0 if allowed[point] else _NEVER
        if reachable[point]:
            table[_WEIGHT, point] = 1
            _list(table, counts, _WAITING, _WAITS_AT, _UNCOVERED, point)
            for row in range(starts[point], starts[point + 1]):
                table[_SCORE, members[row]] += 1
    while counts[_UNCOVERED] > 0:
        _flip(_most_gaining(everybody, starts, members, table), starts, members, table, counts)
    return table


@compiled
def _search(
    starts: IntArray,
    members: IntArray,
    allowed: BoolArray,
    reachable: BoolArray,
    stop_at: int,
    steps: int,
    seed: int,
) -> IntArray:
    counts = np.zeros(3, dtype=np.int64)
    table = _greedy(starts, members, allowed, reachable, counts)
    best: IntArray = table[_INSIDE].copy()
    state, just_added = (seed % 1_000_003) + 1, -1
    for step in range(1, steps + 1):
        while counts[_UNCOVERED] == 0:
            best[:] = table[_INSIDE]
            if counts[_OPENED] <= stop_at:
                return best
            centre = _least_missed(table, counts, -1)
            _flip(centre, starts, members, table, counts)
            table[_AGE, centre] = step
        centre = _least_missed(table, counts, just_added)
        if centre >= 0:
            _flip(centre, starts, members, table, counts)
            table[_AGE, centre] = step
            table[_BANNED, centre] = counts[_FLIPS]
        state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        hole = table[_WAITING, (state >> 8) % counts[_UNCOVERED]]
        near = members[starts[hole] : starts[hole + 1]]
        centre = _most_gaining(near, starts, members, table)
        if centre >= 0:
            _flip(centre, starts, members, table, counts)
            table[_AGE, centre] = step
            just_added = centre
        _burden_waiting(starts, members, table, counts)
    return best
