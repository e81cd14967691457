"""How an epoch ends: in order, to the operator, without an answer, or with the database gone.

nothing is to be done       safe state, lease free; we return when there is work
an operator pressed STOP    run paused, step unknown, lease free; we return when a person says so
a command did not answer    step unknown, alarm; its reply is awaited, then a fresh process looks
the link broke              a fresh process; the third time within ten minutes pauses the run
the lease cannot be kept    the valves are closed while that is allowed; a fresh process
"""

from __future__ import annotations

import logging
from contextlib import suppress
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from smartscope.domain.alarms import Level
from smartscope.domain.errors import InstrumentError, SmartscopeError
from smartscope.domain.snapshot import Wish
from smartscope.microscope.errors import (
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
)
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.lease.held import Held
from smartscope.operations.leave_unknown import (
    leave_to_operator,
    leave_unknown,
    record_lost_link,
)
from smartscope.operations.note_presence import note_presence
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.queries.worklist import run_to_drive
from workers.bridge.alarm_keys import (
    LINK_LOST,
    MISTAKE,
    NO_ANSWER,
    NO_ROOM,
    QUARANTINED,
    TAKEN,
    UNREACHABLE,
    VALVES_OPEN,
)
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)

#: real seconds for which a late reply is awaited: only it proves that the command is over
LATE_REPLY_S = 600.0
LISTEN_S = 2.0


def make_safe(helm: Helm) -> bool:
    """The safe state before control is given back; False, and an alarm, when it was not reached."""
    report = helm.microscope.safe_state()
    trouble = "; ".join(f"{name}: {text}" for name, text in report.actions if text)
    if not report.valves_closed:
        log.critical("the valves were not closed: %s", trouble)
        raise_alarm(
            key=VALVES_OPEN,
            level=Level.MAJOR,
            microscope=helm.held.microscope,
            text=f"Control was given back with open valves: {trouble or 'no answer'}",
            advice="Close the valves at the console now.",
        )
        return False
    if trouble:
        log.warning("the safe state is not complete: %s", trouble)
    clear_alarm(key=VALVES_OPEN, microscope=helm.held.microscope)
    return True


def tell_that_it_goes_on(helm: Helm) -> None:
    """A fresh connection has recovered: what its predecessors raised alarms for is over.

    What paused the run for a person is over only once a person has resumed it.
    """
    microscope = helm.held.microscope
    for key in (NO_ANSWER, UNREACHABLE, NO_ROOM):
        clear_alarm(key=key, microscope=microscope)
    run = run_to_drive(microscope)
    if run is None or run.wish is not Wish.PAUSE:
        for key in (TAKEN, LINK_LOST, QUARANTINED):
            clear_alarm(key=key, microscope=microscope)


def tell_unreachable(microscope: UUID, error: InstrumentError) -> None:
    """Control could not be taken: whatever is open stays open until somebody looks."""
    raise_alarm(
        key=UNREACHABLE,
        level=Level.MAJOR,
        microscope=microscope,
        text=f"Control of the microscope could not be taken: {error}",
        advice="Look at its console: valves, dialogs, other programs. The bridge tries again.",
    )


def tell_of_mistake(microscope: UUID, error: Exception) -> None:
    """This process ends of what nobody foresaw; its successor may end of it again."""
    try:
        raise_alarm(
            key=MISTAKE,
            level=Level.MAJOR,
            microscope=microscope,
            text=f"The bridge failed and is started again: {type(error).__name__}: {error}",
            advice="Look at the bridge's log; pause the run if it fails again and again.",
        )
    except (DatabaseError, InterfaceError) as problem:
        log.error("nobody could be told: %s", problem)


def tell_that_it_works(helm: Helm) -> None:
    """A whole step was done: what ended a predecessor does not end this process."""
    if not helm.watch.proved:
        helm.watch.proved = True
        clear_alarm(key=MISTAKE, microscope=helm.held.microscope)


def give_to_operator(held: Held, error: OperatorStop, *, now_s: float) -> None:
    """Nothing more is sent, not even on the way to safety: the operator has the column."""
    reason = f"an operator took the microscope: {error}"
    leave_to_operator(held, reason=reason, now_s=now_s)
    raise_alarm(
        key=TAKEN,
        level=Level.MINOR,
        microscope=held.microscope,
        text="An operator pressed STOP or refused control; the valves are as they left them.",
        advice="Ask at the console; when the microscope is free again resume the run, or "
        "acknowledge this where there is none.",
    )


def listen(helm: Helm, error: CommandTimeout) -> bool:
    """Wait for the late reply, sending nothing; whether it came. This epoch is over either way."""
    now_s = helm.clock.now()
    leave_unknown(helm.held, reason=str(error), now_s=now_s)
    raise_alarm(
        key=NO_ANSWER,
        level=Level.MAJOR,
        microscope=helm.held.microscope,
        text=f"The microscope does not answer: {error}",
        advice="Look at its console for an open dialog; nothing is sent meanwhile.",
    )
    gives_up_at_s = helm.keeper.now_s() + LATE_REPLY_S
    while helm.keeper.now_s() < gives_up_at_s and not helm.ending():
        helm.tick()
        if helm.microscope.await_reply(LISTEN_S):
            log.warning("the late reply came; a fresh connection looks what became of the command")
            return True
    log.error("no reply came within %.0f minutes", LATE_REPLY_S / 60)
    return False


def was_here(helm: Helm) -> None:
    """It drove until its last command had no answer; a simulated clock may be gone by then."""
    with suppress(ConnectionLost):
        note_presence(helm.held, now_s=helm.clock.now())


def note_lost_link(helm: Helm, error: ConnectionLost | ProtocolError) -> None:
    """Somebody else may want the instrument: the third time a person is asked."""
    if record_lost_link(helm.held, reason=str(error)):
        raise_alarm(
            key=LINK_LOST,
            level=Level.MAJOR,
            microscope=helm.held.microscope,
            text="The link to the instrument was lost three times within ten minutes.",
            advice="Another program may want the microscope; end it, then resume the run.",
        )


def close_while_allowed(helm: Helm) -> bool:
    """Without a database: whether the valves were closed before our time was over.

    Raises OperatorStop: then the column is the operator's.
    """
    try:
        helm.microscope.column.close_valves()
        closed = helm.microscope.column.status().valves_closed
    except OperatorStop:
        raise
    except SmartscopeError as error:
        log.critical("the valves could not be closed: %s", error)
        return False
    log.warning("the valves %s", "are closed" if closed else "are not surely closed")
    return closed
