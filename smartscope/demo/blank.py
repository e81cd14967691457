"""A database with tables and no rows, kept in the demo's own cluster: to start afresh is to copy
it, which is much quicker than making a cluster and tables.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import django
import psycopg
from psycopg import sql

from smartscope.demo.options import BASE_DIR
from smartscope.servers.addresses import postgres_url

DATABASE = "smartscope"
MIGRATIONS = BASE_DIR / "smartscope" / "migrations"
_PREFIX = "blank_"


def blank_name() -> str:
    """Named after what made its tables: other migrations or another Django need another one."""
    digest = hashlib.sha256(django.__version__.encode())
    for file in sorted(MIGRATIONS.glob("*.py")):
        digest.update(file.read_bytes())
    return _PREFIX + digest.hexdigest()[:12]


def renew(sockets: Path) -> None:
    """Replace the demo's database by one without rows: with tables where a blank one is kept."""
    with _administration(sockets) as server:
        server.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
        )
        template = blank_name() if blank_name() in _blanks(server) else "template1"
        _copy(server, template, DATABASE)


def keep(sockets: Path) -> None:
    """Keep the demo's database, which has tables, no rows and no client now; drop older ones.

    Where somebody looks into it just then nothing is kept: the next start afresh is slower.
    """
    with _administration(sockets) as server:
        kept = _blanks(server)
        if blank_name() in kept:
            return
        for old in kept:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
        with contextlib.suppress(psycopg.errors.ObjectInUse):
            _copy(server, DATABASE, blank_name())


@contextlib.contextmanager
def _administration(sockets: Path) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url(sockets, "postgres"), autocommit=True) as server:
        yield server


def _blanks(server: psycopg.Connection) -> list[str]:
    rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'blank\\_%'")
    return [name for (name,) in rows]


def _copy(server: psycopg.Connection, source: str, copy: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    server.execute(statement.format(sql.Identifier(copy), sql.Identifier(source)))
