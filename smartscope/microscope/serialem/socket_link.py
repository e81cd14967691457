"""One TCP connection to a SerialEM: whole frames out and in, each under a deadline.

It never reconnects and never sends anything twice. What arrived of a frame before a deadline is
kept, so that a late reply can still be read.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from smartscope.microscope.errors import CommandTimeout, ConnectionLost, ProtocolError
from smartscope.microscope.serialem.wire import (
    LARGEST_REPLY_BYTES,
    WORD_BYTES,
    frame_length,
)

Now = Callable[[], float]

_SHORTEST_WAIT_S = 0.001
_LARGEST_PIECE_BYTES = 1 << 16
_KEEPALIVE_IDLE_S, _KEEPALIVE_EVERY_S, _KEEPALIVE_TRIES = 30, 10, 3


class SocketLink:
    """A connection that is open until it fails or is closed; afterwards it stays closed."""

    def __init__(self, host: str, port: int, *, timeout_s: float, now: Now) -> None:
        """Connect. Raises ConnectionLost when nobody listens there."""
        self._where = f"SerialEM at {host}:{port}"
        self._now = now
        self._arrived = bytearray()
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except (OSError, UnicodeError, OverflowError) as error:
            raise ConnectionLost(
                f"{self._where} cannot be reached ({error}). Is SerialEM running, with its "
                "property EnableExternalPython 1, and is the port open to this computer?"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_alive(self._socket)

    def require_silence(self) -> None:
        """Make sure, before a request, that nothing unread waits and that the peer is there.

        Raises ProtocolError or ConnectionLost: then nothing was sent.
        """
        try:
            self._socket.setblocking(False)
            waiting = self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionLost(
                f"{self._where} has dropped the connection ({error}); nothing was sent."
            ) from error
        if waiting:
            raise ProtocolError(
                f"{self._where} sent something nobody asked for; replies are out of step. Nothing "
                "was sent. Look at SerialEM, then connect again."
            )
        raise ConnectionLost(
            f"{self._where} closed the connection; nothing was sent. Another client may have taken "
            "its place."
        )

    def send(self, data: bytes | memoryview, *, until_s: float) -> None:
        """Send all of it. Raises ConnectionLost, also when the peer accepts no more in time."""
        try:
            self._socket.settimeout(self._left_s(until_s))
            self._socket.sendall(data)
        except OSError as error:
            raise ConnectionLost(
                f"{self._where} broke the connection while being sent a request ({error}); it may "
                "have run."
            ) from error

    def receive_frame(self, *, until_s: float) -> bytes:
        """The next whole frame.

        Raises CommandTimeout (then it may be called again), ConnectionLost or ProtocolError.
        """
        self._fill(WORD_BYTES, until_s)
        total = frame_length(bytes(self._arrived[:WORD_BYTES]), largest=LARGEST_REPLY_BYTES)
        self._fill(total, until_s)
        whole = bytes(self._arrived)
        self._arrived.clear()
        return whole

    def receive_into(self, target: memoryview, *, until_s: float, stall_s: float) -> None:
        """Fill `target`. Raises CommandTimeout at `until_s` or after `stall_s` of silence."""
        filled = 0
        while filled < len(target):
            within_s = min(self._left_s(until_s), stall_s)
            filled += self._receive(target[filled:], within_s)
            if filled < len(target):
                self._require_time(until_s)

    def close(self) -> None:
        """Close the socket, whoever waits on it in another thread included."""
        with suppress(OSError):  # the peer was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _fill(self, wanted: int, until_s: float) -> None:
        """Receive until `wanted` bytes of the frame are there, and no byte more."""
        while (missing := wanted - len(self._arrived)) > 0:
            piece = bytearray(min(missing, _LARGEST_PIECE_BYTES))
            count = self._receive(memoryview(piece), self._left_s(until_s))
            self._arrived += piece[:count]
            if count < missing:
                self._require_time(until_s)

    def _receive(self, target: memoryview, within_s: float) -> int:
        try:
            self._socket.settimeout(within_s)
            count = self._socket.recv_into(target)
        except OSError as error:
            # the kernel's own ETIMEDOUT, a peer that vanished, is a TimeoutError too
            if isinstance(error, TimeoutError) and error.errno is None:
                raise self._late() from error
            raise ConnectionLost(
                f"{self._where} broke the connection before it had answered ({error})."
            ) from error
        if count == 0:
            raise ConnectionLost(
                f"{self._where} closed the connection before it had answered. Another client may "
                "have taken its place."
            )
        return count

    def _require_time(self, until_s: float) -> None:
        """A peer that goes on trickling does not outlive a deadline."""
        if self._now() >= until_s:
            raise self._late()

    def _late(self) -> CommandTimeout:
        return CommandTimeout(
            f"{self._where} did not answer in time; what it was asked may still be running. "
            "Nothing more is sent on this connection."
        )

    def _left_s(self, until_s: float) -> float:
        return max(until_s - self._now(), _SHORTEST_WAIT_S)


def uninitialised_bytes(count: int) -> memoryview:
    """Memory for pixels that are about to arrive, not cleared first. Raises ProtocolError."""
    try:
        return np.empty(count, np.uint8).data
    except MemoryError as error:
        raise ProtocolError(
            f"An image of {count} bytes was announced, which this computer has no memory for."
        ) from error


def _keep_alive(connection: socket.socket) -> None:
    """Let the kernel notice, within a minute, a peer whose computer or network is gone."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_EVERY_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_TRIES)
