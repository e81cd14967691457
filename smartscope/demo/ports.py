"""Which port the page gets: the one asked for, or the first free one from 8000 on."""

from __future__ import annotations

import contextlib
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from smartscope.demo.options import DEFAULT_PORT
from smartscope.domain.errors import SmartscopeError

LOOPBACK = "127.0.0.1"
TRIED = 100
BACKLOG = 128


class PortTaken(SmartscopeError):
    """The port that was asked for belongs to another program."""


def take_port(wanted: int) -> socket.socket:
    """Listen on `wanted`, or with 0 on the first free port; ours from here on. Raises PortTaken.

    Between finding a port free and using it seconds later another demo would take it.
    """
    if wanted:
        taken = listen(wanted)
        if taken is None:
            raise PortTaken(
                f"Port {wanted} is taken by another program. Choose another with --port, "
                "or leave --port out to get the first free one."
            )
        return taken
    for port in range(DEFAULT_PORT, DEFAULT_PORT + TRIED):
        if (found := listen(port)) is not None:
            return found
    raise PortTaken(
        f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + TRIED - 1} are all taken. Choose one with --port."
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, for a program that can only be told a number.

    The system gives them out at random, so two demos that start together get different ones.
    """
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]


def listen(port: int) -> socket.socket | None:
    """A socket that listens there; None where another program does."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        return None
    return listener


def answers(port: int) -> bool:
    """Whether a page is served there; until then a request waits, for a second at most."""
    connection = HTTPConnection(LOOPBACK, port, timeout=1.0)
    try:
        connection.request("HEAD", "/login")
        return connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
