"""Servers named in the environment: is one there, is it new enough, in one clear sentence."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
import redis

from smartscope.domain.errors import SmartscopeError

OLDEST_POSTGRES = 15


class ServerMissing(SmartscopeError):
    """A server named in the environment does not answer, or cannot be used."""


def check_postgres(url: str) -> None:
    """Raises ServerMissing unless a PostgreSQL of a known version answers at `url`."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise ServerMissing(
            f"DATABASE_URL names a PostgreSQL at {_place(url)} that cannot be used ({reason}). "
            "Start it, correct DATABASE_URL, or unset it to use the embedded server."
        ) from error
    require_postgres_version(version, _place(url))


def require_postgres_version(version: int, place: str) -> None:
    """Raises ServerMissing for a PostgreSQL older than the oldest we are tested with."""
    if version < OLDEST_POSTGRES:
        raise ServerMissing(
            f"PostgreSQL at {place} is version {version}; {OLDEST_POSTGRES} or newer is needed. "
            "Upgrade it, name another in DATABASE_URL, or unset it to use the embedded server."
        )


def check_redis(url: str) -> None:
    """Raises ServerMissing unless a Redis answers at `url`."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise ServerMissing(
            f"REDIS_URL names a Redis at {_place(url)} that does not answer ({error}). "
            "Start it, correct REDIS_URL, or unset it to use the embedded server."
        ) from error


def _place(url: str) -> str:
    """Host and port, or the socket, without the password."""
    parts = urlsplit(url)
    host = parts.hostname or parts.query.removeprefix("host=") or parts.path
    return f"{host}:{parts.port}" if parts.port else host
