"""Real processes of the service on this run's database, each ended with the test that began it."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.db import connection

from smartscope.demo.services import manage
from smartscope.servers.addresses import Addresses
from smartscope.servers.children import Child, Children, Command

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Services:
    """Starts processes with the environment of this test; `logs` holds what each of them said."""

    children: Children
    environment: dict[str, str]
    logs: Path

    def start(self, name: str, arguments: list[str]) -> Child:
        """A process called `name`: bridge, worker, sweeper, web or any other kind of command."""
        kind = name if name in ("web", "ws", "bridge", "worker", "sweeper") else "command"
        return self.children.start(
            Command(
                name=name,
                arguments=arguments,
                environment=self.environment | {"SMARTSCOPE_PROCESS": kind},
                directory=ROOT,
                log=self.logs / f"{name}.txt",
            )
        )

    def manage(self, *arguments: str) -> Child:
        """A management command that runs on, under the command's own name."""
        return self.start(arguments[0], manage(*arguments))

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.logs / f"{name}.txt").read_text(encoding="utf-8")

    def serve(self) -> str:
        """The ASGI process, ready; returns its address without a slash at the end."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        web = self.start(
            "web",
            [
                *(sys.executable, "-m", "uvicorn", "smartscope.asgi:application"),
                *("--port", str(port), "--ws", "websockets-sansio", "--lifespan", "off"),
                *("--timeout-graceful-shutdown", "2"),
            ],
        )
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/login", trust_env=False)
            except httpx.TransportError:
                assert web.ended_with() is None, self.log("web")
                assert time.monotonic() < deadline_s, self.log("web")
                time.sleep(0.05)
            else:
                return f"http://127.0.0.1:{port}"


@pytest.fixture
def services(transactional_db: None, servers: Addresses, tmp_path: Path) -> Iterator[Services]:
    """Processes that see what the test commits, and are gone when it ends."""
    database = connection.settings_dict["NAME"]
    base = servers.database_url
    query = base.partition("?")[2]
    url = f"{base.partition('?')[0].rpartition('/')[0]}/{database}" + (f"?{query}" if query else "")
    (tmp_path / "data" / "images").mkdir(parents=True)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "REDIS_URL": servers.redis_url,
        "DJANGO_SETTINGS_MODULE": "smartscope.settings",
        "SMARTSCOPE_MODE": "test",
        "SMARTSCOPE_DATA_DIR": str(tmp_path / "data"),
        "PYTHONUNBUFFERED": "1",
    }
    with Children() as children:
        yield Services(children, environment, tmp_path)
