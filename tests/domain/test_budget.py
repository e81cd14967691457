"""A grid has its minutes and a session its end: then only what a person queued is still imaged."""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.geometry import Point
from smartscope.domain.planner import next_step
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import Instrument, Seen, Snapshot, Wish
from smartscope.domain.status import GridStatus, TargetStatus
from smartscope.domain.steps import ExposeGroup, Finished, FinishGrid, MakeSafe
from tests.domain.pictures import grid_picture
from tests.domain.rows import cassette

BUDGET = CollectionProtocol(budget_minutes=30.0)


def night(
    now_s: float,
    *,
    by_person: bool = False,
    valves_open: bool = True,
    stop_at_s: float | None = None,
) -> Snapshot:
    """One grid begun at 1,000 s whose one group waits for its dose."""
    (grid,) = cassette(1, 1, 1, 2)
    grid.atlas, grid.seen, grid.status = True, Seen.READY, GridStatus.WORKING
    grid.squares = grid.plan
    square = grid.squares[0]
    square.status, square.seen, square.groups = TargetStatus.ANALYSED, Seen.READY, square.plan
    square.groups[0].by_person = by_person
    instrument = Instrument(
        has_autoloader=True, loaded_position=1, valves_open=valves_open, stage=Point(0.0, 0.0)
    )
    picture = replace(grid_picture(grid), protocol=BUDGET, begun_at_s=1_000.0)
    return Snapshot(now_s, Wish.RUN, "mira", instrument, (picture,), stop_at_s=stop_at_s)


def test_within_its_minutes_a_grid_is_imaged_as_planned() -> None:
    assert isinstance(next_step(night(1_000.0 + 29 * 60)), ExposeGroup)


def test_after_its_minutes_a_grid_ends_and_says_why() -> None:
    step = next_step(night(1_000.0 + 30 * 60))
    assert isinstance(step, FinishGrid)
    assert step.reason == "its 30 minutes are used up"


def test_what_a_person_queued_is_imaged_beyond_the_minutes() -> None:
    assert isinstance(next_step(night(1_000.0 + 50 * 60, by_person=True)), ExposeGroup)


def test_at_the_sessions_end_the_valves_are_closed_and_then_the_run_is_done() -> None:
    assert isinstance(next_step(night(1_500.0, stop_at_s=2_000.0)), ExposeGroup)
    assert isinstance(next_step(night(2_000.0, by_person=True, stop_at_s=2_000.0)), MakeSafe)
    ended = next_step(night(2_000.0, valves_open=False, stop_at_s=2_000.0))
    assert isinstance(ended, Finished)
    assert not ended.aborted
