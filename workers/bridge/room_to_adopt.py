"""What was exposed and found no room is safe where the camera saved it: room is waited for.

Nothing else may be sent meanwhile, for the step stays open; the valves are closed first. Who wants
the run to rest or to end is obeyed: the step is left to whoever drives next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from smartscope.domain.alarms import Level
from smartscope.domain.errors import StorageFull
from smartscope.domain.snapshot import Wish
from smartscope.domain.status import LIVE_RUNS, RunState
from smartscope.domain.steps import Cause, Wait
from smartscope.operations.change_run import change_run
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.leave_unknown import leave_open
from smartscope.operations.obey_commands import obey_commands
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.queries.worklist import run_to_drive
from smartscope.storage.store import Store
from workers.bridge.alarm_keys import NO_ROOM
from workers.bridge.errors import LeftForRoom
from workers.bridge.helm import Helm
from workers.bridge.parting import close_while_allowed
from workers.bridge.progress import progress_made
from workers.bridge.room import GIB, free_bytes

log = logging.getLogger(__name__)
#: naps between two tries, each of which may copy a whole movie
NAPS = 15
#: so much more room than there was makes another try worth while
MORE_ROOM_BYTES = GIB
WAITS = "an image that is exposed waits for room where the camera saved it"
Brought = TypeVar("Brought")


@dataclass(frozen=True, slots=True)
class RoomAwaited:
    """How much was free when an image was left behind; a quota or a limit does not show in it."""

    store: Store
    spool: Path
    free_then_bytes: int

    @classmethod
    def at(cls, helm: Helm) -> RoomAwaited:
        """As it is now."""
        return cls(helm.store, helm.spool, free_bytes(helm.store, helm.spool))

    def is_there(self) -> bool:
        """Whether somebody made room since."""
        return free_bytes(self.store, self.spool) >= self.free_then_bytes + MORE_ROOM_BYTES


def once_there_is_room(helm: Helm, bring: Callable[[], Brought]) -> Brought:
    """What `bring` returns as soon as it does not raise StorageFull.

    Raises StorageFull when the bridge is to end, and LeftForRoom when no run is to go on: either
    way the step is left to a successor.
    """
    waited = False
    while True:
        try:
            brought = bring()
        except StorageFull as error:
            if helm.ending():
                raise
            if not waited:
                _ask_for_room(helm, error)
            waited = True
            _stand_by(helm, error)
            progress_made(helm)
            continue
        if waited:
            _room_was_made(helm)
        return brought


def leave_for_room(helm: Helm, error: LeftForRoom) -> None:
    """As people wished: the run rests or has ended, what they asked for is answered, and the step
    stays open."""
    now_s = helm.clock.now()
    leave_open(helm.held, reason=str(error), now_s=now_s)
    run = run_to_drive(helm.held.microscope)
    if run is not None and run.state in LIVE_RUNS and run.wish is not Wish.RUN:
        stopped = run.wish is Wish.STOP
        said = (
            run.state_reason if stopped and run.state_reason else f"a person wished to {run.wish}"
        )
        state = RunState.ABORTED if stopped else RunState.PAUSED
        change_run(helm.held, run.id, state, reason=f"{said}; {WAITS}", now_s=now_s)
        end_waits(helm.held, run.id, now_s=now_s)
    obey_commands(helm.held)


def close_meanwhile(helm: Helm) -> None:
    """The valves, while nothing is sent; they may be opened again when that is over."""
    if close_while_allowed(helm):
        helm.watch.note_closed_by_us()


def _stand_by(helm: Helm, error: StorageFull) -> None:
    """Some seconds of waiting. Raises LeftForRoom as soon as nobody waits for the image."""
    for _ in range(NAPS):
        if _nobody_waits(helm):
            raise LeftForRoom(f"{WAITS}: {error}") from error
        helm.linger()


def _nobody_waits(helm: Helm) -> bool:
    """Whether there is no run that is to go on; one that ends is not paused any more."""
    run = run_to_drive(helm.held.microscope)
    if run is None or run.wish is Wish.STOP:
        return True
    return run.wish is Wish.PAUSE and run.state is not RunState.FINISHING


def _ask_for_room(helm: Helm, error: StorageFull) -> None:
    log.error("%s: %s", WAITS, error)
    close_meanwhile(helm)
    raise_alarm(
        key=NO_ROOM,
        level=Level.MAJOR,
        microscope=helm.held.microscope,
        text=f"An image that is exposed waits for room: {error}",
        advice="Free some space, but not where the camera saves: the image lies only there. It is "
        "fetched by itself as soon as there is room, or when a run is started or resumed.",
    )
    run = run_to_drive(helm.held.microscope)
    if run is not None and run.state in LIVE_RUNS:
        begin_wait(helm.held, run.id, Wait(Cause.STORAGE, WAITS), now_s=helm.clock.now())


def _room_was_made(helm: Helm) -> None:
    clear_alarm(key=NO_ROOM, microscope=helm.held.microscope)
    run = run_to_drive(helm.held.microscope)
    if run is not None:
        end_waits(helm.held, run.id, now_s=helm.clock.now())
