"""The planner's model of travel has the simulated stage's own numbers: the domain may not import
them.
"""

from __future__ import annotations

import pytest

from smartscope.domain.travel import TravelModel
from smartscope.microscope.simulator.durations import DURATIONS, Operation
from smartscope.microscope.simulator.stage_motion import (
    DRIFT_DECAY_S,
    drift_start_angstrom_per_s,
    move_median_s,
)


@pytest.mark.parametrize("distance_um", [0.0, 2.5, 9.0, 83.0, 300.0, 1500.0])
def test_planned_moves_take_what_simulated_ones_do(distance_um: float) -> None:
    model = TravelModel(settle_s=DURATIONS[Operation.SETTLE].median_s)
    settled_s = move_median_s(distance_um) + DURATIONS[Operation.SETTLE].median_s
    assert model.move_s(distance_um) == pytest.approx(settled_s, abs=0.05)


@pytest.mark.parametrize("distance_um", [1.0, 9.0, 83.0, 300.0, 1500.0])
def test_planned_drift_begins_as_the_simulated(distance_um: float) -> None:
    model = TravelModel(drift_limit_angstrom_per_s=1.0)
    start = 2.718281828459045 ** (model.drift_s(distance_um) / DRIFT_DECAY_S)
    assert start == pytest.approx(drift_start_angstrom_per_s(distance_um), rel=0.01)
