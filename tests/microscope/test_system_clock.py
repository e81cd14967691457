"""The clock of a real instrument waits, and never runs backwards."""

from __future__ import annotations

from smartscope.microscope.registry import pace
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.system_clock import SystemClock


def test_waiting_ends_at_the_time_though_each_nap_is_short() -> None:
    times, naps = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        times[0] += seconds

    clock = SystemClock(now=lambda: times[0], sleep=sleep)
    clock.wait_until(102.5)
    assert clock.now() == 102.5
    assert naps == [1.0, 1.0, 0.5]
    clock.wait_until(50.0)
    assert len(naps) == 3


def test_a_clock_that_was_set_back_stands_still() -> None:
    times = [100.0]
    clock = SystemClock(now=lambda: times[0])
    times[0] = 40.0
    assert clock.now() == 100.0
    times[0] = 101.0
    assert clock.now() == 101.0


def test_pace_is_how_fast_a_clock_runs() -> None:
    assert pace(SystemClock()) == 1.0
    assert pace(SimulatedClock(0.0)) is None
    assert pace(SimulatedClock(0.0, speed=10.0)) == 10.0
