"""One bridge process: wait for work, take the lease, connect, recover, drive, give it back.

A bridge with nothing to do holds no control of its instrument. It ends with a code that tells its
supervisor what to do: 0 it was asked to end; 75 start it again, the lease, the link or the database
was lost, or a person must clear something first.
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

from smartscope.domain.errors import InstrumentError, LeaseLost, SmartscopeError, StorageFull
from smartscope.microscope.errors import (
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
)
from smartscope.models import Microscope as MicroscopeRow
from smartscope.operations.lease.acquire_lease import Acquired, LeaseRefused, acquire_lease
from smartscope.operations.lease.held import LeaseTimes, lease_times
from smartscope.operations.lease.release_lease import release_lease
from smartscope.operations.note_state import note_state
from smartscope.operations.obey_commands import answer_commands
from smartscope.storage.current import current_store
from workers.bridge.agent_heartbeat import heartbeat_of
from workers.bridge.ashore import LastSeen, control_wanted
from workers.bridge.errors import LeaseSlipping, LeftForRoom, Quarantined, ValvesStayOpen
from workers.bridge.helm import Helm
from workers.bridge.instrument import now_of, open_instrument
from workers.bridge.keeper import Keeper
from workers.bridge.loop import Loop
from workers.bridge.parting import (
    close_while_allowed,
    give_to_operator,
    listen,
    make_safe,
    note_lost_link,
    tell_of_mistake,
    tell_that_it_goes_on,
    tell_unreachable,
    was_here,
)
from workers.bridge.permit import LeasePermit
from workers.bridge.probe import StorageProbe
from workers.bridge.pulse import Pulse
from workers.bridge.recover import recover
from workers.bridge.refusals import Refusals
from workers.bridge.room_to_adopt import RoomAwaited, leave_for_room
from workers.bridge.watch import TemperatureLimits, Watch

log = logging.getLogger(__name__)

ENDED, AGAIN = 0, 75
NOTHING_TO_DO = "nothing is to be done that needs the microscope"
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
        self._seen: LastSeen | None = None
        self._room: RoomAwaited | None = None
        self._refusals = Refusals()
        #: the state last said while not driving
        self._said = ""

    def run(self) -> int:
        """Take control while there is something to do, until asked to end; the exit code."""
        try:
            while not self._stop.is_set():
                acquired = self._take_control()
                if acquired is not None:
                    self.drive(acquired)
            self._say("offline", "the bridge was ended in order")
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
        except StorageFull as error:
            log.error("ended while an image waits for room: %s", error)
            self._say("offline", str(error))
        except Exception as error:
            log.exception("the bridge ends of a mistake of its own")
            tell_of_mistake(self._microscope, error)
            raise
        else:
            return ENDED
        return AGAIN

    def drive(self, acquired: Acquired) -> None:
        """Connect under this epoch and turn the loop; ended in order, the lease is released."""
        pulse = Pulse()
        heartbeat = heartbeat_of(self._microscope, epoch=acquired.held.epoch)
        keeper = Keeper(
            acquired, self._times, pulse, end_process=self._end_process, renewed=heartbeat.beat
        )
        keeper.start()
        probe = StorageProbe(current_store(), self._microscope)
        probe.start()
        try:
            helm = self._take_helm(acquired, keeper, pulse, probe)
            if isinstance(helm, Helm):
                try:
                    heartbeat.begin()
                    reason = self._drive(helm)
                    heartbeat.release()
                finally:
                    _close(helm)
            else:
                reason = str(helm)
                heartbeat.release()
            release_lease(acquired.held, reason)
        finally:
            probe.stop()
            keeper.stop()
        self._say("released", reason)

    def _drive(self, helm: Helm) -> str:
        """Recover, then turn; why control is given back. Raises what ends this process."""
        try:
            return self._steer(helm)
        except OperatorStop as error:
            self._refusals.note()
            give_to_operator(helm.held, error, now_s=helm.clock.now())
            return str(error)

    def _steer(self, helm: Helm) -> str:
        """As `_drive`; the operator's STOP may come in any command, the last ones too."""
        recovered, reason, loop = False, NOTHING_TO_DO, Loop(helm)
        self._room = None
        try:
            try:
                recover(helm)
                recovered = True
                self._refusals.end()
                tell_that_it_goes_on(helm)
                loop.run()
            except LeftForRoom as error:
                leave_for_room(helm, error)
                self._room, reason = RoomAwaited.at(helm), str(error)
            if not make_safe(helm):
                raise ValvesStayOpen("The valves are still open: control is not given back.")
        except CommandTimeout as error:
            if recovered:
                was_here(helm)
            listen(helm, error)
            raise
        except (ConnectionLost, ProtocolError) as error:
            if recovered:
                was_here(helm)
            note_lost_link(helm, error)
            raise
        except LeaseSlipping:
            close_while_allowed(helm)
            raise
        except (LeaseLost, Quarantined, OperatorStop):
            raise
        except ValvesStayOpen:
            close_while_allowed(helm)
            raise
        except InstrumentError as error:
            close_while_allowed(helm)
            tell_of_mistake(self._microscope, error)
            raise
        except Exception:
            # The database is gone, or this is a mistake of ours: the column is not left open.
            close_while_allowed(helm)
            raise
        self._seen = None if loop.seen is None else LastSeen(loop.seen, helm.clock)
        return reason

    def _take_control(self) -> Acquired | None:
        """The lease, once it is wanted and free; None after a look that found it so or not."""
        if not control_wanted(self._microscope, self._seen, self._room, self._refusals):
            self._say_once("released", NOTHING_TO_DO)
            answer_commands(self._microscope)
            self._sleep(ASK_AGAIN_S)
            return None
        try:
            acquired = acquire_lease(self._microscope, self._times, sleep=self._sleep)
        except LeaseRefused as error:
            self._say_once("quarantined", str(error))
            self._sleep(REFUSED_ASK_AGAIN_S)
            return None
        if acquired is None:
            if self._said != "taken":
                log.warning("another bridge drives this microscope; waiting for its lease")
            self._said = "taken"
            self._sleep(ASK_AGAIN_S)
            return None
        log.info("driving under epoch %d", acquired.held.epoch)
        self._said = ""
        return acquired

    def _take_helm(
        self, acquired: Acquired, keeper: Keeper, pulse: Pulse, probe: StorageProbe
    ) -> Helm | OperatorStop:
        """Connected; or the operator's word that we shall not be, which people were told of.

        Raises what else keeps us from it, of which an alarm tells.
        """
        row = MicroscopeRow.objects.get(pk=self._microscope)
        permit = LeasePermit(keeper, pulse)
        try:
            instrument = open_instrument(row, permit, epoch=acquired.held.epoch)
        except OperatorStop as error:
            self._refusals.note()
            give_to_operator(acquired.held, error, now_s=now_of(row))
            return error
        except InstrumentError as error:
            tell_unreachable(self._microscope, error)
            raise
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
            storage_bad=probe.bad,
            watch=Watch(
                limits=TemperatureLimits(
                    stage_k=row.stage_limit_k, autoloader_k=row.autoloader_limit_k
                )
            ),
        )

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _say_once(self, state: str, reason: str) -> None:
        """Say it when it is news."""
        if self._said != state:
            self._say(state, reason)

    def _say(self, state: str, reason: str) -> None:
        self._said = state
        try:
            note_state(self._microscope, state, reason)
        except (DatabaseError, InterfaceError) as error:
            log.warning("the microscope's state could not be noted: %s", error)


def _close(helm: Helm) -> None:
    """The connection's end; what is wrong with it then cannot be helped any more."""
    try:
        helm.microscope.close()
    except (SmartscopeError, DatabaseError, InterfaceError) as error:
        log.warning("the connection did not close in order: %s", error)
