"""A running demo loses its database, its web process, its worker and its queue, one after another:
each comes back, nothing that was confirmed is gone, and the night goes on to its end.
"""

from __future__ import annotations

import pytest

from tests.system.lost_servers import (
    TWICE,
    VICTIMS,
    await_first_exposure,
    every_exposure_is_analysed,
    lose_each,
    number,
)
from tests.system.test_demo import Demos, demos

__all__ = ["demos"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

NIGHT_ENDS_WITHIN_S = 400.0


def test_what_dies_comes_back_and_nothing_confirmed_is_lost(demos: Demos) -> None:
    demo = demos.start("--speed", "300", "--exit-when-done")
    await_first_exposure(demo)
    losses = lose_each(demo)
    twice = number(demo, TWICE)
    assert demo.process.wait(timeout=NIGHT_ENDS_WITHIN_S) == 0, demo.said()

    assert [loss.victim for loss in losses] == list(VICTIMS)
    assert [loss.gone for loss in losses] == [()] * len(VICTIMS)
    assert twice == 0, "a hole was exposed twice"
    assert every_exposure_is_analysed(demo), demo.said()
