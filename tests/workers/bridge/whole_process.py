"""A whole bridge process in the test's own thread: its stop event is where real time would pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from smartscope.models import Microscope, Run
from smartscope.operations.lease.held import LeaseTimes
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import TTL, Facility, facility, small_world
from workers.bridge.process import BridgeProcess

#: more waits than any test needs: one that does not end is a failure, not a hang
ENOUGH_NAPS = 2_000


class Naps(threading.Event):
    """Instead of waiting the house's workers work, and the test looks at what is shown."""

    def __init__(self, house: Facility, look: Callable[[Microscope], object]) -> None:
        super().__init__()
        self._house = house
        self._look = look
        self.naps = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.naps += 1
        assert self.naps < ENOUGH_NAPS, "the process did not come to its end"
        self._house.nap(timeout or 0.0)
        if self._look(Microscope.objects.get(pk=self._house.microscope.pk)) is True:
            self.set()
        return self.is_set()


@dataclass(slots=True)
class Ended:
    """How a process ended, and what its keeper wanted of it."""

    code: int
    ended_by_keeper: list[str] = field(default_factory=list)


def live(
    house: Facility, look: Callable[[Microscope], object], *, times: LeaseTimes = TTL
) -> Ended:
    """One process from its start to its end; `look` returns True when it is to be asked to end."""
    ended = Ended(-1)
    naps = Naps(house, look)
    process = BridgeProcess(
        house.microscope.pk, stop=naps, times=times, end_process=ended.ended_by_keeper.append
    )
    ended.code = process.run()
    return ended


def quick_facility(directory: Path, **world: Any) -> Facility:
    """One grid, one square, one group of two holes; keyword arguments change the world."""
    house = facility(
        directory,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        world=small_world(directory, **world),
    )
    house.analyse = find_quickly
    return house


def a_person_wishes(what: str) -> None:
    """As the command of a person would set it."""
    person, _ = User.objects.get_or_create(username="somebody")
    Run.objects.update(wish=what, wished_by=person)
