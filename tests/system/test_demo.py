"""The demo as its user meets it: it starts, is stopped, goes on, is killed, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from smartscope.demo.place import Place
from smartscope.servers.guard import is_running

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 120.0
ENDED_WITHIN_S = 120.0


@dataclass(slots=True)
class Demo:
    """One `make demo` in a directory of its own, with servers of its own."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def await_words(self, words: str) -> None:
        deadline_s = time.monotonic() + READY_WITHIN_S
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline_s, self.said()
            time.sleep(0.1)

    def kill(self, module: str) -> None:
        """End one of its processes as a power cut would."""
        [process] = [
            p
            for p in psutil.Process(self.process.pid).children(recursive=True)
            if module in p.cmdline()
        ]
        process.kill()

    def family(self) -> set[int]:
        """Every process that the demo started, directly or not."""
        return {p.pid for p in psutil.Process(self.process.pid).children(recursive=True)}


@dataclass(slots=True)
class Demos:
    """Starts demos in one directory; what is left of them is ended with the test."""

    directory: Path
    running: list[Demo]

    def start(self, *options: str) -> Demo:
        output = self.directory / f"output-{len(self.running)}.txt"
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        environment = {k: v for k, v in kept.items() if not k.startswith("SMARTSCOPE_")}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "smartscope.demo", "--grids", "1"),
                    *("--directory", str(self.directory / "demo"), *options),
                ],
                cwd=ROOT,
                env=environment | {"DJANGO_SETTINGS_MODULE": "smartscope.settings"},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        demo = Demo(process, output)
        self.running.append(demo)
        return demo


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[Demos]:
    demos = Demos(tmp_path, [])
    yield demos
    for demo in demos.running:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=ENDED_WITHIN_S)
    # for root the servers' files lie outside this test's directory, which is closed to others
    Place(tmp_path / "demo").forget()


def assert_all_end(processes: set[int]) -> None:
    deadline_s = time.monotonic() + ENDED_WITHIN_S
    while left := {pid for pid in processes if is_running(pid)}:
        assert time.monotonic() < deadline_s, f"still running: {left}"
        time.sleep(0.1)


def test_a_demo_stops_goes_on_and_leaves_nothing_even_when_killed(demos: Demos) -> None:
    first = demos.start("--speed", "60")
    first.await_words("Sign in once with:")
    first.await_words("running: grids 0 of 1")
    second = demos.start("--speed", "60")
    assert second.process.wait(timeout=ENDED_WITHIN_S) == 1
    assert "already runs" in second.said()

    family = first.family()
    assert len(family) >= 6, "servers, simulator, web, worker and bridge"
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=ENDED_WITHIN_S) == 0, first.said()
    assert_all_end(family)
    log = (demos.directory / "demo" / "log" / "bridge.txt").read_text(encoding="utf-8")
    assert "driving under epoch 1" in log
    assert "lost" not in log, "the bridge leaves its microscope in order"

    third = demos.start("--speed", "60")
    third.await_words("Sign in once with:")
    family = third.family()
    third.process.kill()
    third.process.wait()
    assert_all_end(family)


def test_an_instant_night_ends_by_itself_though_its_microscope_is_killed(
    demos: Demos, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.json"
    demo = demos.start("--speed", "instant", "--exit-when-done", "--json", str(summary))
    demo.await_words("squares 1,")
    demo.kill("smartscope.demo.simulator")
    demo.await_words("The simulator was ended by signal 9; it starts again in 1 s.")
    assert demo.process.wait(timeout=580) == 0, demo.said()
    night = json.loads(summary.read_text(encoding="utf-8"))
    assert night["state"] == "done"
    assert night["exposures"] >= night["plannable"] - 1
    assert night["lost"] <= 1
