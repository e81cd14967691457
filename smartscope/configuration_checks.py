"""Checks that `manage.py check` runs: configurations measured to lose work are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def tasks_end_before_they_are_redelivered(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A task longer than the visibility timeout is started again while the first still runs."""
    if 4 * settings.CELERY_TASK_TIME_LIMIT <= settings.CELERY_VISIBILITY_TIMEOUT:
        return []
    return [
        Error(
            f"Tasks may run {settings.CELERY_TASK_TIME_LIMIT} s but are handed out again after "
            f"{settings.CELERY_VISIBILITY_TIMEOUT} s.",
            hint="Keep CELERY_VISIBILITY_TIMEOUT at four times CELERY_TASK_TIME_LIMIT or more.",
            id="smartscope.E001",
        )
    ]


@register()
def web_processes_use_a_pool(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Persistent connections under ASGI exhausted 100 connections with eight clients."""
    database = settings.DATABASES["default"]
    pooled = "pool" in database.get("OPTIONS", {})
    if settings.PROCESS not in ("web", "ws") or (pooled and not database.get("CONN_MAX_AGE")):
        return []
    return [
        Error(
            "This web process keeps one database connection per thread.",
            hint="Set OPTIONS['pool'] and leave CONN_MAX_AGE at 0.",
            id="smartscope.E002",
        )
    ]
