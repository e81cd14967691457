"""Paths visit every target once and are never longer than visiting by number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.geometry import Point
from smartscope.domain.ordering import length_um, nearest_first

coordinates = st.floats(-900, 900)
points = st.lists(st.builds(Point, coordinates, coordinates), max_size=25)


@given(start=st.builds(Point, coordinates, coordinates), targets=points)
def test_a_path_visits_every_target_once(start: Point, targets: list[Point]) -> None:
    path = nearest_first(start, [(point, n) for n, point in enumerate(targets)])
    assert sorted(path) == list(range(len(targets)))


@given(targets=points)
def test_no_reversal_of_a_stretch_shortens_a_path(targets: list[Point]) -> None:
    start = Point(0.0, 0.0)
    path = nearest_first(start, [(point, n) for n, point in enumerate(targets)])
    best = length_um(start, targets, path)
    for first in range(len(path)):
        for last in range(first + 1, len(path)):
            turned = path[:first] + path[first : last + 1][::-1] + path[last + 1 :]
            assert best <= length_um(start, targets, turned) + 1e-6


def test_the_order_does_not_depend_on_how_targets_are_listed() -> None:
    targets = [(Point(float(x), float(y)), 10 * x + y) for x in range(4) for y in range(4)]
    forwards = [targets[i][1] for i in nearest_first(Point(0, 0), targets)]
    backwards = [targets[::-1][i][1] for i in nearest_first(Point(0, 0), targets[::-1])]
    assert forwards == backwards
