"""Impossible parameters are named one by one; possible ones pass untouched."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.errors import InvalidInput
from smartscope.domain.protocol import (
    LIMITS,
    CollectionProtocol,
    GridDescription,
    Mode,
    check,
    check_grid,
)


def test_the_defaults_can_be_run() -> None:
    assert check(CollectionProtocol()) == CollectionProtocol()


@given(
    name=st.sampled_from(sorted(LIMITS)),
    excess=st.sampled_from([-1e6, 1e6, math.inf, -math.inf, math.nan]),
)
def test_a_value_outside_its_limits_is_named(name: str, excess: float) -> None:
    changes: dict[str, Any] = {name: excess}
    with pytest.raises(InvalidInput) as caught:
        check(replace(CollectionProtocol(), **changes))
    assert name in caught.value.problems


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"defocus_min_um": 3.0, "defocus_max_um": 1.0}, "defocus_max_um"),
        ({"ice_min_nm": 80.0, "ice_max_nm": 40.0}, "ice_max_nm"),
        ({"min_group_size": 4}, "min_group_size"),
    ],
)
def test_parameters_that_contradict_each_other_are_named(
    changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named):
        check(replace(CollectionProtocol(), **changes))


def test_defocus_cycles_from_min_to_max_by_step() -> None:
    protocol = CollectionProtocol(defocus_min_um=1.0, defocus_max_um=1.5, defocus_step_um=0.25)
    assert [protocol.defocus_um(n) for n in range(4)] == [1.0, 1.25, 1.5, 1.0]


@pytest.mark.parametrize(
    ("protocol", "mode", "offset"),
    [
        (CollectionProtocol(), Mode.SCREENING, True),
        (CollectionProtocol(holes_per_square=0), Mode.COLLECTION, False),
        (CollectionProtocol(holes_per_square=0, offset_targeting=True), Mode.COLLECTION, True),
        (CollectionProtocol(atlas_only=True), Mode.ATLAS_ONLY, False),
    ],
)
def test_targets_are_offset_when_screening_unless_told_otherwise(
    protocol: CollectionProtocol, mode: Mode, offset: bool
) -> None:
    assert (protocol.mode, protocol.offsets_targets) == (mode, offset)


def test_an_unknown_grid_type_is_refused_with_the_known_ones() -> None:
    grid = GridDescription(name="a", position=13, hole_type="R9/9", mesh="500")
    with pytest.raises(InvalidInput) as caught:
        check_grid(grid, slots=12)
    assert set(caught.value.problems) == {"hole_type", "mesh", "position"}
    assert "R1.2/1.3" in caught.value.problems["hole_type"]
