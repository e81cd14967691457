"""SerialEM's own closing of idle valves: what closes the column when we vanish and nobody is there.

SerialEM counts idle minutes only while nobody controls it. We set its user setting for good as we
take control, so that it also holds after a connection that ended without a word, and give the
site's own value back as we leave in order.
"""

from __future__ import annotations

import logging

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.errors import CommandFailed, ProtocolError
from smartscope.microscope.serialem import memory
from smartscope.microscope.serialem.link import Operation

log = logging.getLogger(__name__)
#: minutes without activity, 0 for never (SerialEM's SettingsTests.h, MIT)
SETTING = "IdleTimeToCloseValves"
#: SetUserSetting's third argument: the value outlives this control
KEEP = 1
NEVER = 0


def arrange_idle_closing(operation: Operation, minutes: int) -> bool:
    """Let idle valves be closed after at most so many minutes; whether that reads back.

    A site's own shorter time stays as it is. Without the setting, or when it is not taken, the log
    says so and nothing else is changed: bridge and safety agent close valves all the same.
    """
    if minutes == NEVER:
        return False
    found = _read(operation)
    if found is None:
        log.warning("this SerialEM has no %s; idle valves are not closed by it", SETTING)
        return False
    if NEVER < found <= minutes:
        if found < minutes and memory.IDLE_MINUTES.get(operation) is not None:
            memory.IDLE_MINUTES.put(operation, None)  # the site set it after we had vanished
        return True
    memory.IDLE_MINUTES.put(operation, found)
    try:
        operation.absolute("SetUserSetting", SETTING, minutes, KEEP)
    except CommandFailed as error:
        log.warning("SerialEM did not take %s = %d: %s", SETTING, minutes, error)
        return False
    taken = _read(operation) == minutes
    if not taken:
        log.warning("%s does not read %d after it was set", SETTING, minutes)
    return taken


def restore_idle_closing(operation: Operation) -> None:
    """Give the site's own value back; what goes wrong then is logged, because we leave anyway."""
    try:
        before = memory.IDLE_MINUTES.get(operation)
        if before is None:
            return
        operation.absolute("SetUserSetting", SETTING, before, KEEP)
        memory.IDLE_MINUTES.put(operation, None)
    except InstrumentError as error:
        log.warning("SerialEM's %s was not put back: %s", SETTING, error)


def _read(operation: Operation) -> float | None:
    """Minutes; None where SerialEM has no such setting or answers nonsense."""
    reply = operation.try_read("ReportUserSetting", SETTING)
    try:
        return None if reply is None else reply.number()
    except ProtocolError:
        return None
