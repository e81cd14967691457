"""A server named in the environment that cannot be used is one clear sentence."""

from __future__ import annotations

import socket

import pytest

from smartscope.servers.addresses import Addresses
from smartscope.servers.given import (
    ServerMissing,
    check_postgres,
    check_redis,
    require_postgres_version,
)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_servers_that_answer_are_accepted(servers: Addresses) -> None:
    check_postgres(servers.database_url)
    check_redis(servers.redis_url)


def test_a_missing_postgresql_says_where_and_what_to_do() -> None:
    port = unused_port()
    url = f"postgresql://somebody:secret@127.0.0.1:{port}/smartscope"
    with pytest.raises(ServerMissing, match=f"127.0.0.1:{port}.*unset it to use the embedded") as e:
        check_postgres(url)
    assert "secret" not in str(e.value)


def test_a_missing_redis_says_where_and_what_to_do() -> None:
    port = unused_port()
    with pytest.raises(ServerMissing, match=f"127.0.0.1:{port}.*unset it to use the embedded"):
        check_redis(f"redis://127.0.0.1:{port}/0")


def test_a_postgresql_too_old_is_refused_by_its_version() -> None:
    require_postgres_version(15, "here")
    with pytest.raises(ServerMissing, match="version 14; 15 or newer"):
        require_postgres_version(14, "here")
