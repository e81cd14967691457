"""A server of its own for the page's tests: a database, a data directory and a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import psycopg

from smartscope.servers.addresses import Addresses

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60.0


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
    _name: str = field(default_factory=lambda: f"page_{uuid4().hex[:12]}")
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}/"

    def create(self) -> None:
        with psycopg.connect(self.addresses.database_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._name}"')
        self.manage("migrate", "-v", "0")

    def another(self, *, prefix: str = "") -> Site:
        """A second server on the same rows and files."""
        return Site(self.addresses, self.directory, prefix=prefix, _name=self._name)

    def drop(self) -> None:
        with psycopg.connect(self.addresses.database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def manage(self, *arguments: str) -> str:
        """Output of a management command on this site's rows."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """What a piece of Python prints that runs with this site's settings."""
        return self.manage("shell", "--no-imports", "-c", code)

    def start(self) -> None:
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
        }
