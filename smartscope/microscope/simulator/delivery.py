"""How an answer reaches its client: in one piece, or spoilt as a planned fault wants it."""

from __future__ import annotations

import math
import random
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from smartscope.microscope.serialem.wire import CommandReply, encode_command_reply, encode_status
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.faults import Fault

SEND_TIMEOUT_S = 30.0
#: of garbage and latency: the same in every run of a server
_CHANCE = random.Random(48888)
_FIRST_BYTES = 4


class Delivered(Enum):
    """What the client got; every end but the first leaves it with a broken connection or none."""

    WHOLE = "answered"
    SPOILT = "answered wrongly"
    NOTHING = "not answered"
    CLOSED = "connection closed"


@dataclass(frozen=True, slots=True)
class Line:
    """The connection to one client; `closing` ends every pause."""

    sock: socket.socket
    closing: threading.Event

    def pause(self, seconds: float) -> None:
        """Real seconds, cut short when the server ends."""
        if seconds > 0.0:
            self.closing.wait(seconds)

    def send(self, content: bytes | memoryview) -> Delivered:
        """Send in one call; a client that is gone gets nothing."""
        try:
            self.sock.sendall(content)
        except OSError:
            return Delivered.CLOSED
        return Delivered.WHOLE

    def reset(self) -> None:
        """Close so that the client sees a reset instead of an end."""
        linger = struct.pack("ii", 1, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.sock.close()


def cut_off(line: Line, fault: Fault) -> Delivered:
    """Close the connection: in order, by reset, or for sending only; `delay_s` later."""
    line.pause(fault.number("delay_s", 0.0))
    how = str(fault.parameters.get("how", "close"))
    try:
        if how == "reset":
            line.reset()
        elif how == "half_close":
            line.sock.shutdown(socket.SHUT_WR)
        else:
            line.sock.close()
    except OSError:
        return Delivered.CLOSED
    return Delivered.CLOSED


def respoken(reply: CommandReply, struck: tuple[Fault, ...]) -> CommandReply:
    """A reply's values as a fault changes them."""
    for fault in struck:
        if fault.kind in _VALUES:
            reply = replace(reply, values=_VALUES[fault.kind](reply.values, fault))
    return reply


def encoded(reply: CommandReply, struck: tuple[Fault, ...]) -> bytes:
    """The reply as bytes; text that is not UTF-8 when a fault wants it so."""
    if any(fault.kind is FaultKind.NOT_UTF8 for fault in struck):
        reply = replace(reply, values=("Grün µm", *reply.values[1:]))
        return encode_command_reply(reply, encoding="cp1252")
    return encode_command_reply(respoken(reply, struck))


def deliver(line: Line, answer: bytes, struck: tuple[Fault, ...]) -> Delivered:
    """Send an answer, late, in crumbs, in part, or not at all."""
    for fault in struck:
        if fault.kind in _BEFORE_SENDING:
            _BEFORE_SENDING[fault.kind](line, fault)
    for fault in struck:
        if fault.kind in _SENDING:
            return _SENDING[fault.kind](line, answer, fault)
    return line.send(answer)


def _late(line: Line, fault: Fault) -> None:
    line.pause(fault.number("delay_s", 1.0))


def _latency(line: Line, fault: Fault) -> None:
    spread = fault.number("spread", 0.5)
    line.pause(fault.number("median_s", 0.005) * math.exp(_CHANCE.gauss(0.0, spread)))


def _trickle(line: Line, answer: bytes, fault: Fault) -> Delivered:
    step = max(1, int(fault.number("bytes", 1)))
    for begun in range(0, len(answer), step):
        if line.send(answer[begun : begun + step]) is not Delivered.WHOLE:
            return Delivered.CLOSED
        line.pause(fault.number("pause_s", 0.001))
    return Delivered.WHOLE


def _truncated(line: Line, answer: bytes, fault: Fault) -> Delivered:
    line.send(answer[: int(fault.number("bytes", len(answer) // 2))])
    line.sock.close()
    return Delivered.CLOSED


def _wrong_size(line: Line, answer: bytes, fault: Fault) -> Delivered:
    (size,) = struct.unpack_from("<i", answer)
    wrong = struct.pack("<i", size + int(fault.number("by", 8))) + answer[_FIRST_BYTES:]
    line.send(wrong)
    return Delivered.SPOILT


def _garbage(line: Line, answer: bytes, fault: Fault) -> Delivered:
    line.send(_CHANCE.randbytes(int(fault.number("bytes", 64))))
    return Delivered.SPOILT


def _status(line: Line, answer: bytes, fault: Fault) -> Delivered:
    line.send(encode_status(int(fault.number("code", -6))))
    return Delivered.SPOILT


def _never(line: Line, answer: bytes, fault: Fault) -> Delivered:
    return Delivered.NOTHING


_BEFORE_SENDING: Mapping[FaultKind, Callable[[Line, Fault], None]] = {
    FaultKind.LATE_REPLY: _late,
    FaultKind.LATENCY: _latency,
}
_SENDING: Mapping[FaultKind, Callable[[Line, bytes, Fault], Delivered]] = {
    FaultKind.NO_REPLY: _never,
    FaultKind.TRICKLE: _trickle,
    FaultKind.TRUNCATED_REPLY: _truncated,
    FaultKind.WRONG_SIZE: _wrong_size,
    FaultKind.GARBAGE: _garbage,
    FaultKind.STATUS: _status,
}

_Values = tuple[float | str, ...]


def _all_numbers(number: float) -> Callable[[_Values, Fault], _Values]:
    return lambda values, fault: tuple(
        value if isinstance(value, str) else number for value in values
    )


def _fewer(values: _Values, fault: Fault) -> _Values:
    return values[: max(0, len(values) - int(fault.number("count", 1)))]


def _more(values: _Values, fault: Fault) -> _Values:
    return (*values, *(0.0 for _ in range(int(fault.number("count", 1)))))


def _replaced(values: _Values, fault: Fault) -> _Values:
    given = fault.parameters.get("values", ())
    return tuple(
        value if isinstance(value, str) else float(value)
        for value in (given if isinstance(given, (list, tuple)) else ())
    )


_VALUES: Mapping[FaultKind, Callable[[_Values, Fault], _Values]] = {
    FaultKind.NOT_A_NUMBER: _all_numbers(math.nan),
    FaultKind.INFINITE: _all_numbers(math.inf),
    FaultKind.MISSING_VALUES: _fewer,
    FaultKind.EXTRA_VALUES: _more,
    FaultKind.REPLACED_VALUES: _replaced,
}
