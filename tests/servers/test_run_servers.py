"""The servers every other test stands on."""

from __future__ import annotations

import pytest
import redis
from django.db import connection

from smartscope.servers.addresses import Addresses
from tests.run_servers import with_redis_database


@pytest.mark.django_db
def test_the_database_is_a_postgresql_new_enough() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        assert cursor.fetchone()[0] >= 150_000


def test_redis_refuses_rather_than_forgets_when_it_is_full(servers: Addresses) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock?db=3"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/3"),
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/3"),
    ],
)
def test_each_worker_takes_a_redis_database_of_its_own(url: str, expected: str) -> None:
    assert with_redis_database(url, 3) == expected
