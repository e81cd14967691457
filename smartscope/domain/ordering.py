"""Cheap paths over targets: nearest neighbour and rows to and fro, improved by 2-opt and Or-opt.

An open path from where the stage is, weighed in seconds of travel. Nothing is remembered: the
order is found anew from the present position at every decision, in pure Python; ties go to the
lower number, so equal input gives equal output, however it is listed.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.domain.travel import TravelModel

#: beyond this many targets only the nearest so many are put in order; the others follow
MOST_IN_ONE_PATH = 150
#: candidates each target is joined to while a path is improved
NEIGHBOURS = 8
#: longest stretch that Or-opt moves elsewhere
LONGEST_STRETCH = 3
LEAST_GAIN_S = 1e-9

Costs = list[list[float]]


@dataclass(frozen=True, slots=True)
class Stop:
    """A target: where, its number (ties), and the square it lies in."""

    at: Point
    number: int
    square: Hashable = None
    first_visit: bool = False


def best_order(
    start: Point,
    stops: Sequence[Stop],
    model: TravelModel,
    *,
    here: Hashable = None,
    end: Point | None = None,
) -> list[int]:
    """Indices into `stops` in visiting order from `start`, which lies in the square `here`.

    With an `end` the path is one that leads there: the exit of a square is chosen with its tour.
    """
    by_number = sorted(range(len(stops)), key=lambda i: stops[i].number)
    away_s = [_away_s(start, here, stop, model) for stop in stops]
    by_cost = sorted(by_number, key=away_s.__getitem__)
    near = by_cost[:MOST_IN_ONE_PATH]
    chosen = [stops[index] for index in near]
    costs = _costs(start, here, chosen, end, model)
    neighbours = _neighbours(costs)
    paths = (_nearest_first(costs), *_to_and_fro(chosen))
    improved = [_improved(path, costs, neighbours) for path in paths]
    best = min(improved, key=lambda path: _length_s(path, costs))
    return [near[stop - 1] for stop in best] + by_cost[MOST_IN_ONE_PATH:]


def length_um(start: Point, ordered: Sequence[Stop]) -> float:
    """Length of the open path through the stops in their order, µm."""
    total, at = 0.0, start
    for stop in ordered:
        total += at.distance_um(stop.at)
        at = stop.at
    return total


def _hop_s(at: Point, square: Hashable, stop: Stop, model: TravelModel) -> float:
    hop_s = model.hop_s(at.distance_um(stop.at))
    if square != stop.square:
        hop_s += model.switch_s(first_visit=stop.first_visit)
    return hop_s


def _away_s(start: Point, here: Hashable, stop: Stop, model: TravelModel) -> float:
    """How far a stop is from the start, roughly: what the move and another square add."""
    away_s = start.distance_um(stop.at) / model.stage_speed_um_per_s
    return away_s if stop.square == here else away_s + model.switch_square_s


def _costs(
    start: Point, here: Hashable, stops: Sequence[Stop], end: Point | None, model: TravelModel
) -> Costs:
    """Seconds between start (row 0), stops (1 to n) and the end (n + 1; free without one)."""
    size = len(stops) + 2
    costs = [[0.0] * size for _ in range(size)]
    for i, one in enumerate(stops, start=1):
        costs[0][i] = costs[i][0] = _hop_s(start, here, one, model)
        row, x_um, y_um = costs[i], one.at.x_um, one.at.y_um
        for j in range(i + 1, size - 1):
            other = stops[j - 1]
            hop_s = model.hop_s(math.hypot(x_um - other.at.x_um, y_um - other.at.y_um))
            if one.square != other.square:
                hop_s += model.switch_square_s
            row[j] = costs[j][i] = hop_s
        if end is not None:
            row[-1] = costs[-1][i] = model.hop_s(one.at.distance_um(end))
    return costs


def _neighbours(costs: Costs) -> list[list[int]]:
    """The cheapest stops from each row, the lower number first among equals."""
    stops = range(1, len(costs) - 1)
    return [
        sorted((j for j in stops if j != i), key=row.__getitem__)[:NEIGHBOURS]
        for i, row in enumerate(costs)
    ]


def _nearest_first(costs: Costs) -> list[int]:
    left, path, row = list(range(1, len(costs) - 1)), [], costs[0]
    while left:
        best = min(left, key=row.__getitem__)
        left.remove(best)
        path.append(best)
        row = costs[best]
    return path


def _to_and_fro(stops: Sequence[Stop]) -> tuple[list[int], ...]:
    """Rows as high as targets lie apart, every other one backwards; begun from either end."""
    if len(stops) < 3:
        return ()
    ys = [stop.at.y_um for stop in stops]
    xs = [stop.at.x_um for stop in stops]
    area = (max(xs) - min(xs)) * (max(ys) - min(ys))
    height = math.sqrt(area / len(stops)) or 1.0
    rows: dict[int, list[int]] = {}
    for index, y_um in enumerate(ys, start=1):
        rows.setdefault(int((y_um - min(ys)) / height), []).append(index)
    path: list[int] = []
    for turn, row in enumerate(sorted(rows)):
        along = sorted(rows[row], key=lambda i: (xs[i - 1], i))
        path += along if turn % 2 == 0 else along[::-1]
    return path, path[::-1]


def _length_s(path: Sequence[int], costs: Costs) -> float:
    total, last = 0.0, 0
    for stop in path:
        total += costs[last][stop]
        last = stop
    return total + costs[last][-1]


def _improved(path: list[int], costs: Costs, neighbours: list[list[int]]) -> list[int]:
    """2-opt and Or-opt among near stops, then 2-opt among all, until neither helps."""
    tour = [0, *path, len(costs) - 1]
    while True:
        while _turn_near(tour, costs, neighbours) or _move_stretch(tour, costs, neighbours):
            pass
        if not _turn_any(tour, costs):
            return tour[1:-1]


def _turn_near(tour: list[int], costs: Costs, neighbours: list[list[int]]) -> bool:
    """One pass of 2-opt over joins of near stops; whether anything was gained."""
    at = _places(tour)
    gained = False
    for i in range(len(tour) - 2):
        here, after = tour[i], tour[i + 1]
        leave_s = costs[here][after]
        for other in neighbours[here]:
            if costs[here][other] >= leave_s:
                break
            j = at[other]
            if j <= i + 1:
                continue
            beyond = tour[j + 1]
            gain = leave_s + costs[other][beyond] - costs[here][other] - costs[after][beyond]
            if gain > LEAST_GAIN_S:
                tour[i + 1 : j + 1] = tour[i + 1 : j + 1][::-1]
                at = _places(tour)
                gained = True
                break
    return gained


def _turn_any(tour: list[int], costs: Costs) -> bool:
    """One pass of 2-opt over all pairs; whether anything was gained."""
    gained = False
    last = len(tour) - 1
    for i in range(last - 1):
        here_row, after_row = costs[tour[i]], costs[tour[i + 1]]
        leave_s = here_row[tour[i + 1]]
        for j in range(i + 2, last):
            stop, beyond = tour[j], tour[j + 1]
            gain = leave_s + costs[stop][beyond] - here_row[stop] - after_row[beyond]
            if gain > LEAST_GAIN_S:
                tour[i + 1 : j + 1] = tour[i + 1 : j + 1][::-1]
                gained = True
                after_row = costs[tour[i + 1]]
                leave_s = here_row[tour[i + 1]]
    return gained


def _move_stretch(tour: list[int], costs: Costs, neighbours: list[list[int]]) -> bool:
    """One pass of Or-opt: up to three stops go beside a near stop; whether anything was gained."""
    at = _places(tour)
    gained = False
    for stop in range(1, len(costs) - 1):
        for size in range(1, LONGEST_STRETCH + 1):
            first = at[stop]
            last = first + size - 1
            if last >= len(tour) - 1:
                break
            place = _better_place(tour, at, costs, neighbours[stop], (first, last))
            if place is not None:
                tour[:] = place
                at = _places(tour)
                gained = True
    return gained


def _better_place(
    tour: list[int], at: list[int], costs: Costs, near: list[int], span: tuple[int, int]
) -> list[int] | None:
    """The tour with a stretch moved beside a stop near its head, where that gains."""
    first, last = span
    head, tail = tour[first], tour[last]
    before, after = tour[first - 1], tour[last + 1]
    freed_s = costs[before][head] + costs[tail][after] - costs[before][after]
    for other in near:
        if costs[head][other] >= freed_s:
            return None
        place = at[other]
        if first <= place <= last:
            continue
        behind = tour[place + 1]
        ahead = tour[place - 1]
        if place != first - 1:
            cost = costs[other][head] + costs[tail][behind] - costs[other][behind]
            if freed_s - cost > LEAST_GAIN_S:
                return _moved(tour, span, place + 1, turned=False)
        if place != last + 1:
            cost = costs[ahead][tail] + costs[head][other] - costs[ahead][other]
            if freed_s - cost > LEAST_GAIN_S:
                return _moved(tour, span, place, turned=True)
    return None


def _moved(tour: list[int], span: tuple[int, int], to: int, *, turned: bool) -> list[int]:
    """The tour with a stretch taken out and put before what stood at `to`."""
    first, last = span
    stretch = tour[first : last + 1]
    rest = tour[:first] + tour[last + 1 :]
    place = to if to <= first else to - len(stretch)
    return rest[:place] + (stretch[::-1] if turned else stretch) + rest[place:]


def _places(tour: list[int]) -> list[int]:
    at = [0] * len(tour)
    for place, stop in enumerate(tour):
        at[stop] = place
    return at
