"""Asked before every command: does this process still hold the microscope?"""

from __future__ import annotations

from smartscope.domain.errors import LeaseLost
from smartscope.microscope.errors import EmergencyStopped
from smartscope.microscope.values import CommandClass
from smartscope.queries.emergency import MAKES_SAFE, emergency_stands
from smartscope.queries.lease import lease_stands
from workers.bridge.fault_points import fault_point
from workers.bridge.keeper import Keeper
from workers.bridge.pulse import Pulse

#: the way to safety must not wait for a database that is gone: the local deadline is enough, since
#: before it nobody else can hold the lease, and closing twice is closing once
CLOSING = "close_valves"


class LeasePermit:
    """Local deadline for every command; for all but reads and closing, the database as well."""

    def __init__(self, keeper: Keeper, pulse: Pulse) -> None:
        self._keeper = keeper
        self._pulse = pulse

    def check(self, command_class: CommandClass, name: str) -> None:
        """Return, or raise LeaseLost or EmergencyStopped: then nothing was sent."""
        fault_point(f"command:{name}")
        self._keeper.require()
        self._pulse.expect(name)
        if command_class is CommandClass.READ or name == CLOSING:
            return
        held = self._keeper.held
        stands = lease_stands(
            held.microscope, epoch=held.epoch, holder=held.holder, lock_key=held.lock_key
        )
        if not stands:
            raise LeaseLost(
                f"Epoch {held.epoch} no longer holds the microscope; {name} was not sent."
            )
        if emergency_stands(held.microscope) and name not in MAKES_SAFE:
            raise EmergencyStopped(
                f"An emergency stop stands; {name} was not sent. Starting or resuming lifts it."
            )
