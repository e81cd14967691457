"""A lost map is taken once more only while its area's dose stays small."""

from __future__ import annotations

import pytest

from smartscope.domain.map_dose import may_map_again


@pytest.mark.parametrize(
    ("lost", "record", "again"),
    [
        ((), 40.0, True),
        ((0.05,), 40.0, True),
        ((1.0,), 40.0, True),
        ((1.01,), 40.0, False),
        ((0.6, 0.6, 0.6), 40.0, False),
        ((0.05,), 1.0, False),
        ((0.1, 1.0), 40.0, False),
    ],
)
def test_all_maps_together_take_at_most_a_twentieth_of_an_exposure(
    lost: tuple[float, ...], record: float, again: bool
) -> None:
    assert may_map_again(lost, record_e_per_a2=record) is again
