"""The gate every command passes: permit, ownership, planned faults, and the command log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.base import Permit
from smartscope.microscope.errors import (
    CameraFailed,
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
)
from smartscope.microscope.simulator.fault_kinds import FaultKind, Phase
from smartscope.microscope.simulator.faults import Fault, FaultPlan, due_now
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.values import CommandClass

Result = TypeVar("Result")

#: How long (simulated) a client waits for a reply that never comes.
CAMERA_DEADLINE_S = 90.0


@dataclass(slots=True)
class Guard:
    """Runs one command at a time; once closed or cut off it runs none."""

    scope: Scope
    permit: Permit
    faults: FaultPlan
    closed: bool = False
    broken: bool = False

    def run(
        self,
        name: str,
        command_class: CommandClass,
        effect: Callable[[frozenset[FaultKind]], Result],
    ) -> Result:
        """Ask the permit, then let `effect` happen; it is told which faults it must suffer.

        Raises what the permit raises (nothing was sent), what the instrument refuses, or what
        a planned fault makes of it.
        """
        if self.closed or self.broken:
            raise ConnectionLost("This connection is closed; acquire the microscope again.")
        self.permit.check(command_class, name)
        world = self.scope.world
        with world.held():
            self.scope.settle()
            at_s = world.clock.now()
            struck = due_now(self.faults, world, name)
            try:
                self._fail(struck, Phase.BEFORE)
                self._suffer(struck, _SILENT_BEFORE, (Phase.BEFORE,))
                result = effect(frozenset(fault.kind for fault in struck))
                self._suffer(struck, _SILENT_AFTER, (Phase.BEFORE, Phase.AFTER))
                self._fail(struck, Phase.AFTER)
                return result
            finally:
                world.log(name, command_class, at_s)

    def close(self) -> None:
        """Let go of the world."""
        if not self.closed:
            self.closed = True
            self.scope.world.close()

    def _fail(self, struck: tuple[Fault, ...], phase: Phase) -> None:
        for fault in struck:
            if fault.phase is phase:
                _FAILURES.get(fault.kind, _nothing)(self)

    def _suffer(
        self, struck: tuple[Fault, ...], handlers: _Handlers, phases: tuple[Phase, ...]
    ) -> None:
        for fault in struck:
            if fault.phase in phases:
                handlers.get(fault.kind, _nothing)(self)


def _camera_timeout(guard: Guard) -> None:
    guard.scope.world.pass_time(CAMERA_DEADLINE_S)
    raise CommandTimeout(
        f"The camera did not answer within {CAMERA_DEADLINE_S:.0f} s. It may have exposed: look "
        "for the file before anything is repeated."
    )


def _camera_error(guard: Guard) -> None:
    raise CameraFailed("The camera reported an error; look for the file before repeating.")


def _connection_lost(guard: Guard) -> None:
    guard.broken = True
    raise ConnectionLost(
        "The connection broke during a command, which may have run; acquire the microscope again "
        "and read back before anything is repeated."
    )


def _operator_stop(guard: Guard) -> None:
    column = guard.scope.world.state.column
    guard.scope.world.put(column=replace(column, operator_stop=True))
    raise OperatorStop("An operator pressed STOP at the console; a person must resume.")


def _beam_lost(guard: Guard) -> None:
    column = guard.scope.world.state.column
    guard.scope.world.put(column=replace(column, beam_lost=True))


def _valve_closed(guard: Guard) -> None:
    column = guard.scope.world.state.column
    guard.scope.world.put(column=replace(column, valves_open=False, beam_lost=False))


def _nothing(guard: Guard) -> None:
    """Kinds that the command itself makes happen (see its `effect`)."""


_Handlers = Mapping[FaultKind, Callable[[Guard], None]]
_FAILURES: _Handlers = {
    FaultKind.CAMERA_TIMEOUT: _camera_timeout,
    FaultKind.CAMERA_ERROR: _camera_error,
    FaultKind.CONNECTION_LOST: _connection_lost,
    FaultKind.OPERATOR_STOP: _operator_stop,
}
# A valve that falls just as the camera opens leaves a dark image, and only the next one is refused.
_SILENT_BEFORE: _Handlers = {
    FaultKind.BEAM_LOST: _beam_lost,
    FaultKind.VALVE_CLOSES: _beam_lost,
}
_SILENT_AFTER: _Handlers = {
    FaultKind.BEAM_LOST: _beam_lost,
    FaultKind.VALVE_CLOSES: _valve_closed,
}


def attempt(action: Callable[[], None]) -> str:
    """Try one action of the way to safety; the words of what went wrong, "" for nothing.

    Raises OperatorStop and CommandTimeout: then nothing more can, or may, be sent.
    """
    try:
        action()
    except (CommandTimeout, OperatorStop):
        raise
    except InstrumentError as error:
        return str(error)
    return ""
