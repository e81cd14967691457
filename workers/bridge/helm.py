"""Everything a bridge holds while it drives: lease, instrument, clock and files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from smartscope.domain.clock import Clock
from smartscope.microscope.base import Microscope
from smartscope.microscope.values import Area, AreaSettings, Identity
from smartscope.operations.lease.held import Held
from smartscope.storage.store import Store
from workers.bridge.errors import LeaseSlipping
from workers.bridge.keeper import Keeper
from workers.bridge.pulse import Pulse
from workers.bridge.watch import Watch

POLL_S = 1.0


@dataclass(slots=True, kw_only=True)
class Helm:
    """`pace` is microscope seconds per real second; None where waiting costs no real time.

    `spool` is where the camera writes when the storage is no directory of this machine;
    `storage_bad` says whether a file would take too long to write there.
    """

    held: Held
    microscope: Microscope
    clock: Clock
    keeper: Keeper
    pulse: Pulse
    store: Store
    spool: Path
    pace: float | None
    sleep: Callable[[float], None] = time.sleep
    ending: Callable[[], bool] = field(default=lambda: False)
    watch: Watch = field(default_factory=Watch)
    storage_bad: Callable[[], bool] = field(default=lambda: False)
    _identity: Identity | None = None
    _areas: dict[Area, AreaSettings] = field(default_factory=dict)

    def tick(self) -> None:
        """The loop lives and the lease is ours. Raises LeaseLost, or LeaseSlipping in good time."""
        if self.keeper.slipping:
            raise LeaseSlipping(
                f"The lease of epoch {self.held.epoch} cannot be renewed; the valves are closed "
                "while that is still allowed."
            )
        self.keeper.require()
        self.pulse.tick()

    def nap(self, seconds: float = POLL_S) -> None:
        """Wait in real time; a simulated clock stands still meanwhile."""
        self.tick()
        self.sleep(seconds)
        self.tick()

    def linger(self) -> None:
        """Wait for a person: a paced simulated clock goes on, an instant one stands still."""
        if self.pace is None:
            self.nap()
        else:
            self.pass_time(self.clock.now() + POLL_S * self.pace)

    def pass_time(self, until_s: float) -> None:
        """Wait on the microscope's clock, in slices short enough to stay alive and to obey."""
        slice_s = math.inf if self.pace is None else POLL_S * self.pace
        while self.clock.now() < until_s and not self.ending():
            self.tick()
            self.clock.wait_until(min(until_s, self.clock.now() + slice_s))
        self.tick()

    def identity(self) -> Identity:
        """Which instrument this is; it cannot change while we are connected."""
        if self._identity is None:
            self._identity = self.microscope.identity()
        return self._identity

    def area(self, area: Area) -> AreaSettings:
        """How that area is calibrated."""
        if not self._areas:
            self._areas = {each.area: each for each in self.microscope.optics.areas()}
        return self._areas[area]
