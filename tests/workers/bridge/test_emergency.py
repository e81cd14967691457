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

    def check(self, command_class: CommandClass, name: str) -> None:
        super().check(command_class, name)
        if command_class is CommandClass.READ:
            return
        self.permitted.append(name)
        if len(self.permitted) == self.stop_after:
            pressed = threading.Thread(target=self._press)
            pressed.start()
            pressed.join()

    def _press(self) -> None:
        emergency_stop(SETUP, self.microscope.pk)
        connection.close()


@pytest.mark.parametrize("place", PLACES)
def test_no_command_follows_but_what_makes_safe(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    monkeypatch.setattr(Listening, "permitted", [], raising=False)
    monkeypatch.setattr(Listening, "stop_after", place, raising=False)
    monkeypatch.setattr(Listening, "microscope", house.microscope, raising=False)
    monkeypatch.setattr(rig, "LeasePermit", Listening)
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
