"""The instrument behind the socket: who holds control of SerialEM, and one command at a time.

Control: free -> held by OK-to-run or by the first command; held -> free by Exit, by STOP, or when
the connection ends. Its start resets script state. An idle STOP is answered -10 once, an operator
at work makes SerialEM busy: OK-to-run is answered 0 and a command -9.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from smartscope.microscope.serialem.wire import (
    CommandReply,
    CommandRequest,
    Outcome,
    Status,
)
from smartscope.microscope.simulator import console
from smartscope.microscope.simulator.command_log import CommandLog, exposed
from smartscope.microscope.simulator.fault_kinds import FaultKind, Phase
from smartscope.microscope.simulator.faults import Fault, FaultPlan, due_now
from smartscope.microscope.simulator.handled import INSTEAD, Handled, fault_of, outcome_of
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.execution import Ordered, execute, failed, ordered
from smartscope.microscope.simulator.serialem.program import Handler, Program
from smartscope.microscope.simulator.serialem.table import handlers
from smartscope.microscope.simulator.serialem.topic_system import EPOCH

OK_TO_RUN, GET_IMAGE, PUT_IMAGE = "OKtoRun", "bufferImage", "PutImageInBuffer"


@dataclass(slots=True)
class ExternalControl:
    """SerialEM with the simulated column behind it; `restarted` makes a program with no memory."""

    scope: Scope
    restarted: Callable[[], Program]
    log: CommandLog
    faults: FaultPlan = ()
    program: Program = field(init=False)
    held: bool = False
    busy: bool = False
    hanging: bool = False
    epoch: int | None = None
    connection: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    effect_begins: Callable[[tuple[Fault, ...]], None] = lambda struck: None
    _plans: list[tuple[str, FaultPlan]] = field(default_factory=list)
    _handlers: Mapping[str, Handler] = field(default_factory=handlers)

    def __post_init__(self) -> None:
        self._plans.append(("", self.faults))
        self._start()

    # --- from the control port, which is nobody's client --------------------------------------

    def plan(self, faults: FaultPlan) -> None:
        """Plan further faults; each plan counts for itself."""
        with self.lock:
            number = self.scope.world.count("fault plans")
            self.scope.world.save()
            self._plans.append((f"plan {number}:", faults))

    def press(self, action: console.Action) -> None:
        """A button of the console; STOP reaches a running command, the others the next."""
        if action is console.Action.PRESS_STOP:
            self.stop.set()
        else:
            console.press(self.scope.world.directory, action)
        if self.lock.acquire(blocking=False):
            try:
                with self.scope.world.held():
                    self.scope.settle()
                    self.scope.world.save()
            finally:
                self.lock.release()

    # --- connections --------------------------------------------------------------------------

    def connected(self) -> None:
        """A new client; what it sends has no epoch until it says one."""
        self.connection += 1
        self.epoch = None

    def disconnected(self) -> None:
        """Ends control and drops a STOP that nobody was told of."""
        if self.held:
            self._end()
        self.stop.clear()

    def restart(self) -> None:
        """SerialEM is started anew: everything it kept is gone; the microscope is as it was.

        What the camera's computer still writes, it goes on writing.
        """
        writing = self.program.slow_files
        self._start()
        self.program.slow_files = writing

    def _start(self) -> None:
        self.program = self.restarted()
        self.program.stop_pressed = self.stop.is_set
        self.held = False
        self.stop.clear()

    def _begin(self) -> None:
        self.held = True
        self.program.control_begins()

    def _end(self) -> None:
        self.held = False
        self.program.control_ends()

    # --- requests -----------------------------------------------------------------------------

    def ask_to_run(self) -> Handled:
        """OK-to-run: granted, or not because SerialEM is busy or control is held already."""
        with self.lock:
            number, struck = self._arrive(OK_TO_RUN, ())
            refused = self.busy or self.held or fault_of(struck, FaultKind.BUSY) is not None
            if not refused:
                self.stop.clear()
                self._begin()
            outcome = "refused" if refused else "granted"
            self._left(number, outcome, phase=Phase.AFTER)
            return Handled(number=number, granted=not refused, struck=struck)

    def command(self, request: CommandRequest) -> Handled:
        """One command, finished whatever becomes of its client."""
        order = ordered(request, self.program)
        return self.handle(
            order.name,
            order.arguments,
            lambda: self._execute(order),
        )

    def handle(
        self, name: str, arguments: Arguments, effect: Callable[[], CommandReply]
    ) -> Handled:
        """Let `effect` happen under control and with its faults; blocks as SerialEM does."""
        with self.lock:
            number, struck = self._arrive(name, arguments.values)
            status = self._admit(struck)
            if status is not Status.DONE:
                self._left(number, f"refused {int(status)}")
                return Handled(number=number, status=status, struck=struck)
            if any(fault.kind in INSTEAD and fault.phase is Phase.BEFORE for fault in struck):
                reply = self._without_effect(struck)
                self._left(number, outcome_of(reply))
                return Handled(number=number, reply=reply, struck=struck)
            reply = self._with_effect(number, struck, effect)
            return Handled(number=number, reply=reply, struck=struck)

    def _arrive(
        self, name: str, arguments: tuple[float | str | None, ...]
    ) -> tuple[int, tuple[Fault, ...]]:
        world = self.scope.world
        said = EPOCH.match(str(arguments[0])) if name == "Echo" and arguments else None
        if said:
            self.epoch = int(said[1])
        entry = self.log.begin(
            name=name,
            arguments=arguments,
            epoch=self.epoch,
            connection=self.connection,
            begun_s=world.clock.now(),
        )
        struck = tuple(
            fault
            for prefix, plan in self._plans
            for fault in due_now(plan, world, name, counted_as=prefix)
        )
        if struck:
            self.log.note(entry.number, faults=tuple(f"{f.kind} {f.phase}" for f in struck))
        world.save(durable=False)
        return entry.number, struck

    def _admit(self, struck: tuple[Fault, ...]) -> Status:
        """Take control if nobody has it. An operator's STOP and work come first."""
        with self.scope.world.held():
            self.scope.settle()
        self._notice_stop()
        if fault_of(struck, FaultKind.CONTROL_LOST) is not None and self.held:
            self._end()
        if self.held and self._stopped(struck):
            self.stop.clear()
            self._end()
            return Status.STOPPED
        self.stop.clear()
        if self.held:
            return Status.DONE
        if self.busy or fault_of(struck, FaultKind.BUSY) is not None:
            return Status.BUSY
        self._begin()
        return Status.DONE

    def _notice_stop(self) -> None:
        """A STOP pressed through the world's folder is one of ours."""
        column = self.scope.world.state.column
        if column.operator_stop:
            self.scope.world.put(column=replace(column, operator_stop=False))
            self.stop.set()

    def _stopped(self, struck: tuple[Fault, ...]) -> bool:
        fault = fault_of(struck, FaultKind.OPERATOR_STOP)
        return self.stop.is_set() or (fault is not None and fault.phase is Phase.BEFORE)

    def _without_effect(self, struck: tuple[Fault, ...]) -> CommandReply:
        text = fault_of(struck, FaultKind.ERROR_REPLY)
        if text is not None:
            return failed(self.program, str(text.parameters.get("text", "An error occurred")))
        if fault_of(struck, FaultKind.ERROR_WITHOUT_TEXT) is not None:
            return CommandReply((), Outcome.FAILED)
        return CommandReply()

    def _with_effect(
        self, number: int, struck: tuple[Fault, ...], effect: Callable[[], CommandReply]
    ) -> CommandReply:
        world, during = self.scope.world, fault_of(struck, FaultKind.OPERATOR_STOP)
        before, loader = len(world.exposures), world.state.autoloader
        if during is not None and during.phase is Phase.DURING:
            self.stop.set()
        self.program.struck = struck
        self.log.note(number, phase=Phase.DURING.value)
        self.effect_begins(struck)
        try:
            with world.held():
                reply = effect()
                # A power cut may forget where the stage was, never which grid is on it.
                world.save(durable=world.state.autoloader != loader)
        finally:
            self.program.struck = ()
            exposures = world.exposures.all()[before:]
            self.log.note(number, exposures=tuple(exposed(each) for each in exposures))
        self.program.slow_files.go_on(world.clock.now())
        if during is not None or (self.stop.is_set() and reply.outcome == Outcome.DONE):
            reply = CommandReply((), Outcome.STOPPED)
        reply = self._reworded(reply, struck)
        if reply.outcome not in (Outcome.DONE, Outcome.FAILED):
            self.stop.clear()
            self._end()
        self._left(number, outcome_of(reply), phase=Phase.AFTER)
        return reply

    def _reworded(self, reply: CommandReply, struck: tuple[Fault, ...]) -> CommandReply:
        failing = (FaultKind.ERROR_REPLY, FaultKind.ERROR_WITHOUT_TEXT)
        if any(fault.kind in failing for fault in struck):
            return self._without_effect(struck)
        return reply

    def _left(self, number: int, outcome: str, *, phase: Phase = Phase.BEFORE) -> None:
        now_s = self.scope.world.clock.now()
        self.log.note(number, ended_s=now_s, outcome=outcome, phase=phase.value)

    def _execute(self, order: Ordered) -> CommandReply:
        return execute(self.program, order, self._handlers)

    # --- dialog -------------------------------------------------------------------------------

    def hangs(self, handled: Handled) -> bool:
        """Whether a message box waits for somebody before this command is answered."""
        boxed = handled.reply.outcome == Outcome.FAILED and not self.program.script.errors_to_log
        return boxed or fault_of(handled.struck, FaultKind.DIALOG) is not None

    def await_release(self, closing: threading.Event) -> None:
        """Return when the box was clicked away over the control port, or the server ends."""
        self.released.clear()
        self.hanging = True
        while not self.released.wait(0.02) and not closing.is_set():
            pass
        self.hanging = False
