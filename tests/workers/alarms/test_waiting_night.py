"""A real bridge pauses its run; the sweeper's look tells it, and a person's resume ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.models import Alarm, Run
from smartscope.operations.pause_for_person import pause_for_person
from smartscope.operations.wish_command import wish_command
from tests.workers.alarms.test_watch import Use
from tests.workers.bridge.whole_process import quick_facility
from workers.alarms.watch import watch

pytestmark = pytest.mark.django_db(transaction=True)


def seen() -> dict[str, str]:
    watch(timezone.now())
    return {alarm.key: alarm.state for alarm in Alarm.objects.filter(key="run.waits_for_person")}


def test_a_pause_of_the_bridges_is_told_and_a_resume_is_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Use(100, 10, 90))
    house = quick_facility(tmp_path)
    bridge = house.bridge()
    try:
        bridge.turns(4)
        assert seen() == {}
        pause_for_person(bridge.helm.held, Run.objects.get().pk, "the cassette was changed")
        assert seen() == {"run.waits_for_person": "raised"}
        bridge.turns(2)
        run = Run.objects.get()
        assert run.state == "paused"
        assert seen() == {"run.waits_for_person": "raised"}
        assert "the cassette was changed" in Alarm.objects.get(key="run.waits_for_person").text
    finally:
        bridge.die()
    person = User.objects.create_user("m.ito", is_staff=True)
    wish_command(
        Actor("user", "m.ito", person.pk), house.microscope.pk, "resume",
        {"session": run.session_id},
    )  # fmt: skip
    assert seen() == {"run.waits_for_person": "cleared"}
