"""What is called proven is the best of all plans that can be written down."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.exact import best_cover, best_plan, cover_bound
from smartscope.analysis.grouping.plan import group_holes
from smartscope.analysis.grouping.reach import Tilt, reach

few_places = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=9, unique=True
)


def fewest_by_trying_all(positions: FloatArray, radius: float) -> int:
    """The least number of holes whose surroundings hold all holes."""
    near = np.linalg.norm(positions[:, None] - positions[None], axis=2) <= radius
    for size in range(1, len(positions) + 1):
        for centres in combinations(range(len(positions)), size):
            if near[list(centres)].any(axis=0).all():
                return size
    raise AssertionError("every hole covers itself")


@settings(deadline=None, max_examples=40)
@given(few_places, st.sampled_from([1.0, 2.0, 3.1]))
def test_small_plans_are_the_fewest_there_are(places: list[tuple[int, int]], radius: float) -> None:
    positions = np.array(places, dtype=np.float64)
    plan = group_holes(positions, radius_um=radius)
    assert len(plan.groups) == plan.lower_bound == fewest_by_trying_all(positions, radius)


def most_kept_by_trying_all(positions: FloatArray, radius: float, smallest: int) -> int:
    """The most holes that fit into groups of at least `smallest`, by depth-first trial."""
    near = np.linalg.norm(positions[:, None] - positions[None], axis=2) <= radius
    count, best = len(positions), 0
    for size in range(count // smallest + 1):
        for centres in combinations(range(count), size):
            best = max(best, _kept(near, centres, smallest))
    return best


def _kept(near: np.ndarray, centres: tuple[int, ...], smallest: int) -> int:
    """Holes kept by these centres, 0 when they cannot all be filled (augmenting paths)."""
    seats = [centre for centre in centres for _ in range(smallest - 1)]
    others = [hole for hole in range(len(near)) if hole not in centres]
    holder: dict[int, int] = {}

    def seat(hole: int, tried: set[int]) -> bool:
        for number, centre in enumerate(seats):
            if near[centre, hole] and number not in tried:
                tried.add(number)
                if number not in holder or seat(holder[number], tried):
                    holder[number] = hole
                    return True
        return False

    filled = sum(seat(hole, set()) for hole in others)
    if filled < len(seats):
        return 0
    return len(centres) + sum(bool(near[list(centres), hole].any()) for hole in others)


@settings(deadline=None, max_examples=25)
@given(few_places, st.sampled_from([1.5, 2.3]), st.integers(2, 4))
def test_with_a_minimum_size_no_plan_keeps_more(
    places: list[tuple[int, int]], radius: float, smallest: int
) -> None:
    positions = np.array(places, dtype=np.float64)
    plan = group_holes(positions, radius_um=radius, min_size=smallest)
    kept = sum(len(group.members) for group in plan.groups)
    assert kept == most_kept_by_trying_all(positions, radius, smallest)


def test_weights_decide_who_is_dropped() -> None:
    positions = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [4, 0]])
    weights = np.array([5.0, 1, 1, 1, 1])
    plan = group_holes(positions, radius_um=1.0, min_size=3, max_size=3, weights=weights)
    assert [group.members for group in plan.groups] == [(0, 1, 2)]


def test_a_search_cut_off_proves_nothing() -> None:
    random = np.random.default_rng(3)
    positions = random.uniform(0, 60, (260, 2))
    graph = reach(positions, 8.0, Tilt())
    every = np.ones(len(graph), dtype=np.bool_)
    bound = cover_bound(graph, every)
    assert best_cover(graph, every, fewer_than=bound, nodes=50) is not None
    plan = group_holes(positions, radius_um=8.0)
    assert plan.lower_bound >= bound
    cut = best_plan(graph, np.ones(260), every, min_size=3, max_size=6, nodes=0)
    assert cut is None or len(np.unique(cut.assigned)) >= bound


def test_no_group_is_longer_reached_than_its_members_middle_allows() -> None:
    positions = np.array([[0.0, 0], [2, 0], [4, 0]])
    plan = group_holes(positions, radius_um=4.0)
    assert [(group.centre, group.members) for group in plan.groups] == [(1, (0, 1, 2))]


def test_what_the_instrument_cannot_shift_is_called_so() -> None:
    positions = np.array([[0.0, 0], [3, 0], [40, 0]])
    plan = group_holes(positions, radius_um=4.0, max_shift_um=2.0, min_size=2)
    assert dict(plan.dropped) == {0: "shift_limit", 1: "shift_limit", 2: "isolated"}
    tilted = Tilt(60.0, 90.0, max_focus_change_um=1.0)
    plan = group_holes(positions, radius_um=4.0, tilt=tilted, min_size=2)
    assert dict(plan.dropped) == {0: "shift_limit", 1: "shift_limit", 2: "isolated"}


def test_a_place_between_holes_may_be_a_centre_when_offered() -> None:
    positions = np.array([[0.0, 0], [3, 0], [0, 3], [3, 3]])
    middle = np.array([[1.5, 1.5]])
    plan = group_holes(positions, radius_um=2.5, any_node_um=middle)
    assert [(group.centre, group.members) for group in plan.groups] == [(4, (0, 1, 2, 3))]
    assert len(group_holes(positions, radius_um=2.5).groups) == 4


def test_a_tight_maximum_loses_no_hole_of_a_large_film() -> None:
    i, j = np.meshgrid(np.arange(20.0), np.arange(20.0))
    positions = 2.5 * np.column_stack([i.ravel(), j.ravel()])
    plan = group_holes(positions, radius_um=8.0, max_size=6)
    assert plan.dropped == ()
    assert max(len(group.members) for group in plan.groups) <= 6
    assert len(plan.groups) <= 1.25 * 400 / 6


@pytest.mark.parametrize("pitch", [0.0, 1e-3])
def test_holes_on_top_of_one_another_are_one_group(pitch: float) -> None:
    positions = np.column_stack([pitch * np.arange(5.0), np.zeros(5)])
    assert len(group_holes(positions, radius_um=1.0).groups) == 1
