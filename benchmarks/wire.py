"""What the link to SerialEM costs: an image of a K3, a command's round trip, the codec alone.

A child process serves over loopback, first a server that does nothing else, then the simulated
microscope; the client is the service's own. The baselines move the same bytes between the same two
processes through bare sockets: into memory that is there already, one receive after another, and
eight bytes to and fro.

Run: `python -m benchmarks.wire [--quick] [--json PATH]`.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.report import Report, main
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import command_named, commands_by_code
from smartscope.microscope.simulator.server import SimulatorServer

WIDTH, HEIGHT = 5760, 4092
IMAGE_BYTES = WIDTH * HEIGHT * 2
CHUNK_BYTES = 33_620_000
PING = b"12345678"
REPEATS = 2_000
LONGEST_S = 60.0


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """Images and commands between two processes of this machine, and the codec without a socket."""
    images, trips = (15, 2_000) if quick else (50, 10_000)
    report = Report(f"The link to SerialEM, {WIDTH} x {HEIGHT} uint16 over loopback")
    bare_s = _bare_images(images)
    bare_trip_ms = _bare_trips(trips)
    for chunks in (1, -(-IMAGE_BYTES // CHUNK_BYTES)):
        with _Served(partial(_listen_once, partial(_speak_serialem, chunks=chunks))) as port:
            image_s, trip_ms = _measure(port, images, trips)
        what = f"an image in {chunks} chunk{'s' * (chunks > 1)}, median"
        _image(report, what, image_s, bare_s)
    _trip(report, "a command and its reply, median", trip_ms, bare_trip_ms)
    with _Served(_simulate) as port:
        image_s, trip_ms = _measure(port, images, trips, fill=True)
    _image(report, "an image from the simulated microscope, median", image_s, bare_s)
    _trip(report, "its reply to a command, median", trip_ms, bare_trip_ms)
    _codec(report)
    report.leave_out("a real SerialEM, whose own speed over its network is not known here.")
    return report


def _measure(
    port: int, images: int, trips: int, *, fill: bool = False
) -> tuple[list[float], list[float]]:
    """Seconds of each image and milliseconds of each command; `fill` puts the image there first."""
    client = SerialEmClient("127.0.0.1", port)
    client.connect()
    if fill:
        client.put_image(np.zeros((HEIGHT, WIDTH), np.uint16), "B")
    image_s = [_seconds(partial(client.image, "B")) for _ in range(images)]
    trip_ms = [_seconds(partial(client.call, "ReportStageXYZ")) * 1e3 for _ in range(trips)]
    client.close()
    return image_s, trip_ms


def _image(report: Report, claim: str, image_s: list[float], bare_s: float) -> None:
    report.at_least(
        claim,
        IMAGE_BYTES / statistics.median(image_s) / 1e6,
        unit="MB/s",
        target=500,
        baseline=IMAGE_BYTES / bare_s / 1e6,
        baseline_name="bare socket",
    )


def _trip(report: Report, claim: str, trip_ms: list[float], bare_ms: float) -> None:
    report.at_most(
        claim,
        statistics.median(trip_ms),
        unit="ms",
        target=1.0,
        baseline=bare_ms,
        baseline_name="bare socket",
    )
    report.inform("the same, 99th percentile", float(np.percentile(trip_ms, 99)), unit="ms")


class _Served:
    """A child process that sends the port it serves on, and ends when told or left."""

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        here, there = multiprocessing.Pipe()
        self._port, self._childs_end = here, there
        self._child = multiprocessing.get_context("spawn").Process(target=serve, args=(there,))

    def __enter__(self) -> int:
        self._child.start()
        self._childs_end.close()  # so that a child that dies is noticed
        return int(self._port.recv())

    def __exit__(self, *_: object) -> None:
        self._port.close()
        self._child.join(LONGEST_S)
        if self._child.is_alive():
            self._child.terminate()


def _simulate(port: Connection) -> None:
    """The simulated microscope in a world of its own, until the parent closes its end."""
    with TemporaryDirectory() as directory:
        settings = {"data_dir": Path(directory), "seed": 7, "header_pause_s": 0.0}
        with SimulatorServer(settings) as server, suppress(EOFError):
            port.send(server.port)
            port.recv()


def _listen_once(speak: Callable[[socket.socket], None], port: Connection) -> None:
    """Accept one connection on a free port and speak through it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LONGEST_S)
        port.send(listening.getsockname()[1])
        connection, _ = listening.accept()
    with connection:
        connection.settimeout(LONGEST_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        speak(connection)


def _speak_serialem(connection: socket.socket, *, chunks: int) -> None:
    """Answer as SerialEM does, from an image that is in memory."""
    pixels = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    rows, header = wire.rows_of(pixels), wire.header_of(pixels, chunks=chunks)
    exit_code = command_named("Exit").code
    place = wire.CommandReply((1.5, -2.25, 100.0))
    while True:
        match wire.decode_request(_frame(connection)):
            case wire.OkToRunRequest():
                connection.sendall(wire.encode_ok_to_run_reply(1))
            case wire.ImageRequest():
                connection.sendall(wire.encode_image_header(header))
                begun = 0
                for length in header.chunk_lengths():
                    if begun:
                        _frame(connection)
                    connection.sendall(rows[begun : begun + length])
                    begun += length
            case wire.CommandRequest(code, items):
                wire.arguments_of(commands_by_code()[code], items)
                connection.sendall(wire.encode_command_reply(place))
                if code == exit_code:
                    return


def _frame(connection: socket.socket) -> bytes:
    first = connection.recv(4, socket.MSG_WAITALL)
    length = wire.frame_length(first, largest=wire.LARGEST_TOLERATED_REQUEST_BYTES)
    return first + connection.recv(length - 4, socket.MSG_WAITALL)


def _speak_bytes(connection: socket.socket, *, images: int) -> None:
    """Send the bytes of an image for each ping."""
    rows = memoryview(bytes(IMAGE_BYTES))
    for _ in range(images):
        connection.recv(len(PING), socket.MSG_WAITALL)
        connection.sendall(rows)


def _speak_pings(connection: socket.socket, *, trips: int) -> None:
    """Send each ping back."""
    for _ in range(trips):
        connection.sendall(connection.recv(len(PING), socket.MSG_WAITALL))


def _bare_images(images: int) -> float:
    """Median seconds for an image's bytes through a bare socket into memory that is there."""
    target = memoryview(bytearray(IMAGE_BYTES))

    def receive(connection: socket.socket) -> None:
        connection.sendall(PING)
        filled = 0
        while filled < IMAGE_BYTES:
            filled += connection.recv_into(target[filled:])

    return _bare(partial(_speak_bytes, images=images), receive, images)


def _bare_trips(trips: int) -> float:
    """Median milliseconds for eight bytes to and fro."""

    def ping(connection: socket.socket) -> None:
        connection.sendall(PING)
        connection.recv(len(PING), socket.MSG_WAITALL)

    return _bare(partial(_speak_pings, trips=trips), ping, trips) * 1e3


def _bare(
    speak: Callable[[socket.socket], None], act: Callable[[socket.socket], None], times: int
) -> float:
    with (
        _Served(partial(_listen_once, speak)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return statistics.median(_seconds(partial(act, connection)) for _ in range(times))


def _codec(report: Report) -> None:
    """Microseconds of one message without a socket."""
    move = command_named("MoveStageTo")

    def encode() -> bytes:
        return wire.encode_request(
            wire.CommandRequest(move.code, wire.items_of(move, (1.5, -2.25, 10.0)))
        )

    request = encode()
    reply = wire.CommandReply((1.5, -2.25, 100.0, "PFOA"))
    answer = wire.encode_command_reply(reply)
    for claim, work in (
        ("encode a command with three arguments", encode),
        ("decode it", lambda: wire.decode_request(request)),
        ("encode a reply of four values", lambda: wire.encode_command_reply(reply)),
        ("decode it as the client does", lambda: wire.decode_command_reply(answer)),
    ):
        costs = [_seconds(work) for _ in range(REPEATS)]
        report.inform(claim, statistics.median(costs) * 1e6, unit="µs")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(claims))
