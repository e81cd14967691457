"""Raising and clearing: one open alarm per key and microscope, each change with one event."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from smartscope.domain.alarms import AlarmState, Level
from smartscope.models import Alarm, Event, Microscope
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.raise_alarm import raise_alarm

KEY = "instrument.silent"


@pytest.fixture
def microscope(db: None) -> Microscope:
    return Microscope.objects.create(name="Titan")


def up(microscope: Microscope | None, level: Level = Level.MAJOR, **more: Any) -> None:
    raise_alarm(
        key=KEY,
        level=level,
        microscope=None if microscope is None else microscope.pk,
        text=more.get("text", "It is silent."),
        advice="Look.",
    )


def kinds() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("kind", flat=True))


def test_raised_again_and_again_it_is_one_alarm_and_one_event(microscope: Microscope) -> None:
    for text in ("It is silent.", "It is silent for 9 s.", "It is silent for 12 s."):
        up(microscope, text=text)
    assert Alarm.objects.get().text == "It is silent."
    assert kinds() == ["alarm.raised"]


def test_the_service_itself_has_one_open_alarm_per_key_too(microscope: Microscope) -> None:
    up(None)
    up(None)
    up(microscope)
    assert Alarm.objects.count() == 2


def test_over_it_stays_in_sight_until_acknowledged_and_comes_back_as_the_same(
    microscope: Microscope,
) -> None:
    up(microscope)
    raised_at = Alarm.objects.get().raised_at
    clear_alarm(key=KEY, microscope=microscope.pk)
    clear_alarm(key=KEY, microscope=microscope.pk)
    assert Alarm.objects.get().state == AlarmState.CLEARED
    up(microscope)
    back = Alarm.objects.get()
    assert (back.state, back.raised_at, back.round) == ("raised", raised_at, 1)
    assert kinds() == ["alarm.raised", "alarm.cleared", "alarm.raised"]


def test_clearing_what_nobody_raised_does_nothing(microscope: Microscope) -> None:
    clear_alarm(key=KEY, microscope=microscope.pk)
    assert kinds() == []


def test_what_was_accepted_is_told_again_only_when_it_is_worse(microscope: Microscope) -> None:
    up(microscope, Level.MINOR)
    Alarm.objects.update(state=AlarmState.ACKNOWLEDGED)
    up(microscope, Level.MINOR)
    assert Alarm.objects.get().state == AlarmState.ACKNOWLEDGED
    up(microscope, Level.MAJOR, text="Now it is serious.")
    alarm = Alarm.objects.get()
    assert (alarm.state, alarm.level, alarm.round) == ("raised", "MAJOR", 2)
    assert alarm.text == "Now it is serious."
    up(microscope, Level.MINOR)
    assert Alarm.objects.get().level == "MAJOR"


def test_acknowledged_and_over_it_is_closed_and_the_next_is_a_new_one(
    microscope: Microscope,
) -> None:
    up(microscope)
    Alarm.objects.update(state=AlarmState.ACKNOWLEDGED)
    clear_alarm(key=KEY, microscope=microscope.pk)
    up(microscope)
    assert sorted(Alarm.objects.values_list("state", flat=True)) == ["closed", "raised"]


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_raise_at_once_raise_one() -> None:
    microscope = Microscope.objects.create(name="Titan")
    barrier = threading.Barrier(4)
    problems: list[BaseException] = []

    def at_once() -> None:
        try:
            barrier.wait(5)
            up(microscope)
        except BaseException as problem:  # noqa: BLE001 (shown by the assertion below)
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert (Alarm.objects.count(), kinds()) == (1, ["alarm.raised"])
