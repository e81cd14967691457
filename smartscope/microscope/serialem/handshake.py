"""Taking control of SerialEM at the start of a connection, and what it means when it stays silent.

SerialEM answers "busy" also when control was already held, so a harmless question decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from smartscope.microscope.errors import CommandFailed, CommandTimeout, ScopeBusy
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import command_named
from smartscope.microscope.serialem.deadlines import Deadlines
from smartscope.microscope.serialem.outcomes import refuse_status, values_of
from smartscope.microscope.serialem.socket_link import SocketLink

_PROBE = "ReportClock"


def take_control(
    link: SocketLink,
    deadlines: Deadlines,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return when SerialEM obeys this connection.

    Raises ScopeBusy (busy, or silent behind a running command or a dialog), OperatorStop,
    ConnectionLost or ProtocolError.
    """

    def ask(request: wire.Request) -> bytes:
        link.require_silence()
        link.send(wire.encode_request(request), until_s=now() + deadlines.quick_s)
        whole = link.receive_frame(until_s=now() + deadlines.quick_s)
        refuse_status(wire.reply_status(whole), "taking control")
        return whole

    try:
        if wire.decode_ok_to_run_reply(ask(wire.OkToRunRequest())):
            return
        sleep(deadlines.busy_wait_s)
        whole = ask(wire.CommandRequest(command_named(_PROBE).code))
    except CommandTimeout as error:
        raise ScopeBusy(
            f"SerialEM accepted the connection but said nothing for {deadlines.quick_s:g} s: a "
            "command is still running, or a dialog is open. Look at its screen."
        ) from error
    with suppress(CommandFailed):  # even a failure proves that it was run, and so that we control
        values_of(_PROBE, wire.decode_command_reply(whole))
