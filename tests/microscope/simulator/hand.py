"""A client written by hand on the codec: sends exactly what a test says, hides nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import command_named
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.server import SimulatorServer

PATIENCE_S = 30.0
STARTED_S = 1.8e9
Value = float | str


class Closed(Exception):
    """The server closed or reset the connection."""


class Silent(Exception):
    """Nothing came within the time given."""


class Hand:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self.line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, raw: bytes) -> None:
        try:
            self.line.sendall(raw)
        except OSError as error:
            raise Closed from error

    def receive(self, count: int, *, within_s: float = PATIENCE_S) -> bytes:
        self.line.settimeout(within_s)
        content = b""
        while len(content) < count:
            try:
                piece = self.line.recv(count - len(content))
            except TimeoutError as error:
                raise Silent from error
            except OSError as error:
                raise Closed from error
            if not piece:
                raise Closed
            content += piece
        return content

    def frame(self, *, within_s: float = PATIENCE_S) -> bytes:
        head = self.receive(4, within_s=within_s)
        return head + self.receive(int.from_bytes(head, "little", signed=True) - 4)

    def ok_to_run(self) -> bool:
        self.send(wire.encode_request(wire.OkToRunRequest()))
        return wire.decode_ok_to_run_reply(self.frame())

    def order(self, name: str, *arguments: Value) -> None:
        """Send a command and do not wait."""
        spec = command_named(name)
        items = wire.items_of(spec, arguments)
        self.send(wire.encode_request(wire.CommandRequest(spec.code, items)))

    def answer(self, *, within_s: float = PATIENCE_S) -> wire.CommandReply:
        return wire.decode_command_reply(self.frame(within_s=within_s))

    def status(self) -> int:
        """The status of the answer, which is that alone."""
        return wire.reply_status(self.frame())

    def call(self, name: str, *arguments: Value) -> tuple[Value, ...]:
        """A command that must succeed."""
        self.order(name, *arguments)
        reply = self.answer()
        assert reply.outcome == wire.Outcome.DONE, f"{name}{arguments}: {reply.error_text}"
        return reply.values

    def numbers(self, name: str, *arguments: Value) -> tuple[float, ...]:
        """A command that must succeed and report numbers."""
        return tuple(float(value) for value in self.call(name, *arguments))

    def fails(self, name: str, *arguments: Value) -> str:
        """A command that must fail; its text."""
        self.order(name, *arguments)
        reply = self.answer()
        assert reply.outcome == wire.Outcome.FAILED, f"{name}{arguments} did not fail"
        return reply.error_text

    def header(self, buffer: str = "A") -> wire.ImageHeader:
        number, fft = wire.buffer_number(buffer)
        self.send(wire.encode_request(wire.ImageRequest(number, fft)))
        return wire.decode_image_header(self.frame())

    def image(self, buffer: str = "A") -> NDArray[np.generic]:
        header = self.header(buffer)
        assert not header.empty
        return wire.pixels_of(header, self.receive(header.total_bytes))

    def ready(self, slot: int = 1) -> Self:
        """In control, a grid on the stage, the beam on it, low dose on, above a good square."""
        assert self.ok_to_run()
        self.call("NoMessageBoxOnError", 1)
        self.call("LoadCartridge", slot)
        self.call("Delay", 60, "sec")
        self.call("SetColumnOrGunValve", 1)
        self.call("SetLowDoseMode", 1)
        return self


@dataclass(frozen=True, slots=True)
class Bench:
    """A server, its control port, and a place on its disk."""

    server: SimulatorServer
    control: ControlClient
    directory: Path

    def hand(self) -> Hand:
        return Hand(self.server.port)

    def entries(self, name: str) -> list[dict[str, Any]]:
        return [entry for entry in self.control.log() if entry["name"] == name]

    def doses(self, **where: Any) -> list[dict[str, Any]]:
        exposures = self.control.truth("exposures")["exposures"]
        return [e for e in exposures if all(e[key] == value for key, value in where.items())]

    def good_square(self) -> tuple[float, float]:
        """The middle of a good square, where a perfect stage would find it."""
        squares = self.control.truth("squares", reach_um=200.0)["squares"]
        good = [each for each in squares if each["usable"] and each["label"] == "good"]
        return good[0]["x_um"], good[0]["y_um"]


@contextmanager
def bench(directory: Path, **settings: Any) -> Iterator[Bench]:
    """A running server on a world of its own, without pauses and (but for a word) perfect."""
    chosen = {
        "data_dir": directory / "world",
        "seed": 7,
        "start_time_s": STARTED_S,
        "header_pause_s": 0.0,
    } | settings
    with ExitStack() as stack:
        server = stack.enter_context(SimulatorServer(chosen))
        control = stack.enter_context(ControlClient(server.control_port))
        yield Bench(server, control, directory)
