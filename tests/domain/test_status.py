"""Ladders allow what they draw and refuse the rest."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.domain import status
from smartscope.domain.errors import IllegalTransition
from smartscope.domain.status import HOLE_MOVES, RUN_MOVES, SPENT, STEP_MOVES, moved

LADDERS: list[Any] = [getattr(status, name) for name in dir(status) if name.endswith("_MOVES")]


@pytest.mark.parametrize("ladder", LADDERS)
def test_every_status_has_a_row_and_every_move_leads_to_one(ladder: Any) -> None:
    members = {*next(iter(ladder)).__class__}
    assert set(ladder) == members
    assert set().union(*ladder.values()) <= members


def test_a_hole_that_saw_the_beam_never_waits_for_it_again() -> None:
    """Only a hole whose exposure was never issued goes back from imaging to queued."""
    for spent in SPENT - {status.TargetStatus.IMAGING}:
        reachable, frontier = set(), {spent}
        while frontier:
            reachable |= frontier
            frontier = set().union(*(HOLE_MOVES[now] for now in frontier)) - reachable
        assert status.TargetStatus.QUEUED not in reachable


@pytest.mark.parametrize("ended", ["done", "failed", "lost", "abandoned"])
def test_a_closed_step_never_reopens(ended: str) -> None:
    assert not STEP_MOVES[status.StepState(ended)]


@pytest.mark.parametrize("ended", ["done", "aborted", "failed"])
def test_an_ended_run_never_restarts(ended: str) -> None:
    assert not RUN_MOVES[status.RunState(ended)]


def test_an_illegal_move_says_what_is_legal() -> None:
    with pytest.raises(IllegalTransition, match=r"grid is done .* may become working"):
        moved(status.GRID_MOVES, status.GridStatus.DONE, status.GridStatus.LOADING, "grid")
