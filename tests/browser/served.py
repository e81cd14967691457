"""A server of its own for the page's tests: a database, a data directory and a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import psycopg

from smartscope.servers.addresses import Addresses
from smartscope.servers.children import Children
from smartscope.servers.opening import ServerPlan, sockets
from tests.browser.shell import Shell

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 240.0


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@dataclass(slots=True)
class Site:
    """Rows and files that a server shows; the server can be ended and started again on its port."""

    addresses: Addresses
    directory: Path
    prefix: str = ""
    port: int = field(default_factory=_free_port)
    #: of this machine; the one place where webhooks may go
    receiver_port: int = field(default_factory=_free_port)
    _name: str = field(default_factory=lambda: f"page_{uuid4().hex[:12]}")
    _process: subprocess.Popen[bytes] | None = None
    _shell: Shell | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}/"

    def create(self) -> None:
        with psycopg.connect(self.addresses.database_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._name}"')
        self.manage("migrate", "-v", "0")

    def another(self, *, prefix: str = "") -> Site:
        """A second server on the same rows and files."""
        return Site(
            self.addresses, self.directory, prefix=prefix, _name=self._name, _shell=self._beside()
        )

    def drop(self) -> None:
        with psycopg.connect(self.addresses.database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def manage(self, *arguments: str) -> str:
        """Output of a management command on this site's rows."""
        call = "from django.core.management import call_command; call_command(*{})"
        return self.python(call.format(repr(arguments)))

    def python(self, code: str) -> str:
        """What a piece of Python prints that runs with this site's settings."""
        return self._beside().run(code)

    def _beside(self) -> Shell:
        if self._shell is None:
            self._shell = Shell(ROOT, self._environment())
        return self._shell

    def start(self) -> None:
        """Begin to serve, and wait for the first answer."""
        self.begin()
        self.await_answer()

    def begin(self) -> None:
        """Start the server; what is done meanwhile need not wait for it."""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "smartscope.asgi:application",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--log-level",
                "warning",
            ],
            cwd=ROOT,
            env=self._environment() | {"SMARTSCOPE_PROCESS": "web"},
        )

    def await_answer(self) -> None:
        """Until it answers; fails where it has ended instead."""
        assert self._process is not None
        until = time.monotonic() + START_LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, "the server ended before it answered"
            assert time.monotonic() < until, f"no answer from {self.address}login"
            time.sleep(0.1)

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def close(self) -> None:
        """End the server and what runs beside it."""
        self.kill()
        if self._shell is not None:
            self._shell.end()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}login", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def _environment(self) -> dict[str, str]:
        parts = urlsplit(self.addresses.database_url)
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        return os.environ | {
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{self._name}")),
            "REDIS_URL": self.addresses.redis_url,
            "DJANGO_SETTINGS_MODULE": "smartscope.settings",
            "SMARTSCOPE_MODE": "test",
            "SMARTSCOPE_DATA_DIR": str(data),
            "SMARTSCOPE_STORAGE_URL": data.as_uri(),
            "SMARTSCOPE_PREFIX": self.prefix,
            "SMARTSCOPE_OUTBOUND_HOSTS": f"127.0.0.1:{self.receiver_port}",
            # a test is one person in a great hurry
            "SMARTSCOPE_REQUESTS_PER_MINUTE": "6000",
        }


@contextmanager
def scratch_site(plant: str) -> Iterator[Site]:
    """A running server outside of a test run, on rows that the Python in `plant` has written.

    Servers that DATABASE_URL and REDIS_URL do not name are started and ended with it.
    """
    with tempfile.TemporaryDirectory(prefix="smartscope-site-") as name, sockets() as folder:
        directory = Path(name)
        children = Children(directories=(directory, folder))
        plan = ServerPlan.from_environment(
            os.environ, directory=directory / "servers", sockets=folder, durable=False
        )
        site = Site(plan.addresses(), directory)
        try:
            plan.start(children)
            site.create()
            site.python(plant)
            site.start()
            yield site
        finally:
            site.close()
            children.stop_all()
