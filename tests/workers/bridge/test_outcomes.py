"""Answers that prove nothing: what they leave open is looked up, and never taken for the best."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.models import Alarm, Hole, Lease, Microscope, Run, Step, StepItem
from tests.workers.bridge.rig import ProcessDeath, dies_at
from tests.workers.bridge.served_house import ServedHouse, served_house
from tests.workers.bridge.whole_process import a_person_wishes, live
from workers.bridge.errors import Quarantined
from workers.bridge.fault_points import Plan, arm
from workers.bridge.recover import recover

pytestmark = pytest.mark.django_db(transaction=True)


def never(_: Microscope) -> bool:
    return False


def released(microscope: Microscope) -> bool:
    return microscope.state == "released"


def a_successor_may_come() -> None:
    """The dead process's lease is free at once: its time is not what is tested here."""
    Lease.objects.update(holder=None, state="free", expires_at=None)


def recorded(served: ServedHouse) -> int:
    with ControlClient(served.server.control_port) as control:
        return sum(entry["name"] == "Record" for entry in control.log())


def test_valves_that_read_neither_open_nor_closed_are_closed_until_they_do(tmp_path: Path) -> None:
    unclear = {
        "kind": "replaced_values",
        "phase": "after",
        "command": "ReportColumnOrGunValve",
        "nth": 1,
        "count": 8,
        "parameters": {"values": [-1]},
    }
    with served_house(tmp_path) as served:

        def strike() -> None:
            served.plan(unclear)
            a_person_wishes("stop")

        arm(Plan("square:completed", 1, strike))
        bridge = served.bridge()
        try:
            bridge.run_until_idle()
        finally:
            bridge.die()
        assert not served.server._instrument.scope.world.state.column.valves_open
        assert served.violations() == []
    states = list(
        Step.objects.filter(kind="safe_state").order_by("number").values_list("state", flat=True)
    )
    assert states.count("failed") >= 2
    assert Run.objects.get().state == "aborted"
    assert Alarm.objects.get(key="valves.open").level == "MAJOR"


def test_a_garbled_reply_to_an_exposure_costs_no_hole(tmp_path: Path) -> None:
    garbled = {"kind": "garbage", "phase": "after", "command": "Record", "nth": 1}
    with served_house(tmp_path, faults=[garbled]) as served:
        assert live(served.house, never).code == 75
        assert Step.objects.get(kind="expose").state in ("issued", "unknown")
        a_successor_may_come()
        assert live(served.house, released).code == 0
        assert recorded(served) == 2
    assert Run.objects.get().state == "done"
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}
    assert not StepItem.objects.filter(state="lost").exists()
    assert not Hole.objects.filter(dose_uncertain=True).exists()


def test_a_movie_that_lies_there_is_kept_whatever_failed_after_it(tmp_path: Path) -> None:
    failing = {
        "kind": "error_reply",
        "phase": "before",
        "command": "ReportMeanCounts",
        "nth": 1,
        "parameters": {"text": "Stage did not reach its position"},
    }
    with served_house(tmp_path, faults=[failing]) as served:
        bridge = served.bridge()
        try:
            bridge.run_until_idle()
        finally:
            bridge.die()
        assert recorded(served) == 2
        assert served.violations() == []
    assert "StageStuck" in Step.objects.filter(kind="expose").earliest("number").reason
    assert not StepItem.objects.filter(state="lost").exists()
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}


def test_an_empty_stage_proves_no_untouched_load_while_the_slot_reads_empty_too(
    tmp_path: Path,
) -> None:
    with served_house(tmp_path) as served:

        def dies_at_the_first_look_after_the_load() -> None:
            dies_at("command:loaded", 1)

        arm(Plan("load_grid:issued", 1, dies_at_the_first_look_after_the_load))
        bridge = served.bridge()
        with pytest.raises(ProcessDeath):
            bridge.run_until_idle()
        served.die(bridge)
        assert Step.objects.get(kind="load_grid").state == "issued"
        served.server._control.restart()
        arm(None)
        successor = served.bridge()
        try:
            assert successor.helm.microscope.autoloader.loaded() is None
            with pytest.raises(Quarantined, match="holds None now"):
                recover(successor.helm)
        finally:
            successor.die()
        with ControlClient(served.server.control_port) as control:
            loads = [entry for entry in control.log() if entry["name"] == "LoadCartridge"]
    assert len(loads) == 1
    assert Lease.objects.get().state == "quarantined"
    assert Step.objects.get(kind="load_grid").state == "unknown"
