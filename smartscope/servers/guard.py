"""A small process that ends what its starter left behind, however the starter died.

The starter writes one line per process to the guard's standard input. When that pipe closes and
processes are still listed, the starter was killed: the guard ends them in order (highest stage
first, so workers go before the servers they use) and removes the directories it was told of.

    add PID STAGE SIGNAL GRACE_S      PID leads its own process group
    remove PID                        it ended in the ordinary way
    sweep DIRECTORY                   remove it when everything has ended
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Ward:
    """A process group to be ended, with the signal that asks it to and the time it then gets."""

    pid: int
    stage: int
    signal: int
    grace_s: float


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an entry waiting to be collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process group; a group that is gone is no error."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end_all(wards: list[Ward]) -> None:
    """Ask each stage to end, highest first, and kill what is still there after its grace."""
    for stage in sorted({ward.stage for ward in wards}, reverse=True):
        group = [ward for ward in wards if ward.stage == stage]
        for ward in group:
            signal_group(ward.pid, ward.signal)
        began_s = time.monotonic()
        for ward in group:
            while is_running(ward.pid) and time.monotonic() - began_s < ward.grace_s:
                time.sleep(POLL_S)
            signal_group(ward.pid, signal.SIGKILL)


def main() -> None:
    """Keep the list until the pipe closes, then end what is still on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    wards: dict[int, Ward] = {}
    directories: list[Path] = []
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "add":
            pid, stage, number, grace_s = rest.split()
            wards[int(pid)] = Ward(int(pid), int(stage), int(number), float(grace_s))
        elif verb == "remove":
            wards.pop(int(rest), None)
        elif verb == "sweep":
            directories.append(Path(rest))
    end_all(list(wards.values()))
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
