"""A bridge that holds no control: is there anything to be done that needs the instrument?

Asked every second, from rows alone. What the instrument last showed stands in for the instrument
itself; whoever takes control again reads everything anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.clock import Clock
from smartscope.domain.planner import next_step
from smartscope.domain.safekeeping import may_release
from smartscope.domain.snapshot import Instrument, Wish
from smartscope.domain.status import RunState
from smartscope.operations.move_stage import stage_move_waits
from smartscope.queries.alarms import alarm_is_raised
from smartscope.queries.lease import was_given_back
from smartscope.queries.snapshot import take_snapshot
from smartscope.queries.worklist import RunToDrive, run_to_drive, step_left_open
from workers.bridge.alarm_keys import TAKEN
from workers.bridge.refusals import Refusals
from workers.bridge.room_to_adopt import RoomAwaited


@dataclass(frozen=True, slots=True)
class LastSeen:
    """How the instrument stood when control was given back, and the clock it lives by."""

    instrument: Instrument
    clock: Clock


def control_wanted(
    microscope: UUID,
    seen: LastSeen | None,
    room: RoomAwaited | None = None,
    refusals: Refusals | None = None,
) -> bool:
    """Whether to take the lease: somebody left it behind, or there is work or an order.

    `room` is what an image that was left behind waits for, `refusals` how often an operator said
    no; a run that is to go on looks anyway.
    """
    if not was_given_back(microscope):
        return True
    if stage_move_waits(microscope) and (refusals is None or refusals.over()):
        return True
    run = run_to_drive(microscope)
    if run is None or (run.state is RunState.QUEUED and run.wish is Wish.PAUSE):
        # without a run nobody can resume: whoever answers the alarm says that it is free again
        left = step_left_open(microscope) and not alarm_is_raised(TAKEN, microscope)
        may_ask = refusals is None or refusals.over()
        return left and may_ask and (room is None or room.is_there())
    if run.state is RunState.PAUSED:
        # an operator may have the instrument: whatever is open waits for a person's word
        return run.wish is not Wish.PAUSE
    return run.state is not RunState.SUSPENDED or seen is None or _can_go_on(run, seen)


def _can_go_on(run: RunToDrive, seen: LastSeen) -> bool:
    """Whether what the run waited for has come, or a person wants something else of it."""
    clock = seen.clock
    snapshot = take_snapshot(run.id, seen.instrument, now_s=clock.now(), simulated=clock.simulated)
    return run.wish is not Wish.RUN or not may_release(snapshot, next_step(snapshot))
