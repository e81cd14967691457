"""Limits are exact, nothing is lost silently, and the plan does not depend on the order of
holes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.analysis.base import FloatArray
from smartscope.analysis.grouping.plan import BadGroupingRequest, Grouping, HoleGroup, group_holes
from smartscope.analysis.grouping.reach import Tilt

SHARED = Path(
    os.environ.get("SMARTSCOPE_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")
)
REFERENCE = SHARED / "grouping" / "reference_min_groups.json"


def film(side: int, *, seed: int = 0, missing: float = 0.2) -> FloatArray:
    """A square lattice of pitch 2.5 µm with holes left out."""
    random = np.random.default_rng(seed)
    i, j = np.meshgrid(np.arange(side), np.arange(side))
    points = 2.5 * np.column_stack([i.ravel(), j.ravel()]) + random.normal(0, 0.03, (side**2, 2))
    return np.asarray(points[random.random(side**2) > missing])


def members(plan: Grouping) -> list[int]:
    """Every grouped hole, in order, with repeats if there were any."""
    return sorted(member for group in plan.groups for member in group.members)


def assert_exact(
    plan: Grouping, positions: FloatArray, radius: float, smallest: int, largest: int
) -> None:
    """Every promise of the plan that does not depend on how good it is."""
    grouped, dropped = members(plan), [hole for hole, _ in plan.dropped]
    assert sorted(grouped + dropped) == list(range(len(positions)))
    for group in plan.groups:
        assert group.centre in group.members
        assert smallest <= len(group.members) <= largest
        shifts = np.linalg.norm(positions[list(group.members)] - positions[group.centre], axis=1)
        assert shifts.max() <= radius + 1e-6


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40, unique=True),
    st.sampled_from([1.0, 1.5, 2.3, 4.0]),
    st.integers(1, 5),
    st.integers(0, 6),
)
def test_limits_are_honoured_for_any_holes(
    places: list[tuple[int, int]], radius: float, smallest: int, extra: int
) -> None:
    positions = np.array(places, dtype=np.float64).reshape(-1, 2)
    largest = smallest + extra
    plan = group_holes(positions, radius_um=radius, min_size=smallest, max_size=largest)
    assert_exact(plan, positions, radius, smallest, largest)


def test_without_minimum_every_hole_is_covered() -> None:
    positions = film(12)
    plan = group_holes(positions, radius_um=4.0)
    assert plan.dropped == ()
    assert plan.lower_bound <= len(plan.groups)


def test_the_order_of_holes_does_not_matter() -> None:
    positions = film(9, seed=3)
    shuffle = np.random.default_rng(1).permutation(len(positions))
    plain = group_holes(positions, radius_um=4.0, min_size=3)
    mixed = group_holes(positions[shuffle], radius_um=4.0, min_size=3)
    back = {frozenset(int(shuffle[m]) for m in group.members) for group in mixed.groups}
    assert back == {frozenset(group.members) for group in plain.groups}


def test_radius_zero_leaves_every_hole_alone() -> None:
    plan = group_holes(film(4), radius_um=0.0, min_size=5)
    assert all(group.members == (group.centre,) for group in plan.groups)
    assert plan.dropped == ()


def test_dropped_holes_say_why() -> None:
    positions = np.array([[0.0, 0], [2, 0], [4, 0], [50, 0], [90, 0], [92, 0], [4, 2]])
    weights = np.array([1.0, 1, 1, 1, 1, 1, 0])
    plan = group_holes(positions, radius_um=3.0, min_size=3, weights=weights)
    reasons = dict(plan.dropped)
    assert reasons == {3: "isolated", 4: "min_group_size", 5: "min_group_size", 6: "excluded"}


def test_fixed_groups_stay_and_their_holes_are_not_given_again() -> None:
    positions = film(6)
    fixed = HoleGroup(0, (0, 1, 2))
    plan = group_holes(positions, radius_um=4.0, fixed=[fixed])
    assert fixed in plan.groups
    assert members(plan) == list(range(len(positions)))


def test_a_maximum_size_opens_more_groups_and_loses_nothing() -> None:
    positions = film(10)
    plan = group_holes(positions, radius_um=8.0, max_size=6)
    assert plan.dropped == ()
    assert max(len(group.members) for group in plan.groups) <= 6
    assert len(plan.groups) <= np.ceil(len(positions) / 6) + 1


def test_tilt_lengthens_reach_across_the_axis_and_focus_limits_it() -> None:
    positions = np.array([[0.0, 0.0], [0.0, 5.0]])
    assert len(group_holes(positions, radius_um=3.0).groups) == 2
    assert len(group_holes(positions, radius_um=3.0, tilt=Tilt(60.0)).groups) == 1
    limited = Tilt(60.0, max_focus_change_um=1.0)
    assert len(group_holes(positions, radius_um=3.0, tilt=limited).groups) == 2


def test_no_holes_are_no_groups() -> None:
    assert group_holes(np.empty((0, 2)), radius_um=4.0, min_size=3).groups == ()


@pytest.mark.parametrize(
    ("radius", "smallest", "largest"),
    [(-1.0, 1, 5), (float("nan"), 1, 5), (4.0, 0, 5), (4.0, 5, 2)],
)
def test_impossible_limits_are_refused(radius: float, smallest: int, largest: int) -> None:
    with pytest.raises(BadGroupingRequest):
        group_holes(film(4), radius_um=radius, min_size=smallest, max_size=largest)


@pytest.mark.skipif(
    not REFERENCE.exists(), reason="the shared data folder is not beside the checkout"
)
def test_plans_are_within_three_percent_of_the_proven_minimum() -> None:
    for case in json.loads(REFERENCE.read_text(encoding="utf-8")):
        if case["n_holes"] > 350:
            continue
        positions = np.load(SHARED / "grouping" / case["lattice"])
        plan = group_holes(positions, radius_um=case["radius_um"])
        assert plan.dropped == ()
        assert len(plan.groups) <= np.ceil(1.03 * case["min_groups_found"])
        assert plan.lower_bound <= case["min_groups_found"]
