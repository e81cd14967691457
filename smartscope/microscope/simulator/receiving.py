"""Listening for clients, and reading one request of theirs off the wire."""

from __future__ import annotations

import socket

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.serialem.wire import (
    LARGEST_TOLERATED_REQUEST_BYTES,
    WORD_BYTES,
    BadFrame,
    Status,
    frame_length,
)
from smartscope.microscope.simulator.delivery import Line

LOOPBACK = "127.0.0.1"
FRAME_TIMEOUT_S = 2.0
_FIRST_RECEIVE_BYTES = 1 << 16


def receive_frame(line: Line) -> bytes | None:
    """One frame, its surplus thrown away as SerialEM does; None when the client has gone.

    Raises BadFrame.
    """
    try:
        content = line.sock.recv(_FIRST_RECEIVE_BYTES)
        if not content:
            return None
        line.sock.settimeout(FRAME_TIMEOUT_S)
        content = _at_least(line.sock, content, WORD_BYTES)
        total = frame_length(content, largest=LARGEST_TOLERATED_REQUEST_BYTES)
        return _at_least(line.sock, content, total)[:total]
    except TimeoutError:
        raise BadFrame("The rest of a frame did not come.", Status.WRONG_LENGTH) from None
    except OSError:
        return None


def _at_least(sock: socket.socket, content: bytes, wanted: int) -> bytes:
    while len(content) < wanted:
        more = sock.recv(_FIRST_RECEIVE_BYTES)
        if not more:
            raise ConnectionResetError
        content += more
    return content


def interrupt(sock: socket.socket) -> None:
    """End whatever another thread waits for on this connection; it may be closed already."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def listen(host: str, port: int) -> socket.socket:
    """A listener there. Raises BadInstrumentSettings for an address that cannot be had."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(8)
    except OSError as error:
        listener.close()
        raise BadInstrumentSettings(
            f"Port {port} on {host} cannot be used ({error.strerror}); choose another."
        ) from error
    return listener
