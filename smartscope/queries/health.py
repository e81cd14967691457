"""Whether the service can do its work now: each dependency with what is wrong with it."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError


def readiness() -> list[dict[str, Any]]:
    """Database and migrations decide; Redis carries hints only, so its loss is told, not fatal."""
    try:
        waiting = _migrations_waiting()
    except DatabaseError as problem:
        return [_check("database", good=False, told=f"does not answer: {type(problem).__name__}")]
    many = "1 migration is" if waiting == 1 else f"{waiting} migrations are"
    told = "" if waiting == 0 else f"{many} waiting; run manage.py migrate."
    return [
        _check("database"),
        _check("migrations", good=waiting == 0, told=told),
        _check("redis", told=_trouble_with_redis()),
    ]


def _migrations_waiting() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _trouble_with_redis() -> str:
    try:
        cache.get("ready")
    except RedisError as problem:
        return f"does not answer ({type(problem).__name__}); pages are slower to notice changes."
    return ""


def _check(name: str, *, good: bool = True, told: str = "") -> dict[str, Any]:
    return {"name": name, "good": good, "told": told}
