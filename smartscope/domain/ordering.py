"""Short paths over targets: nearest neighbour improved by 2-opt, in pure Python.

Open path from where the stage is; ties go to the lower number, so equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from smartscope.domain.geometry import Point

#: beyond this many targets a full 2-opt costs more than the travel it saves
MOST_FOR_TWO_OPT = 150


def nearest_first(start: Point, targets: Sequence[tuple[Point, int]]) -> list[int]:
    """Indices into `targets` (position, number) in visiting order, starting from `start`."""
    left = sorted(range(len(targets)), key=lambda index: targets[index][1])
    here, path = start, []
    while left:
        best = min(left, key=lambda index: (here.distance_um(targets[index][0]), targets[index][1]))
        left.remove(best)
        path.append(best)
        here = targets[best][0]
    points = [target[0] for target in targets]
    return _two_opt(start, points, path) if len(path) <= MOST_FOR_TWO_OPT else path


def length_um(start: Point, points: Sequence[Point], path: Sequence[int]) -> float:
    """Length of the open path from `start` through `points` in the order of `path`, µm."""
    stops = [start, *(points[index] for index in path)]
    return sum(here.distance_um(there) for here, there in pairwise(stops))


def _two_opt(start: Point, points: Sequence[Point], path: list[int]) -> list[int]:
    """Reverse stretches while that shortens the path; ends when no reversal helps."""
    improved = True
    while improved:
        improved = False
        for first in range(len(path) - 1):
            for last in range(first + 1, len(path)):
                if _gain_um(start, points, path, first, last) > 1e-9:
                    path[first : last + 1] = path[first : last + 1][::-1]
                    improved = True
    return path


def _gain_um(
    start: Point, points: Sequence[Point], path: Sequence[int], first: int, last: int
) -> float:
    before = points[path[first - 1]] if first else start
    head, tail = points[path[first]], points[path[last]]
    gain = before.distance_um(head) - before.distance_um(tail)
    if last + 1 < len(path):
        after = points[path[last + 1]]
        gain += tail.distance_um(after) - head.distance_um(after)
    return gain
