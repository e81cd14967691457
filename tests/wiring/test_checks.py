"""`manage.py check` refuses configurations that were measured to lose work."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks

from smartscope.configuration_checks import (
    tasks_end_before_they_are_redelivered,
    web_processes_use_a_pool,
)


def test_the_present_configuration_has_no_complaint() -> None:
    assert run_checks() == []


def test_a_task_longer_than_its_redelivery_is_refused(settings: Any) -> None:
    settings.CELERY_TASK_TIME_LIMIT = 1_000
    assert [error.id for error in tasks_end_before_they_are_redelivered(None)] == [
        "smartscope.E001"
    ]


def test_a_web_process_without_a_pool_is_refused(settings: Any) -> None:
    settings.PROCESS = "web"
    assert [error.id for error in web_processes_use_a_pool(None)] == ["smartscope.E002"]
