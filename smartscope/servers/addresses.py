"""Where a database and a broker can be reached, and directories short enough to hold sockets."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# Linux allows 107 bytes, macOS 103; PostgreSQL appends ".s.PGSQL.5432" and a lock suffix.
SOCKET_PATH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses in the form of DATABASE_URL and REDIS_URL."""

    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """The variables that a child process reads them from."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


def socket_directory() -> Path:
    """A new directory, short whatever the checkout is called; the caller removes it."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > SOCKET_PATH_LIMIT - 40:
        parent = Path("/") / "tmp"
    return Path(tempfile.mkdtemp(prefix="smartscope-", dir=parent))


def postgres_url(socket_dir: Path, database: str = "smartscope") -> str:
    """The address of the embedded PostgreSQL that listens in this directory."""
    return f"postgresql://smartscope@/{database}?host={quote(str(socket_dir), safe='/')}"


def redis_url(socket_dir: Path, database: int = 0) -> str:
    """The address of the embedded Redis that listens in this directory."""
    return f"unix://{socket_dir}/redis.sock?db={database}"
