"""The service's end of the line to a safety agent: datagrams, signed, answered or not."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable

from smartscope.domain.errors import SmartscopeError
from smartscope.domain.safety_messages import Forged, Kind, Message, opened, require_key, sealed
from smartscope.microscope.whereabouts import Whereabouts

#: an unanswered question is sent again so often within its time
TRIES = 3


class BadAgentAddress(SmartscopeError):
    """The setting does not say where a safety agent listens."""


class SafetyLine:
    """For one microscope; nothing is kept open between two messages but where the agent is."""

    def __init__(
        self,
        address: str,
        key: str,
        microscope: str,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`address` is HOST:PORT, `microscope` the row's id. Raises SmartscopeError."""
        self._address = parse_address(address)
        self._key = require_key(key)
        self._microscope = microscope
        self._wall_clock = wall_clock
        self._whereabouts = Whereabouts(*self._address)

    def beat(self, *, epoch: int, counter: int) -> None:
        """Send and forget: whoever keeps a lease must not wait. Raises OSError."""
        with self._socket() as line:
            line.send(sealed(self._message(Kind.BEAT, epoch=epoch, counter=counter), self._key))

    def release(self, *, epoch: int, counter: int, timeout_s: float = 1.0) -> str | None:
        """Disarm the agent; its answer, or None when it did not answer in time."""
        message = self._message(Kind.RELEASE, epoch=epoch, counter=counter)
        return _text(self._ask(message, timeout_s))

    def stop(self, who: str, *, timeout_s: float = 1.0) -> str | None:
        """Emergency: close the valves now. The agent's answer, or None."""
        message = self._message(Kind.STOP, nonce=secrets.token_hex(16), text=who[:200])
        return _text(self._ask(message, timeout_s))

    def status(self, *, timeout_s: float = 1.0) -> Message | None:
        """How the agent is, in the answer's `text` and `epoch`; None when it is absent."""
        return self._ask(self._message(Kind.STATUS, nonce=secrets.token_hex(16)), timeout_s)

    def _message(
        self, kind: Kind, *, epoch: int = 0, counter: int = 0, nonce: str = "", text: str = ""
    ) -> Message:
        return Message(
            kind=kind,
            microscope=self._microscope,
            time_s=self._wall_clock(),
            epoch=epoch,
            counter=counter,
            nonce=nonce,
            text=text,
        )

    def _ask(self, message: Message, timeout_s: float) -> Message | None:
        until_s = time.monotonic() + timeout_s
        try:
            with self._socket(timeout_s) as line:
                for attempt in range(1, TRIES + 1):
                    line.send(sealed(message, self._key))
                    share_s = until_s - time.monotonic() if attempt == TRIES else timeout_s / TRIES
                    if (answer := self._answer_to(message, line, share_s)) is not None:
                        return answer
        except OSError:
            return None
        return None

    def _answer_to(self, asked: Message, line: socket.socket, share_s: float) -> Message | None:
        until_s = time.monotonic() + share_s
        while (left_s := until_s - time.monotonic()) > 0:
            line.settimeout(left_s)
            try:
                answer = opened(line.recv(2_048), self._key)
            except (TimeoutError, Forged):
                continue
            if _answers(answer, asked):
                return answer
        return None

    def _socket(self, wait_s: float = 0.0) -> socket.socket:
        family, where = self._whereabouts.known(wait_s)
        line = socket.socket(family, socket.SOCK_DGRAM)
        try:
            line.connect(where)
        except OSError:
            line.close()
            raise
        return line


def parse_address(address: str) -> tuple[str, int]:
    """HOST:PORT, or [IPv6]:PORT. Raises BadAgentAddress."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise BadAgentAddress(f"{address!r} is no address; write HOST:PORT.")
    return host.strip("[]"), int(port)


def _answers(answer: Message, asked: Message) -> bool:
    return answer.kind is Kind.ANSWER and (
        (answer.microscope, answer.nonce, answer.counter)
        == (asked.microscope, asked.nonce, asked.counter)
    )


def _text(answer: Message | None) -> str | None:
    return None if answer is None else answer.text
