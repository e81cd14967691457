"""A running demo loses its database, its web process, its worker and its queue, one after another:
each comes back, nothing that was confirmed is gone, and the night goes on to its end.
"""

from __future__ import annotations

import pytest

from tests.system.lost_servers import (
    SPEED,
    TWICE,
    VICTIMS,
    await_first_exposure,
    await_last_analysis,
    lose_each,
    number,
)
from tests.system.test_demo import Demos, demos

__all__ = ["demos"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]


def test_what_dies_comes_back_and_nothing_confirmed_is_lost(demos: Demos) -> None:
    demo = demos.start("--speed", SPEED)
    await_first_exposure(demo)
    losses = lose_each(demo)
    await_last_analysis(demo)
    twice = number(demo, TWICE)

    assert [loss.victim for loss in losses] == list(VICTIMS)
    assert [loss.gone for loss in losses] == [()] * len(VICTIMS)
    assert twice == 0, "a hole was exposed twice"
