"""A queue that stays away is told after a minute, once, and is over when it answers again."""

from __future__ import annotations

import socket

import pytest
from pytest_django import Settings

from smartscope.models import Alarm
from workers.alarms.queue_gone import QueueGone

pytestmark = pytest.mark.django_db


def raised() -> list[tuple[str, str, str]]:
    return list(Alarm.objects.values_list("key", "level", "state"))


def test_a_queue_that_stays_away_is_told_and_one_that_is_back_is_over(settings: Settings) -> None:
    real, clock = settings.QUEUE_URL, [0.0]
    queue = QueueGone(now=lambda: clock[0])
    settings.QUEUE_URL = "redis://127.0.0.1:1/0"
    for second, expected in ((0, []), (59, []), (60, [("queue.gone", "MAJOR", "raised")])):
        clock[0] = second
        queue.watch()
        assert raised() == expected
    settings.QUEUE_URL = real
    queue.watch()
    assert raised() == [("queue.gone", "MAJOR", "cleared")]
    # a moment's absence begins a new minute
    settings.QUEUE_URL = "redis://127.0.0.1:1/0"
    clock[0] = 100
    queue.watch()
    assert raised() == [("queue.gone", "MAJOR", "cleared")]


def test_a_queue_that_hangs_counts_as_gone_and_holds_nobody_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.alarms.queue_gone.LIMIT_S", 0.1)
    clock = [0.0]
    queue = QueueGone(now=lambda: clock[0])
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.QUEUE_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        queue.watch()
        clock[0] = 61
        queue.watch()
    assert raised() == [("queue.gone", "MAJOR", "raised")]
