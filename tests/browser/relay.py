"""A network between browser and server that a test can take away: nothing is refused, nothing
arrives, and what was sent comes through once it is back.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

CHUNK = 65_536
LOOK_EVERY_S = 0.05


@dataclass(slots=True)
class Relay:
    """Passes bytes between its own port and `target_port`; a context that ends its threads."""

    target_port: int
    prefix: str = ""
    port: int = 0
    _listener: socket.socket = field(init=False)
    _up: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}/"

    def __enter__(self) -> Relay:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LOOK_EVERY_S)
        self.port = int(self._listener.getsockname()[1])
        self.restore()
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._up.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    def drop(self) -> None:
        """Swallow everything from now on."""
        self._up.clear()

    def restore(self) -> None:
        """Let through what is sent, and what was."""
        self._up.set()

    def _run(self, act: Callable[..., None], *ends: socket.socket) -> None:
        thread = threading.Thread(target=act, args=ends, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            self._up.wait()
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target_port))
                self._run(self._pass, client, server)
                self._run(self._pass, server, client)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        """Copy until either side ends; bytes that were read while it was down wait here."""
        with contextlib.suppress(OSError):
            source.settimeout(LOOK_EVERY_S)
            while not self._ended.is_set():
                try:
                    data = source.recv(CHUNK)
                except TimeoutError:
                    continue
                self._up.wait()
                if not data:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
