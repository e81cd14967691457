"""How soon after an emergency stop the last command leaves: a driver over SerialEM's socket, its
permit asking a PostgreSQL that others keep busy.

    python -m benchmarks.emergency_stop [--quick] [--json PATH]
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report import Report, main
from benchmarks.scratch_database import scratch_database

if TYPE_CHECKING:
    from smartscope.microscope.base import Microscope as Instrument
    from smartscope.models import Microscope

STOPS, QUICK_STOPS = 200, 40
WRITERS = 6
#: T22: after it no further command within 2 s; and it is accepted within 1 s
LAST_COMMAND_S, ACCEPTED_S = 2.0, 1.0


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """Stops at many moments of a driver that commands without a pause, others writing events."""
    report = Report("Emergency stop under load")
    with scratch_database() as directory, _driver(directory) as (row, bridge):
        for writing in (False, True):
            load = _Load(row.pk, WRITERS if writing else 0)
            bridge.begin()
            with load:
                accepted, last = _measure(row, bridge, QUICK_STOPS if quick else STOPS)
            bridge.pause()
            where = f"{WRITERS} others writing events" if writing else "nobody else"
            for name, values, target in (
                ("pressed until accepted", accepted, ACCEPTED_S),
                ("pressed until the last command was permitted", last, LAST_COMMAND_S),
            ):
                took_s = round(p99(values), 4)
                report.at_most(f"{name}, p99, {where}", took_s, unit="s", target=target)
            if writing:
                report.inform("events the others wrote meanwhile", load.written, unit="events")
        report.inform("commands sent between the stops", bridge.sent, unit="commands")
    return report


def stopped_under_load(directory: Path, stops: int) -> float:
    """p99 in seconds from the press to the last command that was permitted, others writing."""
    with _driver(directory) as (row, bridge):
        bridge.begin()
        with _Load(row.pk, WRITERS):
            _, last = _measure(row, bridge, stops)
        return p99(last)


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[98]


@dataclass(slots=True)
class _Bridge:
    """A thread that moves the stage as fast as it is let; `last_s` is when it last was let."""

    instrument: Instrument | None = None
    sent: int = 0
    last_s: float = 0.0
    refused: threading.Event = field(default_factory=threading.Event)
    _run: threading.Event = field(default_factory=threading.Event)
    _ended: bool = False
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Command on."""
        self._run.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._command, name="bridge")
            self._thread.start()

    def pause(self) -> None:
        """Command no more for now."""
        self._run.clear()

    def end(self) -> None:
        """The thread is over."""
        self._ended = True
        self._run.set()
        if self._thread is not None:
            self._thread.join()

    def _command(self) -> None:
        from django.db import connection

        from smartscope.domain.geometry import Point
        from smartscope.microscope.errors import EmergencyStopped

        instrument, step = self.instrument, 0
        assert instrument is not None
        while not self._ended:
            self._run.wait()
            step += 1
            try:
                instrument.stage.move_to(Point(float(step % 7), 0.0))
                self.sent += 1
            except EmergencyStopped:
                self.refused.set()
                time.sleep(0.001)
        connection.close()


def _measure(row: Microscope, bridge: _Bridge, stops: int) -> tuple[list[float], list[float]]:
    """Seconds until each stop was accepted, and until the last command after it was permitted."""
    from smartscope.domain.actor import SETUP
    from smartscope.operations.emergency_latch import unlatch
    from smartscope.operations.emergency_stop import emergency_stop

    accepted, last = [], []
    for number in range(stops):
        bridge.refused.clear()
        time.sleep(0.003 + 0.001 * (number % 11))
        pressed_s = time.monotonic()
        emergency_stop(SETUP, row.pk)
        accepted.append(time.monotonic() - pressed_s)
        assert bridge.refused.wait(10.0), "the bridge went on commanding"
        last.append(max(0.0, bridge.last_s - pressed_s))
        unlatch(row.pk)
    return accepted, last


@contextmanager
def _driver(directory: Path) -> Iterator[tuple[Microscope, _Bridge]]:
    """A driver over the socket of a simulated microscope, under a real lease and its permit."""
    from smartscope.microscope.simulator.server import SimulatorServer
    from smartscope.microscope.values import CommandClass
    from smartscope.models import Microscope
    from smartscope.operations.lease.acquire_lease import acquire_lease
    from smartscope.operations.lease.held import LeaseTimes
    from workers.bridge.instrument import open_instrument
    from workers.bridge.keeper import Keeper
    from workers.bridge.permit import LeasePermit
    from workers.bridge.pulse import Pulse

    world: dict[str, Any] = {
        "data_dir": str(directory / "world"), "seed": 7, "start_time_s": 1.7e9, "clock": "instant",
        "serialem_version": "4.3",
    }  # fmt: skip
    frames = directory / "frames"
    frames.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(SimulatorServer(world))
        row = Microscope.objects.create(
            name="bench", driver_kind="serialem",
            driver_settings={
                "port": server.port, "control_port": server.control_port, "areas": "mini",
                "frames_folder": str(frames), "frames_mount": str(frames),
            },
        )  # fmt: skip
        times, pulse = LeaseTimes(), Pulse()
        acquired = acquire_lease(row.pk, times)
        assert acquired is not None
        keeper = Keeper(acquired, times, pulse, end_process=sys.exit)
        keeper.start()
        stack.callback(keeper.stop)

        bridge = _Bridge()

        class Timed(LeasePermit):
            def check(self, command_class: CommandClass, name: str) -> None:
                pulse.tick()
                super().check(command_class, name)
                if command_class is not CommandClass.READ:
                    bridge.last_s = time.monotonic()

        opened = open_instrument(row, Timed(keeper, pulse), epoch=acquired.held.epoch)
        stack.callback(opened.microscope.close)
        bridge.instrument = opened.microscope
        stack.callback(bridge.end)
        yield row, bridge


@dataclass(slots=True)
class _Load:
    """Threads that write events without a pause: they contend for the one counter of the log."""

    microscope: Any
    writers: int
    written: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> None:
        for _ in range(self.writers):
            thread = threading.Thread(target=self._write)
            thread.start()
            self._threads.append(thread)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        from django.db import connection, transaction

        from smartscope.domain.actor import SETUP
        from smartscope.operations.event_log import Scope, Told, record_event

        while not self._ended.is_set():
            with transaction.atomic():
                record_event("settings.changed", SETUP, Scope(self.microscope), Told())
            self.written += 1
        connection.close()


if __name__ == "__main__":
    sys.exit(main(claims))
