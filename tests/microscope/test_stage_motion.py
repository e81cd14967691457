"""A long way takes the stage longer than a short one and leaves more drift behind."""

from __future__ import annotations

import math
from statistics import median

import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.durations import DURATIONS, Operation
from smartscope.microscope.simulator.stage_motion import (
    DRIFT_RANGE,
    drift_start_angstrom_per_s,
    move_median_s,
)
from tests.microscope.rig import Rig


def moves_of(rig: Rig, distance_um: float, count: int = 60) -> tuple[list[float], list[float]]:
    """Durations (s) of moves to and fro, and the drift (Å/s) right after each."""
    took, drifts = [], []
    for number in range(count):
        x = 0.5 * distance_um * (1 if number % 2 else -1)
        # a new place each time, so that each has its own drift
        before_s = rig.clock.now()
        rig.microscope.stage.move_to(Point(x, 0.02 * number))
        if number:
            took.append(rig.clock.now() - before_s)
            drifts.append(math.hypot(*rig.scope.drift_angstrom_per_s()))
    return took, drifts


def test_known_medians_are_met() -> None:
    assert move_median_s(9.0) == pytest.approx(3.0)
    assert move_median_s(300.0) == pytest.approx(5.5)
    assert DURATIONS[Operation.STAGE_MOVE].median_s == pytest.approx(3.0)


def test_moves_take_what_their_length_asks(rig: Rig) -> None:
    rig.ready()
    settle_s = DURATIONS[Operation.SETTLE].median_s
    near, _ = moves_of(rig, 9.0)
    far, _ = moves_of(rig, 600.0)
    assert median(near) == pytest.approx(3.0 + settle_s, rel=0.12)
    assert median(far) == pytest.approx(move_median_s(600.0) + settle_s, rel=0.12)


def test_a_long_move_leaves_more_drift(rig: Rig) -> None:
    rig.ready()
    rig.clock.wait_until(rig.clock.now() + 3600.0)
    _, near = moves_of(rig, 5.0)
    _, far = moves_of(rig, 600.0)
    assert median(far) > 1.5 * median(near)


def test_recentring_does_not_calm_a_stage_that_came_from_afar(rig: Rig) -> None:
    rig.ready()
    rig.microscope.stage.move_to(Point(-300.0, 0.0))
    rig.microscope.stage.move_to(Point(300.0, 0.0))
    began = rig.scope.world.state.stage
    rig.microscope.stage.move_to(Point(300.5, 0.0))
    stage = rig.scope.world.state.stage
    left = began.drift_start_angstrom_per_s * math.exp(-(stage.moved_at_s - began.moved_at_s) / 14)
    assert stage.drift_start_angstrom_per_s == pytest.approx(left)
    assert left > drift_start_angstrom_per_s(0.5)


@pytest.mark.parametrize("distance_um", [0.0, 1e-6, 2000.0])
def test_drift_stays_in_its_range(distance_um: float) -> None:
    low, high = DRIFT_RANGE
    assert low <= drift_start_angstrom_per_s(distance_um) <= high
