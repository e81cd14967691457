"""Close the column or gun valves and prove it; no other command leaves this process.

The list below is the whole vocabulary. Opening the connection asks for control, as every client of
SerialEM does; it takes the place of the client before it, after the running command.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.deadlines import Deadlines

CLOSE, READ_BACK, LEAVE = "SetColumnOrGunValve", "ReportColumnOrGunValve", "Exit"
#: every command with the only arguments it may have
ALLOWED = frozenset({(CLOSE, (0,)), (READ_BACK, ()), (LEAVE, (1,))})
CLOSED = 0.0


class Forbidden(InstrumentError):
    """The agent was asked to send what it may not: a defect, and nothing was sent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the valves are known to be closed, and in words what happened."""

    closed: bool
    told: str


def close_valves(host: str, port: int, *, limit_s: float) -> Outcome:
    """Connect, close, read back, leave, within about `limit_s`. Never raises."""
    share_s = limit_s / 5
    deadlines = Deadlines(
        connect_s=share_s, busy_wait_s=share_s / 4, quick_s=share_s, optics_s=2 * share_s
    )
    client = SerialEmClient(host, port, deadlines=deadlines)
    try:
        client.connect()
        send(client, CLOSE, 0)
        answer = send(client, READ_BACK)
        if answer[:1] != (CLOSED,):
            return Outcome(False, f"the valves answer {answer} after they were told to close")
        with suppress(InstrumentError):
            send(client, LEAVE, 1)
    except InstrumentError as error:
        return Outcome(False, f"{type(error).__name__}: {error}")
    else:
        return Outcome(True, "the valves are closed, as the instrument confirms")
    finally:
        client.abandon()


def send(client: SerialEmClient, name: str, *arguments: int) -> tuple[float | str, ...]:
    """One command of the list. Raises Forbidden for any other, and as the client does."""
    if (name, arguments) not in ALLOWED:
        raise Forbidden(f"{name}{arguments} is not on the safety agent's list; it was not sent.")
    return client.call(name, *arguments)
