"""Runs with real `manage.py bridge` processes: frozen and thawed, killed, two at once.

Leases of three seconds where only the order matters; the production's fifteen where time is
measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.lived import Lived, judged

TTL_S = 3.0
PRODUCTION_TTL_S = 15.0
PATIENCE_S = 180.0
#: real seconds after the first step's begin at which the first bridge is frozen
FREEZE_AFTER_S = (0.3, 1.1, 2.0, 2.9)


def frozen_and_thawed(number: int, directory: Path) -> Lived:
    """Two bridges at once; the one that drives is frozen past its lease, succeeded, and thawed."""
    from smartscope.models import Lease, Step
    from tests.system.test_kill_bridge import start
    from tests.workers.bridge.served_house import served_house

    lived = Lived(kind="frozen", name=f"after {FREEZE_AFTER_S[number]} s")
    with served_house(directory, version="4.3") as served, ended_processes() as processes:
        house = served.house
        first = start(house, "", ttl_s=TTL_S)
        processes.append(first)
        until(house.work_off, Step.objects.exists)
        second = start(house, "", ttl_s=TTL_S)
        processes.append(second)
        time.sleep(FREEZE_AFTER_S[number])
        os.kill(first.pid, signal.SIGSTOP)
        if first.poll() is None and not _run_ended():
            until(house.work_off, lambda: Lease.objects.get().epoch == 2)
            served.fence(2)
        os.kill(first.pid, signal.SIGCONT)
        until(house.work_off, _run_ended)
        lived.died = int(_await_end(first) == 75)
        second.send_signal(signal.SIGTERM)
        _await_end(second)
        lived.starts = 2
        return judged(lived, served)


def killed_and_replaced(directory: Path) -> Lived:
    """Seconds from SIGKILL to the successor's first step, with the production's lease."""
    from smartscope.models import Event
    from tests.system.test_kill_bridge import start
    from tests.workers.bridge.served_house import served_house

    lived = Lived(kind="killed", name="SIGKILL in an exposure")
    with served_house(directory, version="4.3") as served, ended_processes() as processes:
        house = served.house
        first = start(house, "expose:issued:h0001:1", ttl_s=PRODUCTION_TTL_S)
        processes.append(first)
        until(house.work_off, lambda: first.poll() is not None)
        died_at_s = time.monotonic()
        served.fence(1)
        second = start(house, "", ttl_s=PRODUCTION_TTL_S)
        processes.append(second)
        begun = Event.objects.filter(kind="step.begun", epoch=2)
        until(house.work_off, begun.exists)
        lived.gap_s = time.monotonic() - died_at_s
        until(house.work_off, _run_ended)
        second.send_signal(signal.SIGTERM)
        _await_end(second)
        lived.died, lived.starts = 1, 2
        return judged(lived, served)


@contextmanager
def ended_processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Whatever becomes of a run, its processes are thawed and gone afterwards."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
                process.wait()


def until(work: Callable[[], None], met: Callable[[], bool]) -> None:
    """Do the work again and again until it is so. Raises TimeoutError."""
    gives_up_at_s = time.monotonic() + PATIENCE_S
    while not met():
        if time.monotonic() > gives_up_at_s:
            raise TimeoutError(f"What was waited for did not come within {PATIENCE_S:.0f} s.")
        work()
        time.sleep(0.02)


def _run_ended() -> bool:
    from smartscope.models import Run

    return Run.objects.get().state in ("done", "aborted", "failed")


def _await_end(process: subprocess.Popen[bytes]) -> int:
    return process.wait(60.0)
