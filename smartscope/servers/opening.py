"""One database and one broker, given in the environment or embedded: nothing else differs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from smartscope.servers.addresses import Addresses, postgres_url, redis_url, socket_directory
from smartscope.servers.children import Children
from smartscope.servers.given import check_postgres, check_redis
from smartscope.servers.postgres import EmbeddedPostgres
from smartscope.servers.redis_server import EmbeddedRedis


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """Which servers are given (a URL) and which are to be embedded (an empty string)."""

    directory: Path
    sockets: Path
    durable: bool
    database_url: str = ""
    redis_url: str = ""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, directory: Path, sockets: Path, durable: bool
    ) -> ServerPlan:
        """Servers named by DATABASE_URL and REDIS_URL are used, the others are embedded."""
        return cls(
            directory=directory,
            sockets=sockets,
            durable=durable,
            database_url=environment.get("DATABASE_URL", "").strip(),
            redis_url=environment.get("REDIS_URL", "").strip(),
        )

    def addresses(self) -> Addresses:
        """Where the servers will be; known before they run."""
        return Addresses(
            database_url=self.database_url or postgres_url(self.sockets),
            redis_url=self.redis_url or redis_url(self.sockets),
        )

    def start(self, children: Children) -> None:
        """Check what is given and start the rest. Raises ServerMissing or ServerFailed."""
        if self.database_url:
            check_postgres(self.database_url)
        else:
            EmbeddedPostgres(
                directory=self.directory / "postgres", sockets=self.sockets, durable=self.durable
            ).start(children)
        if self.redis_url:
            check_redis(self.redis_url)
        else:
            EmbeddedRedis(
                directory=self.directory / "redis", sockets=self.sockets, durable=self.durable
            ).start(children)


@contextlib.contextmanager
def sockets() -> Iterator[Path]:
    """A short-lived directory for Unix sockets."""
    directory = socket_directory()
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
