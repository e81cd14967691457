"""What was exposed is accounted for as it was, and kept though there is no room for it yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.domain.errors import StorageFull
from smartscope.microscope.serialem.camera import SerialEmCamera
from smartscope.models import Alarm, Event, Exposure, Run, StepItem
from tests.workers.bridge.rig import ProcessDeath, dies_at
from tests.workers.bridge.served_house import served_house
from workers.bridge.fault_points import arm

pytestmark = pytest.mark.django_db(transaction=True)
#: of the Record set, whatever it is told
OWN_DOSE_E_PER_A2 = 40.0
TURNS = 40


def test_an_exposure_with_ten_times_its_dose_is_written_down_with_what_it_got(
    tmp_path: Path,
) -> None:
    ignored = {"kind": "nothing_done", "command": "SetExposure", "nth": 1, "count": 50}
    with served_house(tmp_path) as served:
        served.plan(ignored)
        bridge = served.bridge()
        try:
            for _ in range(TURNS):
                bridge.loop.turn()
                if Run.objects.get().wish == "pause":
                    break
        finally:
            served.die(bridge)
        assert "DoseExceeded" in Run.objects.get().state_reason
        assert served.violations(ended=False) == []
    exposure = Exposure.objects.get()
    assert exposure.dose_e_per_angstrom2 == pytest.approx(OWN_DOSE_E_PER_A2)
    item = StepItem.objects.get(hole=exposure.hole)
    assert (item.state, item.dose_e_per_angstrom2) == ("done", pytest.approx(OWN_DOSE_E_PER_A2))
    assert Event.objects.filter(kind="dose.corrected").count() == 1


def test_a_movie_that_finds_no_room_at_a_recovery_is_waited_for_and_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served_house(tmp_path) as served:
        dies_at("expose:produced:h0001", 1)
        bridge = served.bridge()
        with pytest.raises(ProcessDeath):
            bridge.run_until_idle()
        arm(None)
        served.die(bridge)
        find = SerialEmCamera.find_recorded
        refused: list[SerialEmCamera] = []

        def no_room_at_first(self: SerialEmCamera, *args: object, **more: object) -> Path | None:
            if len(refused) < 2:
                refused.append(self)
                raise StorageFull("no room")
            return find(self, *args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(SerialEmCamera, "find_recorded", no_room_at_first)
        successor = served.bridge()
        try:
            successor.run_until_idle()
        finally:
            served.die(successor)
        assert served.violations() == []
    assert len(refused) == 2
    assert not StepItem.objects.filter(state="lost").exists()
    assert Exposure.objects.count() == 2
    assert Alarm.objects.get(key="adoption.no_room").state == "cleared"
    assert Run.objects.get().state == "done"
