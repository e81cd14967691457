"""A SerialEM for tests that says exactly what a script tells it, well or badly.

Each accepted connection is handed to the next scene, in a thread of this process. What arrived is
kept, so that a test can count how often a command really came.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import commands_by_code

LONGEST_S = 10.0

Value = float | str
Scene = Callable[["Talk"], None]


class Gone(Exception):
    """The client closed or reset the connection."""


class Talk:
    """One connection as a scene sees it."""

    def __init__(self, connection: socket.socket, heard: list[wire.Request]) -> None:
        self._connection = connection
        self._heard = heard

    def hear(self) -> wire.Request:
        """The next request. Raises Gone when the client has left."""
        first = self._exactly(4)
        length = wire.frame_length(first, largest=wire.LARGEST_TOLERATED_REQUEST_BYTES)
        request = wire.decode_request(first + self._exactly(length - 4))
        self._heard.append(request)
        return request

    def expect(self, name: str) -> wire.CommandRequest:
        """The next request, which must be that command."""
        request = self.hear()
        assert isinstance(request, wire.CommandRequest), request
        assert commands_by_code()[request.code].name == name, request
        return request

    def grant(self) -> None:
        """Hear the question for control and say yes."""
        assert self.hear() == wire.OkToRunRequest()
        self.say(wire.encode_ok_to_run_reply(1))

    def refuse(self, status: wire.Status) -> None:
        """Hear a request and answer with a status alone."""
        self.hear()
        self.say(wire.encode_status(status))

    def reply(self, *values: Value, outcome: int = 0) -> None:
        """Answer a command."""
        self.say(wire.encode_command_reply(wire.CommandReply(values, outcome)))

    def say(self, raw: bytes, *, slices: int = 1, pause_s: float = 0.0) -> None:
        """Send bytes as they are, in so many pieces."""
        size = max(-(-len(raw) // slices), 1)
        for begun in range(0, len(raw), size):
            try:
                self._connection.sendall(raw[begun : begun + size])
            except ConnectionError as error:
                raise Gone from error
            time.sleep(pause_s)

    def say_last(self, raw: bytes) -> None:
        """Send bytes as they are and close."""
        self.say(raw)
        self.leave()

    def receive(self, count: int) -> bytes:
        """So many raw bytes."""
        return self._exactly(count)

    def leave(self) -> None:
        """Close in order."""
        self._connection.close()

    def reset(self) -> None:
        """Close so that the client sees a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def half_close(self) -> None:
        """Say that nothing more comes, and go on listening."""
        self._connection.shutdown(socket.SHUT_WR)

    def answer(
        self, answers: Mapping[str, tuple[Value, ...]], failing: frozenset[str] = frozenset()
    ) -> None:
        """Answer every command from a table, nothing for those not in it, until the client goes.

        Those in `failing` fail, with their own name as text.
        """
        while True:
            request = self.hear()
            if isinstance(request, wire.OkToRunRequest):
                self.say(wire.encode_ok_to_run_reply(1))
                continue
            assert isinstance(request, wire.CommandRequest)
            name = commands_by_code()[request.code].name
            if name in failing:
                self.reply(f"{name} failed", outcome=wire.Outcome.FAILED)
                continue
            leaves = name == "Exit"
            outcome = wire.Outcome.EXITED_QUIETLY if leaves else wire.Outcome.DONE
            self.reply(*answers.get(name, ()), outcome=outcome)

    def _exactly(self, count: int) -> bytes:
        arrived = b""
        while len(arrived) < count:
            try:
                piece = self._connection.recv(count - len(arrived))
            except ConnectionError as error:
                raise Gone from error
            if not piece:
                raise Gone
            arrived += piece
        return arrived


class Peer:
    """Listens on a free port of 127.0.0.1 and plays one scene for each connection, in order."""

    def __init__(self, *scenes: Scene) -> None:
        self.heard: list[wire.Request] = []
        self._scenes = scenes
        self._failed: list[BaseException] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(LONGEST_S)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._play, name="scripted SerialEM")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    @property
    def commands(self) -> list[str]:
        """The names of the commands that arrived, in order."""
        return [
            commands_by_code()[request.code].name
            for request in self.heard
            if isinstance(request, wire.CommandRequest)
        ]

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(LONGEST_S)
        self._listening.close()
        if error is None and self._failed:
            raise self._failed[0]

    def _play(self) -> None:
        for scene in self._scenes:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(LONGEST_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._act(scene, Talk(connection, self.heard))

    def _act(self, scene: Scene, talk: Talk) -> None:
        try:
            scene(talk)
        except Gone:
            return
        except (AssertionError, OSError, wire.BadFrame) as error:
            self._failed.append(error)
