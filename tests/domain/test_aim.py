"""Exposures sample the ice across a hole, always at the same place, and never the film."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.aim import BEAM_RADIUS_UM, FARTHEST, aim
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import CollectionProtocol

CENTRE = Point(12.0, -7.0)
SCREENING = CollectionProtocol(holes_per_square=3)
keys = st.tuples(st.integers(1, 12), st.integers(1, 99), st.integers(1, 999))


@given(radius_um=st.floats(0.1, 3.0), key=keys)
def test_the_beam_stays_within_the_hole_wherever_it_fits(
    radius_um: float, key: tuple[int, ...]
) -> None:
    off_um = CENTRE.distance_um(aim(CENTRE, radius_um, SCREENING, key=key))
    assert off_um <= max(0.0, radius_um - BEAM_RADIUS_UM) + 1e-9
    assert off_um <= FARTHEST * radius_um + 1e-9


def test_offsets_fill_the_room_there_is() -> None:
    off_um = [CENTRE.distance_um(aim(CENTRE, 1.0, SCREENING, key=(1, 1, n))) for n in range(400)]
    assert max(off_um) > 0.48
    assert 0.29 < sum(off_um) / len(off_um) < 0.37


@given(key=keys)
def test_the_same_hole_is_aimed_at_alike(key: tuple[int, ...]) -> None:
    first, second = (aim(CENTRE, 0.6, SCREENING, key=key) for _ in range(2))
    assert first == second


def test_collecting_aims_at_the_middle_and_a_given_distance_is_kept() -> None:
    collecting = CollectionProtocol(holes_per_square=0)
    assert aim(CENTRE, 0.6, collecting, key=(1, 2, 3)) == CENTRE
    beside = CollectionProtocol(holes_per_square=3, offset_distance_um=0.5)
    assert CENTRE.distance_um(aim(CENTRE, 0.6, beside, key=(1, 2, 3))) == pytest.approx(0.5)
