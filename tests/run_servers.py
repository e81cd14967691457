"""Database and broker of one test run: addresses are fixed early, servers start when needed.

The process that began the run owns them; workers of a parallel run inherit the addresses and take
a database of their own in each.
"""

from __future__ import annotations

import atexit
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from smartscope.servers.addresses import Addresses, socket_directory
from smartscope.servers.children import Children
from smartscope.servers.opening import ServerPlan

DIRECTORY = "SMARTSCOPE_TEST_RUN"
WORKER = "PYTEST_XDIST_WORKER"


@dataclass(slots=True)
class RunServers:
    """Servers of this run, started at most once and ended with it."""

    directory: Path
    plan: ServerPlan | None
    children: Children = field(init=False)
    started: bool = False

    def __post_init__(self) -> None:
        self.children = Children(directories=(self.directory,) if self.plan else ())

    def start(self) -> None:
        """Start what the environment did not name; workers find it running already."""
        if self.plan is None or self.started:
            return
        self.started = True
        self.plan.start(self.children)

    def stop(self) -> None:
        """End what was started and remove its files."""
        if self.plan is None:
            return
        self.children.stop_all()
        shutil.rmtree(self.directory, ignore_errors=True)

    def process_ids(self) -> set[int]:
        """Processes that belong to the run and not to a test."""
        return self.children.process_ids()


def prepare() -> RunServers:
    """Fix this process's addresses in the environment, before settings are read."""
    worker = os.environ.get(WORKER, "")
    if worker:
        directory = Path(os.environ[DIRECTORY])
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = with_redis_database(os.environ["REDIS_URL"], number)
        return RunServers(directory, None)
    directory = socket_directory()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    plan = ServerPlan.from_environment(
        os.environ, directory=directory / "files", sockets=directory, durable=False
    )
    os.environ[DIRECTORY] = str(directory)
    os.environ |= plan.addresses().environment()
    return RunServers(directory, plan)


def with_redis_database(url: str, number: int) -> str:
    """The same Redis, another of its numbered databases."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def addresses() -> Addresses:
    """Where this process's servers are."""
    return Addresses(os.environ["DATABASE_URL"], os.environ["REDIS_URL"])


SERVERS = prepare()
