"""The timetable of a night is fixed by its seed, and comes out at the published rates."""

from __future__ import annotations

import math
from statistics import fmean, median

import pytest

from smartscope.microscope.simulator.durations import DURATIONS, Operation, duration_s


@pytest.mark.parametrize("operation", list(Operation))
def test_every_operation_has_its_median(operation: Operation) -> None:
    drawn = [duration_s(11, operation, count) for count in range(400)]
    entry = DURATIONS[operation]
    assert median(drawn) == pytest.approx(entry.median_s, rel=0.2 * entry.spread + 1e-9)
    spread = median(abs(math.log(each / entry.median_s)) for each in drawn) / 0.6745
    assert spread == pytest.approx(entry.spread, rel=0.25)


def test_a_duration_depends_on_seed_operation_and_count_alone() -> None:
    first = [duration_s(3, Operation.LOAD, count) for count in range(5)]
    assert first == [duration_s(3, Operation.LOAD, count) for count in range(5)]
    assert len(set(first)) == 5
    assert first != [duration_s(4, Operation.LOAD, count) for count in range(5)]


def test_a_tile_takes_about_eight_seconds() -> None:
    tile = (
        Operation.TILE_MOVE,
        Operation.TILE_SETTLE,
        Operation.TILE_EXPOSE,
        Operation.TILE_READOUT,
        Operation.TILE_SAVE,
    )
    drawn = [sum(duration_s(5, each, count) for each in tile) for count in range(300)]
    assert fmean(drawn) == pytest.approx(7.9, abs=0.3)
