"""Paths visit every target once, are cheap, and are the same however targets are listed."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.domain.geometry import Point
from smartscope.domain.ordering import Stop, best_order, length_um
from smartscope.domain.travel import TravelModel

MODEL = TravelModel()
ORIGIN = Point(0.0, 0.0)
coordinates = st.floats(-900, 900)
points = st.lists(st.builds(Point, coordinates, coordinates), max_size=25)


def stops_at(targets: list[Point], square: object = None) -> list[Stop]:
    """One stop at each point, numbered in this order."""
    return [Stop(point, number, square) for number, point in enumerate(targets)]


def scattered(count: int, seed: int, side_um: float = 75.0) -> list[Point]:
    """Points all over a square field."""
    chance = random.Random(seed)
    return [Point(chance.uniform(0, side_um), chance.uniform(0, side_um)) for _ in range(count)]


def travel_s(start: Point, ordered: list[Stop]) -> float:
    """What the open path through the stops of one square costs, in their order."""
    places = [start, *(stop.at for stop in ordered)]
    return sum(MODEL.hop_s(a.distance_um(b)) for a, b in itertools.pairwise(places))


def cost_s(order: list[int], stops: list[Stop], start: Point = ORIGIN) -> float:
    """Travel time in the order given, from the first stop's own square."""
    return travel_s(start, [stops[i] for i in order])


@given(start=st.builds(Point, coordinates, coordinates), targets=points)
def test_a_path_visits_every_target_once(start: Point, targets: list[Point]) -> None:
    assert sorted(best_order(start, stops_at(targets), MODEL)) == list(range(len(targets)))


@settings(deadline=None)
@given(targets=points)
def test_no_reversal_of_a_stretch_makes_a_path_cheaper(targets: list[Point]) -> None:
    stops = stops_at(targets)
    path = best_order(ORIGIN, stops, MODEL)
    best = cost_s(path, stops)
    for first in range(len(path)):
        for last in range(first + 1, len(path)):
            turned = path[:first] + path[first : last + 1][::-1] + path[last + 1 :]
            assert best <= cost_s(turned, stops) + 1e-6


@settings(deadline=None)
@given(targets=points, shuffle=st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_targets_are_listed(
    targets: list[Point], shuffle: random.Random
) -> None:
    stops = stops_at(targets)
    mixed = list(stops)
    shuffle.shuffle(mixed)
    plain = [stops[i].number for i in best_order(ORIGIN, stops, MODEL)]
    assert [mixed[i].number for i in best_order(ORIGIN, mixed, MODEL)] == plain


def serpentine(targets: list[Point], row_um: float) -> list[int]:
    """Rows of this height, every other one backwards."""
    rows = sorted({int(p.y_um // row_um) for p in targets})
    order: list[int] = []
    for turn, row in enumerate(rows):
        along = [i for i, p in enumerate(targets) if int(p.y_um // row_um) == row]
        along.sort(key=lambda i: targets[i].x_um, reverse=turn % 2 == 1)
        order += along
    return order


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [4, 12, 40, 104])
def test_no_serpentine_is_shorter(count: int, seed: int) -> None:
    targets = scattered(count, seed)
    stops = stops_at(targets)
    best = cost_s(best_order(ORIGIN, stops, MODEL), stops)
    for row_um in (5.0, 7.5, 10.0, 15.0):
        assert best <= cost_s(serpentine(targets, row_um), stops) + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_deciding_anew_at_every_target_keeps_the_path(seed: int) -> None:
    """Nothing is remembered, yet what is really travelled is what was first planned, or less."""
    stops = stops_at(scattered(40, seed))
    planned = cost_s(best_order(ORIGIN, stops, MODEL), stops)
    at, left, travelled = ORIGIN, list(stops), 0.0
    while left:
        following = left[best_order(at, left, MODEL)[0]]
        travelled += travel_s(at, [following])
        at = following.at
        left.remove(following)
    assert travelled <= 1.01 * planned


def test_one_target_less_leaves_the_way_to_the_others() -> None:
    stops = stops_at(scattered(30, 3))
    order = [stops[i].number for i in best_order(ORIGIN, stops, MODEL)]
    gone = order[-1]
    rest = [stop for stop in stops if stop.number != gone]
    again = [rest[i].number for i in best_order(ORIGIN, rest, MODEL)]
    assert again[:10] == order[:10]


def test_a_square_is_finished_before_the_next_is_begun() -> None:
    left = [Stop(Point(x, y), 10 * x + y, "left") for x in range(4) for y in range(4)]
    right = [Stop(Point(80.0 + s.at.x_um, s.at.y_um), 100 + s.number, "right") for s in left]
    stops = [*left, *right]
    order = [stops[i].square for i in best_order(Point(40.0, 0.0), stops, MODEL, here="right")]
    assert order == ["right"] * 16 + ["left"] * 16


def test_the_path_ends_towards_where_it_goes_on() -> None:
    stops = stops_at([Point(float(x), 0.0) for x in (10, 20, 30, -10, -20, -30)])
    to_the_left = best_order(ORIGIN, stops, MODEL, end=Point(-400.0, 0.0))
    to_the_right = best_order(ORIGIN, stops, MODEL, end=Point(400.0, 0.0))
    assert stops[to_the_left[-1]].at.x_um < 0 < stops[to_the_right[-1]].at.x_um


def test_the_thousandth_target_does_not_hold_up_the_decision() -> None:
    stops = stops_at(scattered(5000, 1, side_um=900.0))
    started = time.process_time()
    order = best_order(ORIGIN, stops, MODEL)
    assert sorted(order) == list(range(5000))
    # ten times what it takes on a quiet machine: a square-law search would take minutes
    assert time.process_time() - started < 1.0


def test_lengths_are_those_of_the_open_path() -> None:
    stops = stops_at([Point(3.0, 4.0), Point(3.0, 10.0)])
    assert length_um(ORIGIN, stops) == pytest.approx(11.0)
