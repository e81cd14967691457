"""The cheapest order there is, by the planner's own model of travel: exact, for small cases only.

The order is free but for what a night demands: one square is imaged ahead of the one exposed, and
the groups of a square are exposed without another square's between them. Held and Karp's recursion
(J. SIAM 10, 1962) gives the paths within squares, and once more the sequence of squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from smartscope.domain.geometry import Point
from smartscope.domain.snapshot import GridPicture, GroupPicture, SquarePicture
from smartscope.domain.travel import TravelModel

Step = tuple[SquarePicture, GroupPicture | None]
#: a cost (s) and, linked backwards to save room, what is done for it
Plan = tuple[float, "Link | None"]


@dataclass(frozen=True, slots=True)
class Link:
    """An act and those after it: a square to image, or one to expose with its path of groups."""

    square: int
    path: tuple[int, ...] | None
    after: Link | None


@dataclass(frozen=True, slots=True)
class _Squares:
    """The squares, with the cheapest path through each one's groups for every pair of ends."""

    pictures: tuple[SquarePicture, ...]
    paths: tuple[dict[tuple[int, int], tuple[float, tuple[int, ...]]], ...]
    model: TravelModel

    def hop_s(self, at: Point, to: Point) -> float:
        return self.model.hop_s(at.distance_um(to))

    def visit_s(self, at: Point, square: int) -> float:
        """What depends on the order when a square is imaged: the way there."""
        return self.model.move_s(at.distance_um(self.pictures[square].stage))

    def group(self, square: int, index: int) -> Point:
        return self.pictures[square].groups[index].centre

    def inside(self, start: Point, square: int) -> Iterator[tuple[float, tuple[int, ...], Point]]:
        """For each group that may be the last: the cost from `start`, the path, and where it ends.

        Only the best first group for each last is kept.
        """
        best: dict[int, tuple[float, tuple[int, ...]]] = {}
        for (first, last), (cost_s, path) in self.paths[square].items():
            whole_s = self.hop_s(start, self.group(square, first)) + cost_s
            if last not in best or whole_s < best[last][0]:
                best[last] = whole_s, path
        for last, (cost_s, path) in best.items():
            yield cost_s, path, self.group(square, last)


def cheapest_steps(grid: GridPicture, start: Point, model: TravelModel) -> list[Step]:
    """Squares to image (group None) and groups to expose, in the order that costs least.

    The work grows as 2^n in squares and in the groups of one: at most about 12 of each.
    """
    squares = _Squares(
        grid.squares,
        tuple(_paths([group.centre for group in each.groups], model) for each in grid.squares),
        model,
    )
    _, link = _begun(squares, start)
    steps: list[Step] = []
    while link is not None:
        square = squares.pictures[link.square]
        if link.path is None:
            steps.append((square, None))
        else:
            steps += [(square, square.groups[index]) for index in link.path]
        link = link.after
    return steps


def _paths(
    points: Sequence[Point], model: TravelModel
) -> dict[tuple[int, int], tuple[float, tuple[int, ...]]]:
    """The cheapest path through all points for each (first, last)."""
    hops = [[model.hop_s(one.distance_um(other)) for other in points] for one in points]
    full = (1 << len(points)) - 1
    found: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {}
    for first in range(len(points)):
        best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {
            (1 << first, first): (0.0, (first,))
        }
        for mask in range(full + 1):
            for last in range(len(points)):
                known = best.get((mask, last))
                if known is None:
                    continue
                for following in range(len(points)):
                    if mask >> following & 1:
                        continue
                    key = mask | 1 << following, following
                    cost_s = known[0] + hops[last][following]
                    if key not in best or cost_s < best[key][0]:
                        best[key] = cost_s, (*known[1], following)
        for last in range(len(points)):
            if (full, last) in best:
                found[first, last] = best[full, last]
    return found


def _begun(squares: _Squares, start: Point) -> Plan:
    """The best of all pairs of squares to image first."""
    count = len(squares.pictures)
    onwards = _onwards(squares)
    best: Plan = (math.inf, None)
    for first in range(count):
        for second in range(count):
            if first == second:
                continue
            way_s = squares.visit_s(start, first)
            way_s += squares.visit_s(squares.pictures[first].stage, second)
            rest_s, link = onwards(1 << first | 1 << second, first, second)
            if way_s + rest_s < best[0]:
                best = way_s + rest_s, Link(first, None, Link(second, None, link))
    return best


def _onwards(squares: _Squares) -> Callable[[int, int, int], Plan]:
    """From (squares imaged, the one that waits, the one imaged last): the cheapest way to end."""
    count = len(squares.pictures)
    full = (1 << count) - 1

    @cache
    def leave(centre: int, exposed: int, to: int) -> tuple[float, tuple[int, ...]]:
        """From the middle of `centre` through the groups of `exposed` to image `to`."""
        start = squares.pictures[centre].stage
        return min(
            (cost_s + squares.visit_s(end, to), path)
            for cost_s, path, end in squares.inside(start, exposed)
        )

    def finish(centre: int, exposed: int, last: int) -> Plan:
        """Both squares left are exposed, `exposed` first."""
        start = squares.pictures[centre].stage
        cost_s, path, after = min(
            (cost_s + more_s, path, after)
            for cost_s, path, end in squares.inside(start, exposed)
            for more_s, after, _ in squares.inside(end, last)
        )
        return cost_s, Link(exposed, path, Link(last, after, None))

    @cache
    def rest(mask: int, waiting: int, here: int) -> Plan:
        if mask == full:
            return min(finish(here, here, waiting), finish(here, waiting, here), key=_cost)
        best: Plan = (math.inf, None)
        for to in range(count):
            if mask >> to & 1:
                continue
            for exposed, left in ((here, waiting), (waiting, here)):
                cost_s, path = leave(here, exposed, to)
                more_s, link = rest(mask | 1 << to, left, to)
                if cost_s + more_s < best[0]:
                    best = cost_s + more_s, Link(exposed, path, Link(to, None, link))
        return best

    return rest


def _cost(plan: Plan) -> float:
    return plan[0]
