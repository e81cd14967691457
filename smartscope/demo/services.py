"""The processes of the demo, the same as in production except that one serves HTTP and streams."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from smartscope.demo.options import BASE_DIR
from smartscope.servers.children import Command

# One simulated night needs one core for the specimen and the rest for analysis.
WORKER_THREADS = max(1, (os.cpu_count() or 2) - 1)
# Work that is cut off is not lost, but is only taken up again after minutes.
GRACE_S = 20.0


def services(listener: int, environment: Mapping[str, str], logs: Path) -> list[Command]:
    """Commands in the order in which they are started, the bridge last; the page's web server
    inherits `listener`, the descriptor of a listening socket.
    """
    web = _service(
        "web", [sys.executable, "-m", "smartscope.demo.web", str(listener)], environment, logs
    )
    return [
        replace(web, inherits=(listener,)),
        _service("worker", _worker(), environment, logs),
        _service("sweeper", manage("sweeper"), environment, logs),
        _service("bridge", manage("bridge"), environment, logs),
    ]


def manage(*arguments: str) -> list[str]:
    """A management command in a process of its own."""
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _worker() -> list[str]:
    # Threads, not forks: compiled kernels that ran before a fork hang in the child.
    return [
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
        environment={**environment, "SMARTSCOPE_PROCESS": name},
        directory=BASE_DIR,
        grace_s=GRACE_S,
        log=logs / f"{name}.txt",
    )
