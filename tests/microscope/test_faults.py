"""Planned faults strike once, in the phase they were planned for, and survive a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.domain.errors import InstrumentError
from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    AutofocusFailed,
    BadInstrumentSettings,
    CommandTimeout,
    ConnectionLost,
    LoadFailed,
    OperatorStop,
    StageStuck,
    ValvesClosed,
)
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.faults import Fault, plan_from
from smartscope.microscope.values import Area, ImageShift, RecordItem, RecordPlan
from tests.microscope.rig import OpenRig


def plan(folder: Path, name: str) -> RecordPlan:
    item = RecordItem(
        name=name,
        image_shift=ImageShift(0.0, 0.0),
        defocus_um=1.5,
        dose_e_per_a2=30.0,
        frames=2,
    )
    return RecordPlan(items=(item,), folder=folder)


def test_a_failed_load_leaves_the_autoloader_faulted(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "load_failure", "nth": 1}])
    with pytest.raises(LoadFailed):
        rig.microscope.autoloader.load(1)
    with pytest.raises(LoadFailed, match="person"):
        rig.microscope.autoloader.load(2)
    assert rig.microscope.autoloader.loaded() is None


def test_autofocus_without_lock_leaves_focus_alone(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "autofocus_no_lock", "nth": 1}]).ready()
    rig.microscope.stage.move_to(rig.good_square())
    before = rig.scope.world.state.lenses.focus_height_um
    with pytest.raises(AutofocusFailed):
        rig.microscope.tasks.autofocus()
    assert rig.scope.world.state.lenses.focus_height_um == before
    rig.microscope.tasks.autofocus()
    assert rig.scope.world.state.lenses.focus_height_um != before


def test_a_timeout_before_the_effect_exposes_nothing(open_rig: OpenRig, exposures: Path) -> None:
    rig = open_rig(faults=[{"kind": "camera_timeout", "nth": 1, "phase": "before"}]).ready()
    with pytest.raises(CommandTimeout):
        rig.microscope.camera.record(plan(exposures, "a"))
    assert len(rig.scope.world.exposures) == 0
    assert not list(exposures.iterdir())


def test_a_timeout_after_the_effect_spent_the_dose_and_left_the_file(
    open_rig: OpenRig, exposures: Path
) -> None:
    rig = open_rig(faults=[{"kind": "camera_timeout", "nth": 1, "phase": "after"}]).ready()
    with pytest.raises(CommandTimeout, match="file"):
        rig.microscope.camera.record(plan(exposures, "a"))
    assert [each.item for each in rig.scope.world.exposures.all()] == ["a"]
    assert (exposures / "a.tif").exists()


def test_a_truncated_file_is_shorter_than_it_says(open_rig: OpenRig, exposures: Path) -> None:
    rig = open_rig(faults=[{"kind": "truncated_file", "nth": 1}]).ready()
    (file,) = rig.microscope.camera.record(plan(exposures, "a"))
    assert file.path.stat().st_size < file.size_bytes


def test_a_valve_that_closes_by_itself_costs_one_dark_image(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "valve_closes", "nth": 2}]).ready()
    rig.microscope.stage.move_to(rig.good_square())
    lit, dark = (rig.microscope.camera.image(Area.SQUARE).pixels for _ in range(2))
    assert float(dark.mean()) < 0.05 * float(lit.mean())
    assert not rig.microscope.column.status().valves_open
    with pytest.raises(ValvesClosed):
        rig.microscope.camera.image(Area.SQUARE)


def test_a_lost_beam_is_dark_and_says_nothing(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "beam_lost", "nth": 2}]).ready()
    rig.microscope.stage.move_to(rig.good_square())
    lit, dark = (rig.microscope.camera.image(Area.SQUARE).pixels for _ in range(2))
    assert float(dark.mean()) < 0.05 * float(lit.mean())


def test_a_stuck_stage_stands_elsewhere(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "stage_stuck", "nth": 1}])
    with pytest.raises(StageStuck):
        rig.microscope.stage.move_to(Point(50.0, 0.0))
    assert rig.microscope.stage.position().x_um == pytest.approx(25.0)
    rig.microscope.stage.move_to(Point(50.0, 0.0))


def test_a_broken_connection_stays_broken(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "connection_lost", "command": "move_to", "nth": 1}])
    with pytest.raises(ConnectionLost):
        rig.microscope.stage.move_to(Point(50.0, 0.0))
    with pytest.raises(ConnectionLost):
        rig.microscope.column.status()


def test_a_fault_is_not_replayed_after_a_restart(open_rig: OpenRig) -> None:
    faults = [{"kind": "operator_stop", "command": "move_to", "nth": 1}]
    rig = open_rig(faults=faults)
    with pytest.raises(OperatorStop):
        rig.microscope.stage.move_to(Point(50.0, 0.0))
    again = open_rig(faults=faults)
    assert again.microscope.column.status().operator_stop
    again.microscope.stage.move_to(Point(50.0, 0.0))


def test_a_hazard_strikes_the_same_commands_in_every_run(open_rig: OpenRig, tmp_path: Path) -> None:
    def struck(name: str) -> list[int]:
        hazard = Fault(kind=FaultKind.STAGE_STUCK, probability=0.3)
        rig = open_rig(data_dir=tmp_path / name, faults=[hazard])
        failed = []
        for count in range(30):
            try:
                rig.microscope.stage.move_to(Point(float(count), 0.0))
            except InstrumentError:
                failed.append(count)
        return failed

    assert 3 <= len(struck("first")) <= 17
    assert struck("second") == struck("third")


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"kind": "gremlin", "nth": 1}, "gremlin"),
        ({"kind": "beam_lost"}, "exactly one"),
        ({"kind": "beam_lost", "nth": 1, "after_s": 3.0}, "exactly one"),
        ({"kind": "beam_lost", "nth": 1, "colour": "red"}, "colour"),
        ("beam_lost", "mapping"),
    ],
)
def test_an_impossible_fault_is_named(entry: object, named: str) -> None:
    with pytest.raises(BadInstrumentSettings, match=named):
        plan_from([entry])
