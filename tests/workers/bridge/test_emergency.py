"""An emergency stop is heard before every command, wherever in the night it comes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from smartscope.domain.actor import SETUP
from smartscope.microscope.values import CommandClass
from smartscope.models import Alarm, Command, Microscope, Run, StepItem
from smartscope.operations.emergency_stop import emergency_stop
from smartscope.queries.emergency import MAKES_SAFE
from tests.workers.bridge import rig
from tests.workers.bridge.invariants import events_are_gapless, nothing_is_left_open
from tests.workers.bridge.test_night_over_socket import house_over
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.permit import LeasePermit

pytestmark = pytest.mark.django_db(transaction=True)

#: the how manieth command that could do harm; the last lies in the exposures
PLACES = (1, 3, 6, 10, 15, 21)


class Listening(LeasePermit):
    """Keeps what was permitted; a person presses stop once so many commands have been."""

    permitted: list[str]
    stop_after: int
    microscope: Microscope
    dies: bool

    def check(self, command_class: CommandClass, name: str) -> None:
        super().check(command_class, name)
        if command_class is CommandClass.READ:
            return
        self.permitted.append(name)
        if len(self.permitted) == self.stop_after:
            pressed = threading.Thread(target=self._press)
            pressed.start()
            pressed.join()

            if self.dies:
                raise rig.ProcessDeath

    def _press(self) -> None:
        emergency_stop(SETUP, self.microscope.pk)
        connection.close()


def listen(
    monkeypatch: pytest.MonkeyPatch, house: rig.Facility, place: int, *, dies: bool = False
) -> None:
    for name, value in (
        ("permitted", []), ("stop_after", place), ("microscope", house.microscope), ("dies", dies),
    ):  # fmt: skip
        monkeypatch.setattr(Listening, name, value, raising=False)
    monkeypatch.setattr(rig, "LeasePermit", Listening)


@pytest.mark.parametrize("place", PLACES)
def test_no_command_follows_but_what_makes_safe(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    listen(monkeypatch, house, place)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
        status = bridge.helm.microscope.column.status()
    finally:
        bridge.die()
    after = Listening.permitted[place:]
    assert len(Listening.permitted) >= place, "the night is long enough to be stopped there"
    assert set(after) <= MAKES_SAFE, after
    assert not status.valves_open
    assert Run.objects.get().state == "aborted"
    assert Command.objects.get().state == "done"
    assert Alarm.objects.get(key="emergency.stop").level == "MAJOR"
    assert not StepItem.objects.filter(state="issued").exists()
    nothing_is_left_open()
    events_are_gapless()


def test_the_successor_of_a_bridge_that_died_at_the_stop_makes_safe_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house_over("socket", tmp_path) as house:
        listen(monkeypatch, house, 40, dies=True)
        dying = house.bridge()
        try:
            with pytest.raises(rig.ProcessDeath):
                dying.run_until_idle()
            assert dying.helm.microscope.column.status().valves_open
        finally:
            dying.die()
        Listening.permitted.clear()
        successor = house.bridge()
        try:
            successor.run_until_idle()
            assert not successor.helm.microscope.column.status().valves_open
        finally:
            successor.die()
    assert set(Listening.permitted) <= MAKES_SAFE
    assert Run.objects.get().state == "aborted"
    nothing_is_left_open()
