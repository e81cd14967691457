"""Ice classes over a whole grid and what they reject."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartscope.analysis.base import FloatArray
from smartscope.analysis.detection.clusters import best_partition, partition
from smartscope.analysis.detection.ice_classes import BadClusterRequest
from smartscope.analysis.pipeline import cluster_holes


def least_error_by_trying_all(values: FloatArray, k: int) -> float:
    """The squared error of the best split into k intervals, by trying every one."""
    ordered = np.sort(values)
    errors = []
    for cuts in combinations(range(1, len(ordered)), k - 1):
        parts = np.split(ordered, cuts)
        errors.append(sum(float(((part - part.mean()) ** 2).sum()) for part in parts))
    return min(errors)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-3, 3, width=32), min_size=4, max_size=11, unique=True),
    st.integers(1, 4),
)
def test_the_partition_is_the_best_there_is(numbers: list[float], clusters: int) -> None:
    values = np.array(numbers, dtype=np.float64)
    found = partition(values, clusters)
    best = least_error_by_trying_all(values, clusters)
    assert found.squared_error == pytest.approx(best, abs=1e-9)


def test_one_even_distribution_is_one_cluster_and_nothing_is_rejected() -> None:
    random = np.random.default_rng(5)
    even = np.exp(random.normal(-0.15, 0.03, 800))
    assert len(best_partition(np.log(even))) == 1
    for clusters in (None, 4):
        assert cluster_holes(even.tolist(), clusters=clusters).rejected == {}


def test_a_dark_tail_standing_apart_is_rejected() -> None:
    random = np.random.default_rng(6)
    good, dark = random.normal(-0.15, 0.02, 300), random.normal(-0.6, 0.05, 30)
    found = cluster_holes(np.exp(np.concatenate([good, dark])).tolist())
    assert set(found.rejected) == set(range(300, 330))
    assert set(found.rejected.values()) == {"darkest"}
    assert found.ashman_d is not None
    assert found.ashman_d > 2


def test_the_published_rule_always_rejects_the_darkest() -> None:
    random = np.random.default_rng(7)
    even = np.exp(random.normal(-0.15, 0.03, 400)).tolist()
    found = cluster_holes(even, clusters=4, rejection="always")
    assert sum(found.population) == 400
    assert len(found.rejected) == found.population[0] > 0


def test_empty_holes_are_their_own_class_and_unknown_ones_stay_out() -> None:
    found = cluster_holes(
        [0.99, None, 0.8, 0.81, 0.79], thicknesses_nm=[1.0, None, 66.0, 63.0, 70.0]
    )
    assert found.rejected == {0: "empty"}
    assert found.cluster[:2] == (None, None)


def test_ice_beyond_the_limit_is_rejected_even_when_all_alike() -> None:
    greys = [0.5 + 0.001 * n for n in range(20)]
    found = cluster_holes(greys, thicknesses_nm=[200.0] * 20, clusters=1, thickness_limit_nm=100.0)
    assert set(found.rejected.values()) == {"thick"}
    assert len(found.rejected) == 20


def test_no_holes_make_no_clusters() -> None:
    assert cluster_holes([]).population == ()


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadClusterRequest):
        cluster_holes([0.5], rejection="sometimes")
