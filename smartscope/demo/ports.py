"""Which port the page gets: the one asked for, or the first free one from 8000 on."""

from __future__ import annotations

import socket

from smartscope.demo.options import DEFAULT_PORT
from smartscope.domain.errors import SmartscopeError

LOOPBACK = "127.0.0.1"
TRIED = 100


class PortTaken(SmartscopeError):
    """The port that was asked for belongs to another program."""


def choose_port(wanted: int) -> int:
    """`wanted`, or with 0 the first free port. Raises PortTaken."""
    if wanted:
        if not is_free(wanted):
            raise PortTaken(
                f"Port {wanted} is taken by another program. Choose another with --port, "
                "or leave --port out to get the first free one."
            )
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + TRIED):
        if is_free(port):
            return port
    raise PortTaken(
        f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + TRIED - 1} are all taken. Choose one with --port."
    )


def is_free(port: int) -> bool:
    """Whether a server of ours could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0
