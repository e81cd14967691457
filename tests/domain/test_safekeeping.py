"""An open column is closed when nothing is done; control is kept only for what must be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartscope.domain.geometry import Point
from smartscope.domain.safekeeping import (
    CLOSE_AGAIN_AFTER_S,
    IDLE_S,
    kept_safe,
    made_safe,
    may_release,
)
from smartscope.domain.snapshot import Instrument, Snapshot, Stillness, Wish
from smartscope.domain.steps import Cause, MakeSafe, Wait
from smartscope.domain.suspenders import Signal, Trip

NEEDS_NOTHING = (Cause.PAUSE, Cause.PERSON, Cause.ANALYSIS, Cause.SCHEDULE)
OPEN = Instrument(has_autoloader=True, loaded_position=1, valves_open=True, stage=Point(0.0, 0.0))
CLOSED = replace(OPEN, valves_open=False)
WAITING = Snapshot(1_000.0, Wish.RUN, "mira", OPEN, (), stillness=Stillness(900.0))


def test_a_known_end_of_waiting_is_looked_at_before_the_column_has_been_idle_too_long() -> None:
    wait = Wait(Cause.ANALYSIS, "holes are being found", 9_000.0)
    assert kept_safe(WAITING, wait) == replace(wait, until_s=900.0 + IDLE_S)
    idle = replace(WAITING, now_s=900.0 + IDLE_S)
    assert isinstance(kept_safe(idle, wait), MakeSafe)
    assert kept_safe(replace(idle, instrument=CLOSED), wait) == wait


def test_a_pause_of_the_service_closes_at_once_and_one_of_a_person_does_not() -> None:
    pause = Wait(Cause.PAUSE, "paused")
    by_person = replace(WAITING, wish=Wish.PAUSE)
    assert kept_safe(by_person, pause) == pause
    by_service = replace(by_person, paused_because="the camera failed")
    assert kept_safe(by_service, pause) == MakeSafe("the camera failed")


def test_valves_that_others_closed_are_closed_once_more_for_the_journal() -> None:
    trip = Trip(Signal.VALVES, 990.0)
    found = replace(WAITING, wish=Wish.PAUSE, instrument=replace(CLOSED, trips=(trip,)))
    assert kept_safe(found, Wait(Cause.PAUSE, "paused")) == MakeSafe(trip.words)


@pytest.mark.parametrize("failed", range(1, 7))
def test_a_closing_that_failed_is_tried_again_after_a_growing_pause(failed: int) -> None:
    pause_s = CLOSE_AGAIN_AFTER_S[min(failed, len(CLOSE_AGAIN_AFTER_S)) - 1]
    stuck = replace(WAITING, stillness=Stillness(900.0, failed, 990.0))
    early = made_safe(replace(stuck, now_s=990.0 + pause_s - 1.0), "stop")
    assert isinstance(early, Wait)
    assert early.until_s == 990.0 + pause_s
    assert made_safe(replace(stuck, now_s=990.0 + pause_s), "stop") == MakeSafe("stop")


@pytest.mark.parametrize(
    ("cause", "released"),
    [(cause, cause in NEEDS_NOTHING) for cause in Cause],
)
def test_control_is_kept_while_only_reading_tells_when_a_wait_is_over(
    cause: Cause, released: bool
) -> None:
    idle = replace(WAITING, now_s=900.0 + IDLE_S, instrument=CLOSED)
    assert may_release(idle, Wait(cause, "something")) is released
    assert not may_release(replace(idle, instrument=OPEN), Wait(cause, "something"))
    assert not may_release(replace(idle, now_s=1_000.0), Wait(cause, "something"))
    assert not may_release(idle, Wait(cause, "something", 9_000.0))
