"""Fields of one hole: within it, off each other's beams, as many as fit."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.errors import InvalidInput
from smartscope.domain.multishot import HoleGeometry, best_pattern

geometries = st.builds(
    HoleGeometry,
    hole_radius_um=st.floats(0.3, 2.0),
    beam_radius_um=st.floats(0.15, 0.8),
    half_diagonal_um=st.floats(0.05, 0.19),
    edge_um=st.floats(0.0, 0.1),
    overlap_um=st.floats(0.0, 0.2),
)


@given(geometries, st.one_of(st.none(), st.integers(1, 9)))
def test_no_beam_touches_another_field_and_all_lie_in_the_hole(
    geometry: HoleGeometry, most: int | None
) -> None:
    pattern = best_pattern(geometry, most_fields=most)
    places = pattern.offsets_um()
    assert len(places) == pattern.fields
    assert most is None or pattern.fields <= most
    farthest = geometry.hole_radius_um - geometry.edge_um - geometry.half_diagonal_um
    assert all(math.hypot(*place) <= farthest + 1e-6 for place in places)
    for one, other in combinations(places, 2):
        apart = math.dist(one, other)
        assert apart >= geometry.beam_radius_um + geometry.half_diagonal_um - 1e-6
        assert apart >= 2 * geometry.beam_radius_um - geometry.overlap_um - 1e-6


def test_a_wider_hole_takes_more_and_a_centre_where_there_is_room() -> None:
    def fields(radius_um: float) -> int:
        return best_pattern(
            HoleGeometry(hole_radius_um=radius_um, beam_radius_um=0.25, half_diagonal_um=0.2)
        ).fields

    assert [fields(radius) for radius in (0.35, 0.6, 0.7, 1.0)] == [1, 3, 4, 9]


def test_of_equal_patterns_the_shortest_shift_is_taken() -> None:
    geometry = HoleGeometry(hole_radius_um=1.0, beam_radius_um=0.25, half_diagonal_um=0.2)
    pattern = best_pattern(geometry, most_fields=4)
    assert (pattern.ring, pattern.centre) == (4, False)
    assert pattern.radius_um == pytest.approx(0.25 / math.sin(math.pi / 4))


def test_a_field_larger_than_the_hole_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="magnify more"):
        best_pattern(HoleGeometry(hole_radius_um=0.2, beam_radius_um=0.3, half_diagonal_um=0.3))
