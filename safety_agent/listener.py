"""The agent's ear: one datagram socket; what is not signed with our key is dropped in silence."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable

from smartscope.domain.safety_messages import (
    LONGEST_BYTES,
    Forged,
    Kind,
    Message,
    Refused,
    opened,
    sealed,
)

log = logging.getLogger(__name__)

Hear = Callable[[Message], str]


class Listener:
    """A thread from `start` to `stop`; `hear` answers or raises Refused."""

    def __init__(self, address: tuple[str, int], key: bytes, hear: Hear) -> None:
        family, _, _, _, where = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind(where)
        self._socket.settimeout(0.2)
        self._key = key
        self._hear = hear
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener")

    @property
    def port(self) -> int:
        """Where it listens; of use when 0 was asked for."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End, and close the socket."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                data, sender = self._socket.recvfrom(LONGEST_BYTES + 1)
            except OSError:  # nothing came, or an answer of ours found nobody
                continue
            try:
                self._answer(opened(data, self._key), sender)
            except Forged as problem:
                log.warning("dropped a message from %s: %s", sender[0], problem)
            # one bad message, or a full disk, must not make the agent deaf
            except Exception:
                log.exception("a message could not be taken in")

    def _answer(self, message: Message, sender: tuple[str, int]) -> None:
        try:
            text = self._hear(message)
        except Refused as problem:
            log.warning("refused a %s from %s: %s", message.kind, sender[0], problem)
            text = f"refused: {problem}"
        answer = Message(
            kind=Kind.ANSWER,
            microscope=message.microscope,
            time_s=time.time(),
            epoch=message.epoch,
            counter=message.counter,
            nonce=message.nonce,
            text=text[:300],
        )
        try:
            self._socket.sendto(sealed(answer, self._key), sender)
        except OSError as problem:
            log.warning("%s could not be answered: %s", sender[0], problem)
