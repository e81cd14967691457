"""One bad night of twelve hours and eight grids: everything is got over, and nothing is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.bridge.compressed_night import GRIDS, SQUARES_PER_GRID, live_through_a_night

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

SEED = 1


def test_a_night_of_thirty_faults_ends_with_every_target_imaged_and_nobody_woken(
    tmp_path: Path,
) -> None:
    night = live_through_a_night(tmp_path, SEED)
    assert night.violations == []
    assert night.stops == []
    assert night.state == "done"
    assert night.hours >= 12.0
    assert night.struck >= 20
    assert night.plannable >= GRIDS * SQUARES_PER_GRID
    assert night.part >= 0.98, f"{night.imaged} of {night.plannable}"
