"""Others who want the microscope: a second client that takes our place again and again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.workers.bridge.served_house import ServedHouse
from workers.bridge.fault_points import Plan, arm


@dataclass(slots=True)
class Intruder(Plan):
    """Connects to the instrument whenever ours passes one of these places, each once."""

    port: int = 0
    places: list[str] = field(default_factory=list)
    sockets: list[socket.socket] = field(default_factory=list)

    def passing(self, name: str) -> None:
        """Take the place of whoever is connected; the server serves the newest."""
        if self.places and name == self.places[0]:
            self.places.pop(0)
            self.sockets.append(socket.create_connection(("127.0.0.1", self.port)))


@contextmanager
def intruder(served: ServedHouse, places: list[str]) -> Iterator[Intruder]:
    """Somebody who comes at these places, one after the other."""
    rival = Intruder(port=served.server.port, places=list(places))
    arm(rival)
    try:
        yield rival
    finally:
        arm(None)
        for each in rival.sockets:
            each.close()
