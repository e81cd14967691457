"""One bridge process: wait for the lease, connect, recover, drive, leave in order.

It ends with a code that tells its supervisor what to do: 0 it was asked to end; 75 start it again,
the lease, the link or the database was lost, or a person must clear something first.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from smartscope.domain.errors import InstrumentError, LeaseLost
from smartscope.microscope.errors import ConnectionLost
from smartscope.models import Microscope as MicroscopeRow
from smartscope.operations.lease.acquire_lease import Acquired, LeaseRefused, acquire_lease
from smartscope.operations.lease.held import LeaseTimes, lease_times
from smartscope.operations.lease.release_lease import release_lease
from smartscope.operations.note_state import note_state
from smartscope.storage.current import current_store
from workers.bridge.errors import Quarantined
from workers.bridge.helm import Helm
from workers.bridge.instrument import open_instrument
from workers.bridge.keeper import Keeper
from workers.bridge.loop import Loop
from workers.bridge.permit import LeasePermit
from workers.bridge.pulse import Pulse
from workers.bridge.recover import recover

log = logging.getLogger(__name__)

ENDED, AGAIN = 0, 75
ASK_AGAIN_S = 1.0
REFUSED_ASK_AGAIN_S = 5.0

EndProcess = Callable[[str], None]


def end_at_once(reason: str) -> None:
    """The kernel closes every socket: whatever the loop still waits for is nobody's any more."""
    log.critical("this bridge ends at once: %s", reason)
    os._exit(AGAIN)


class BridgeProcess:
    """`stop` is set to end in order; `end_process` ends a process whose loop hangs."""

    def __init__(
        self,
        microscope: UUID,
        *,
        stop: threading.Event,
        times: LeaseTimes | None = None,
        end_process: EndProcess = end_at_once,
    ) -> None:
        self._microscope = microscope
        self._stop = stop
        self._times = times or lease_times()
        self._end_process = end_process

    def run(self) -> int:
        """Drive until asked to end; the exit code."""
        try:
            acquired = self._await_lease()
            return ENDED if acquired is None else self.drive(acquired)
        except LeaseLost as error:
            log.error("the lease is lost: %s", error)
        except ConnectionLost as error:
            log.error("the link to the instrument is lost: %s", error)
            self._say("offline", str(error))
        except Quarantined as error:
            log.error("quarantined: %s", error)
            self._say("quarantined", str(error))
        except InstrumentError as error:
            log.error("the instrument cannot be used: %s", error)
            self._say("offline", str(error))
        except (DatabaseError, InterfaceError) as error:
            log.error("the database cannot be reached: %s", error)
        return AGAIN

    def drive(self, acquired: Acquired) -> int:
        """Connect under this epoch and turn the loop; ended in order, the lease is released."""
        pulse = Pulse()
        keeper = Keeper(acquired, self._times, pulse, end_process=self._end_process)
        keeper.start()
        try:
            helm = self._take_helm(acquired, keeper, pulse)
            try:
                recover(helm)
                Loop(helm).run()
                self._leave(helm)
            finally:
                helm.microscope.close()
            release_lease(acquired.held)
            return ENDED
        finally:
            keeper.stop()

    def _leave(self, helm: Helm) -> None:
        """Asked to end: nobody will watch the beam."""
        helm.microscope.safe_state()
        self._say("offline", "the bridge was ended in order")

    def _await_lease(self) -> Acquired | None:
        said = False
        while not self._stop.is_set():
            try:
                acquired = acquire_lease(self._microscope, self._times, sleep=self._sleep)
            except LeaseRefused as error:
                self._say("quarantined", str(error))
                self._sleep(REFUSED_ASK_AGAIN_S)
                continue
            if acquired is not None:
                log.info("driving under epoch %d", acquired.held.epoch)
                return acquired
            if not said:
                log.warning("another bridge drives this microscope; waiting for its lease")
                said = True
            self._sleep(ASK_AGAIN_S)
        return None

    def _take_helm(self, acquired: Acquired, keeper: Keeper, pulse: Pulse) -> Helm:
        row = MicroscopeRow.objects.get(pk=self._microscope)
        permit = LeasePermit(keeper, pulse)
        instrument = open_instrument(row, permit, epoch=acquired.held.epoch)
        return Helm(
            held=acquired.held,
            microscope=instrument.microscope,
            clock=instrument.clock,
            keeper=keeper,
            pulse=pulse,
            store=current_store(),
            spool=Path(settings.DATA_DIR).parent / "spool",
            pace=instrument.pace,
            sleep=self._sleep,
            ending=self._stop.is_set,
        )

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _say(self, state: str, reason: str) -> None:
        try:
            note_state(self._microscope, state, reason)
        except (DatabaseError, InterfaceError) as error:
            log.warning("the microscope's state could not be noted: %s", error)
