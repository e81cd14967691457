"""What every test may rely on: real servers, no network off this machine, nothing left over."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from asgiref.sync import SyncToAsync

from smartscope.servers.addresses import Addresses
from tests.run_servers import SERVERS, addresses


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """A parallel run starts the servers before its workers, which share them."""
    SERVERS.start()


def pytest_unconfigure() -> None:
    """End this run's servers; a killed run leaves that to their guard."""
    SERVERS.stop()


@pytest.fixture(scope="session")
def servers() -> Addresses:
    """PostgreSQL and Redis, running; tests of pure code never ask and never wait for them."""
    SERVERS.start()
    return addresses()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    servers: Addresses, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """A test with a database has a server first, and each worker a database of its own."""


#: how long a thread that was told to end may take on a busy machine
ENDING_S = 2.0


@pytest.fixture(autouse=True)
def _nothing_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a thread or a process behind fails, by name."""
    threads = set(threading.enumerate())
    processes = set(psutil.Process().children())
    yield
    # asgiref keeps one thread for all synchronous code called from asynchronous, for ever
    kept = threads | set(SyncToAsync.single_thread_executor._threads)
    new_threads = [t for t in set(threading.enumerate()) - kept if not t.daemon]
    for thread in new_threads:
        # one whose executor was just dropped is on its way out
        thread.join(timeout=ENDING_S)
    left = [thread.name for thread in new_threads if thread.is_alive()]
    assert not left, f"threads left running: {left}"
    new = {p for p in psutil.Process().children() if p not in processes and _still_runs(p)}
    ours = SERVERS.process_ids()
    names = [" ".join(process.cmdline()) for process in new if process.pid not in ours]
    assert not names, f"processes left running: {names}"


def _still_runs(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Connecting to another machine fails at once, with the address in the message."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if host != "localhost" and not _is_loopback(host):
                raise AssertionError(f"a test tried to reach {address}; tests stay on this machine")
        connect(self, address)

    patch.setattr(socket.socket, "connect", connect_here)
    yield
    patch.undo()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
