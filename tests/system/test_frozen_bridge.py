"""A bridge frozen past its lease, a successor, and the thaw: nothing stale reaches the column."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from smartscope.models import Lease, Run, Step, StepItem
from tests.system.test_kill_bridge import house, start
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.rig import Facility

__all__ = ["house"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_S = 120.0


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes of the test: thawed and killed at its end, whatever became of them."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
            process.wait()


def until(house: Facility, met: Callable[[], bool]) -> None:
    """Work off analyses until it is so."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < give_up_at, (house.directory / "bridge.txt").read_text()
        house.work_off()
        time.sleep(0.02)


def test_a_thawed_bridge_sends_nothing_and_ends(
    house: Facility, running: list[subprocess.Popen[bytes]]
) -> None:
    frozen = start(house, "")
    running.append(frozen)
    until(house, lambda: Step.objects.filter(kind="atlas", state="done").exists())
    os.kill(frozen.pid, signal.SIGSTOP)
    successor = start(house, "")
    running.append(successor)
    until(house, lambda: Lease.objects.get().epoch == 2)
    os.kill(frozen.pid, signal.SIGCONT)
    assert frozen.wait(30) == 75
    until(house, lambda: Run.objects.get().state == "done")
    successor.send_signal(signal.SIGTERM)
    assert successor.wait(30) == 0
    epochs = [int(line["epoch"]) for line in world_lines(house) if line["k"] == "command"]
    assert epochs == sorted(epochs), "a stale command reached the instrument"
    lost = StepItem.objects.filter(state="lost").count()
    assert lost <= 1
    check(house, deaths=1)
