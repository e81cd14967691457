"""SerialEM is started anew in a night: before 4.3 it has forgotten which grid is on the stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.serialem.autoloader import SerialEmAutoloader
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.values import SlotStatus
from smartscope.models import Run
from tests.workers.bridge.rig import Bridge, ProcessDeath, dies_at
from tests.workers.bridge.served_house import ServedHouse, served_house
from workers.bridge.fault_points import arm
from workers.bridge.recover import recover

pytestmark = pytest.mark.django_db(transaction=True)


def left_by_a_dead_bridge(served: ServedHouse) -> Bridge:
    """The bridge died after a square, SerialEM was started anew; the successor has connected."""
    dies_at("square:completed", 1)
    bridge = served.bridge()
    with pytest.raises(ProcessDeath):
        bridge.run_until_idle()
    arm(None)
    served.die(bridge)
    served.server._control.restart()
    return served.bridge()


def loads(served: ServedHouse) -> int:
    with ControlClient(served.server.control_port) as control:
        return sum(entry["name"] == "LoadCartridge" for entry in control.log())


@pytest.mark.parametrize("version", ["4.1", "4.3"])
def test_the_night_goes_on_with_the_grid_the_journal_knows_of(tmp_path: Path, version: str) -> None:
    with served_house(tmp_path, version=version) as served:
        successor = left_by_a_dead_bridge(served)
        try:
            successor.run_until_idle()
        finally:
            successor.die()
        assert loads(served) == 1
        assert served.violations() == []
    assert Run.objects.get().state == "done", Run.objects.get().state_reason


def test_the_journal_is_not_believed_when_the_cassette_is_another(tmp_path: Path) -> None:
    grids = {"1": {"preset": "good"}, "2": {"preset": "good"}}
    with served_house(tmp_path, grids=grids) as served:
        successor = left_by_a_dead_bridge(served)
        try:
            status = SerialEmAutoloader._slot

            def second_taken_out(self: SerialEmAutoloader, op: Operation, slot: int) -> SlotStatus:
                found = status(self, op, slot)
                return replace(found, occupied=False) if slot == 2 else found

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(SerialEmAutoloader, "_slot", second_taken_out)
                recover(successor.helm)
                assert successor.helm.microscope.autoloader.loaded() is None
        finally:
            successor.die()
    run = Run.objects.get()
    assert run.state == "interrupted"
    assert "the cassette was changed" in run.state_reason
