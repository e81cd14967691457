"""The processes of the demo: those of production, where one serves both HTTP and streams, and a
simulated microscope in place of a real one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from smartscope.demo.options import BASE_DIR
from smartscope.servers.children import STAGE_SERVICES, Command

# One simulated night needs one core for the specimen and the rest for analysis.
WORKER_THREADS = max(1, (os.cpu_count() or 2) - 1)
# An analysis may take a little longer; a person who waits for a page may not.
LESS_URGENT = 10
# Work that is cut off is not lost, but is only taken up again after minutes.
GRACE_S = 20.0


# Those who use the microscope end before it: a bridge that is asked to end closes the valves.
STAGE_USERS = STAGE_SERVICES + 1
# Its arrays are small and every other process wants the cores too.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The demo's commands in the order in which a visitor's first atlas needs them.

    The simulator needs nobody; the others of `early` read their modules at once and begin when the
    gate opens. The worker of `then` has nothing to do before the first grid is loaded. `later` only
    repairs what hints have lost.
    """

    early: tuple[Command, ...]
    then: tuple[Command, ...]
    later: tuple[Command, ...]


def services(
    gate: int, listener: int, simulator: list[str], environment: Mapping[str, str], logs: Path
) -> Services:
    """`gate` and `listener` are inherited: where to wait, and the page's listening socket."""

    def gated(name: str, *arguments: str) -> Command:
        command = [sys.executable, "-m", "smartscope.demo.ahead", str(gate), name, *arguments]
        return replace(_service(name, command, environment, logs), inherits=(gate,))

    alone = _service("simulator", simulator, {**environment, **ONE_THREAD}, logs)
    microscope = replace(alone, stage=STAGE_SERVICES)
    web = replace(gated("web", str(listener)), inherits=(gate, listener))
    return Services(
        early=(microscope, gated("bridge"), web),
        then=(_service("worker", _worker(), environment, logs),),
        later=(_service("sweeper", manage("sweeper", "--skip-checks"), environment, logs),),
    )


def manage(*arguments: str) -> list[str]:
    """A management command in a process of its own."""
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _worker() -> list[str]:
    # Threads, not forks: compiled kernels that ran before a fork hang in the child.
    return [
        *("nice", "-n", str(LESS_URGENT)),
        *(sys.executable, "-m", "celery", "--app", "smartscope.celery", "worker"),
        *("--pool", "threads", "--concurrency", str(WORKER_THREADS), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--hostname", "demo@localhost"),
    ]


def _service(
    name: str, arguments: list[str], environment: Mapping[str, str], logs: Path
) -> Command:
    """A service that ends on SIGTERM; an analysis it has begun may be finished first."""
    return Command(
        name=name,
        arguments=arguments,
        stage=STAGE_USERS,
        environment={**environment, "SMARTSCOPE_PROCESS": name},
        directory=BASE_DIR,
        grace_s=GRACE_S,
        log=logs / f"{name}.txt",
    )
