"""Where a peer is: its name is looked up aside, so that a name server that hangs hangs nobody."""

from __future__ import annotations

import socket
import threading

Found = tuple[int, tuple[object, ...]]


class Whereabouts:
    """Of one datagram socket. Once found it stays so; a number needs no looking up."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._guard = threading.Lock()
        self._found: Found | None = None
        self._problem = "it is still being looked up"
        self._over: threading.Event | None = None
        try:
            self._found = _first(host, port, socket.AI_NUMERICHOST)
        except OSError:
            self._begin()

    def known(self, wait_s: float = 0.0) -> Found:
        """Family and address. Raises OSError when that is not known within `wait_s`."""
        if self._found is None:
            self._begin().wait(wait_s)
        found = self._found
        if found is None:
            raise OSError(f"Where {self._address[0]} is, is not known: {self._problem}.")
        return found

    def _begin(self) -> threading.Event:
        """The end of the look-up that goes on; one that failed is begun anew."""
        with self._guard:
            if self._over is None or (self._over.is_set() and self._found is None):
                self._over = threading.Event()
                threading.Thread(
                    target=self._look_up, args=[self._over], name="look-up", daemon=True
                ).start()
            return self._over

    def _look_up(self, over: threading.Event) -> None:
        try:
            self._found = _first(*self._address, 0)
        except OSError as error:
            self._problem = str(error)
        finally:
            over.set()


def _first(host: str, port: int, flags: int) -> Found:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags)
    family, _, _, _, where = found[0]
    return family, where
