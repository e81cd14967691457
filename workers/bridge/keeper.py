"""The thread that keeps the lease: renews it on its own connection, which holds the lock too.

When it cannot, it says so, and from the local deadline on nothing more may be sent. It never
reconnects: a lock that was lost may be another's by then.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper

from smartscope.domain.errors import LeaseLost
from smartscope.operations.lease.acquire_lease import Acquired
from smartscope.operations.lease.held import LeaseTimes, boot_time_s
from smartscope.operations.lease.renew_lease import renew_lease
from workers.bridge.pulse import Pulse

log = logging.getLogger(__name__)


class Keeper:
    """Alive from `start` to `stop`; `end_process` is called when the loop must not live on."""

    def __init__(
        self,
        acquired: Acquired,
        times: LeaseTimes,
        pulse: Pulse,
        *,
        end_process: Callable[[str], None],
        renewed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = boot_time_s,
    ) -> None:
        self.held = acquired.held
        self._lock_connection: BaseDatabaseWrapper = acquired.connection
        self._times = times
        self._pulse = pulse
        self._end_process = end_process
        self._renewed = renewed
        self._clock = clock
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._deadline_s = acquired.taken_at_boot_s + times.ttl_s - times.margin_s
        self._lost = ""
        self._broken = ""
        self._failing = False
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
        # A renewal may hang where the network swallows it: somebody else must see the time pass.
        self._witness = threading.Thread(target=self._see, name="lease-witness", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()
        self._witness.start()

    def stop(self) -> None:
        """Renew no more and give the connection, and with it the lock, back.

        A renewal that hangs is left to hang: its connection ends with the process.
        """
        self._stop.set()
        for thread in (self._thread, self._witness):
            if thread.is_alive():
                thread.join(timeout=self._times.margin_s)
        if not self._thread.is_alive():
            self._lock_connection.close()

    def now_s(self) -> float:
        """The clock the lease is kept by; it neither jumps nor stops."""
        return self._clock()

    def require(self) -> None:
        """Raise LeaseLost when the local deadline has passed or a renewal was refused.

        Until then no other bridge can hold the lease, whether or not the database answers: whoever
        wants it must first have seen it unrenewed for longer.
        """
        with self._guard:
            lost, deadline_s = self._lost, self._deadline_s
        if lost:
            raise LeaseLost(lost)
        if self._clock() >= deadline_s:
            raise LeaseLost(
                f"The lease of epoch {self.held.epoch} could not be renewed in time; "
                "nothing more is sent to the microscope."
            )

    @property
    def slipping(self) -> bool:
        """The lease cannot be kept: whoever is idle closes the valves while they may, and ends."""
        with self._guard:
            left_s = self._deadline_s - self._clock()
            running_out = self._failing and left_s < self._times.close_valves_below_s
            return bool(self._broken) or running_out

    def renew(self) -> None:
        """One renewal now; what went wrong is kept for `require`."""
        began_s = self._clock()
        try:
            renew_lease(self.held, self._times, self._lock_connection)
        except LeaseLost as error:
            self._lose(str(error))
        except (DatabaseError, InterfaceError) as error:
            if self._lock_connection.is_usable():
                log.warning("the lease was not renewed, trying again: %s", error)
                with self._guard:
                    self._failing = True
            else:
                with self._guard:
                    self._broken = f"The connection that holds the microscope's lock broke: {error}"
        else:
            with self._guard:
                self._deadline_s = began_s + self._times.ttl_s - self._times.margin_s
                self._failing = False
            self._renewed()

    def _keep(self) -> None:
        while not self._stop.wait(self._pause_s()):
            if not self._pulse.lives():
                self._end(
                    "The main loop hangs; the process ends so that a fresh one can take over."
                )
                return
            self.renew()
            if self._lost or self._broken:
                self._end(self._lost or self._broken)
                return

    def _see(self) -> None:
        """From the deadline on nothing is left to do: a process that does not end, is ended."""
        while not self._stop.wait(self._times.margin_s / 3):
            with self._guard:
                over_s = self._clock() - self._deadline_s
            if over_s > self._times.margin_s:
                self._end_process("The lease ran out, and neither renewal nor loop came to an end.")
                return

    def _pause_s(self) -> float:
        with self._guard:
            return self._times.ttl_s / 15 if self._failing else self._times.renew_every_s

    def _lose(self, reason: str) -> None:
        with self._guard:
            self._lost = reason

    def _end(self, reason: str) -> None:
        """The loop gets a moment to notice, to close the valves while it may, and to leave."""
        moment_s = self._times.margin_s / 2
        if self._broken and not self._lost:
            with self._guard:
                moment_s = max(moment_s, self._deadline_s - self._clock())
        else:
            self._lose(reason)
        if not self._stop.wait(moment_s):
            self._end_process(reason)
