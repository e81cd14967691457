"""What was exposed and found no room is safe where the camera saved it: room is waited for.

Nothing else may be sent meanwhile, for the step stays open; the valves are closed first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from smartscope.domain.alarms import Level
from smartscope.domain.errors import StorageFull
from smartscope.domain.suspenders import SUSPENDERS, Signal
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.raise_alarm import raise_alarm
from workers.bridge.alarm_keys import NO_ROOM
from workers.bridge.helm import Helm
from workers.bridge.parting import close_while_allowed
from workers.bridge.progress import progress_made

log = logging.getLogger(__name__)
#: naps between two tries, each of which may copy a whole movie
NAPS = 15
Brought = TypeVar("Brought")


def once_there_is_room(helm: Helm, bring: Callable[[], Brought]) -> Brought:
    """What `bring` returns as soon as it does not raise StorageFull.

    Raises StorageFull only when the bridge is to end: the step is left to its successor.
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
            for _ in range(NAPS):
                helm.linger()
            progress_made(helm)
            continue
        if waited:
            clear_alarm(key=NO_ROOM, microscope=helm.held.microscope)
        return brought


def _ask_for_room(helm: Helm, error: StorageFull) -> None:
    log.error("an image that is exposed waits for room: %s", error)
    close_while_allowed(helm)
    raise_alarm(
        key=NO_ROOM,
        level=Level.MAJOR,
        microscope=helm.held.microscope,
        text=f"An image that is exposed waits for room: {error}",
        advice=SUSPENDERS[Signal.DISK_FULL].advice,
    )
