"""Time moves only when it is spent, by the same amount at every speed."""

from __future__ import annotations

import pytest

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.clock import SimulatedClock, speed_of


def test_the_instant_clock_jumps_without_sleeping() -> None:
    slept: list[float] = []
    clock = SimulatedClock(100.0, sleep=slept.append)
    clock.spend(30.0)
    clock.wait_until(200.0)
    assert clock.now() == 200.0
    assert slept == []


def test_a_compressed_clock_sleeps_its_share_and_shows_the_same_time() -> None:
    slept: list[float] = []
    clock = SimulatedClock(100.0, speed=60.0, sleep=slept.append)
    clock.spend(30.0)
    assert clock.now() == 130.0
    assert slept == [pytest.approx(0.5)]


def test_rendering_counts_towards_the_wait() -> None:
    slept: list[float] = []
    clock = SimulatedClock(0.0, speed=10.0, sleep=slept.append)
    clock.spend(10.0, already_worked_s=0.4)
    clock.spend(10.0, already_worked_s=5.0)
    assert slept == [pytest.approx(0.6)]
    assert clock.now() == 20.0


def test_the_clock_never_runs_backwards() -> None:
    clock = SimulatedClock(100.0)
    clock.wait_until(50.0)
    clock.spend(-5.0)
    clock.catch_up(20.0)
    assert clock.now() == 100.0


@pytest.mark.parametrize("setting", ["fast", 0, -3, True, None])
def test_a_speed_that_is_none_is_refused(setting: object) -> None:
    with pytest.raises(BadInstrumentSettings, match="clock is"):
        speed_of(setting)
