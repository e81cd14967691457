"""An atlas is many exposures: a stop and a refill are heeded between any two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.happenings import Checkpoint, Produced
from smartscope.microscope.procedures.requests import AtlasRequest
from smartscope.microscope.values import ColumnStatus
from smartscope.models import Atlas, Grid, Microscope, Run, Square, Step, StepItem, Wait
from tests.microscope.serialem.served import served
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Bridge, Facility, facility, small_world
from tests.workers.bridge.test_suspended import changed_status
from tests.workers.bridge.whole_process import a_person_wishes
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def drive() -> Iterator[Callable[[Facility], Bridge]]:
    opened: list[Bridge] = []

    def new(house: Facility) -> Bridge:
        opened.append(house.bridge())
        return opened[-1]

    yield new
    for bridge in opened:
        bridge.die()


def house_of_many_tiles(tmp_path: Path) -> Facility:
    house = facility(
        tmp_path,
        atlas_tiles_x=2,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        world=small_world(tmp_path),
    )
    house.analyse = find_quickly
    return house


def tiles(house: Facility) -> int:
    return sum(line.get("name") == "montage" for line in world_lines(house))


def test_a_stop_ends_an_atlas_after_the_tile_that_was_on_its_way(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    house = house_of_many_tiles(tmp_path)
    arm(Plan("command:montage", 1, lambda: a_person_wishes("stop")))
    drive(house).run_until_idle()
    assert tiles(house) == 1
    assert not Atlas.objects.exists()
    assert Run.objects.get().state == "aborted"
    assert Step.objects.order_by("-number")[0].kind == "safe_state"
    assert StepItem.objects.get().state == "partial"
    check(house, deaths=0)


def test_an_atlas_stopped_again_and_again_between_tiles_is_imaged_in_the_end(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    """Each stop ends a run; nothing of it counts as lost, and the grid is not given up."""
    house = house_of_many_tiles(tmp_path)
    for _ in range(3):
        arm(Plan("command:montage", 1, lambda: a_person_wishes("stop")))
        bridge = drive(house)
        bridge.run_until_idle()
        bridge.die()
        Run.objects.create(session=house.session, microscope=house.microscope)
    arm(None)
    drive(house).run_until_idle()
    states = StepItem.objects.filter(step__kind="atlas").order_by("created_at")
    assert [item.state for item in states] == ["partial"] * 3 + ["done"]
    assert Grid.objects.get().status == "done"
    check(house, deaths=0)


def test_an_error_between_two_tiles_loses_nothing(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vacuum goes for minutes between two tiles: the step ends, the atlas is taken anew."""
    house = house_of_many_tiles(tmp_path)
    begun: list[float] = []

    def goes(status: ColumnStatus) -> ColumnStatus:
        if not begun and tiles(house) == 1:
            begun.append(status.read_at_s)
        gone = bool(begun) and status.read_at_s < begun[0] + 900.0
        return replace(status, vacuum_ready=status.vacuum_ready and not gone)

    changed_status(monkeypatch, goes)
    drive(house).run_until_idle()
    states = StepItem.objects.filter(step__kind="atlas").order_by("created_at")
    assert [item.state for item in states] == ["partial", "done"]
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_height_that_is_not_found_costs_no_view(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    """The image was announced and never begun: the square is imaged at the last height."""
    house = house_of_many_tiles(tmp_path)
    settings = house.microscope.driver_settings | {"faults": [{"kind": "runaway_height", "nth": 1}]}
    Microscope.objects.update(driver_settings=settings)
    drive(house).run_until_idle()
    assert Step.objects.filter(kind="square").values_list("state", flat=True)[0] == "failed"
    assert Square.objects.get().views_lost == 0
    states = StepItem.objects.filter(step__kind="square").order_by("created_at")
    assert [item.state for item in states] == ["partial", "done"]
    check(house, deaths=0)


def test_what_a_whole_montage_has_exposed_is_kept_though_the_column_is_not_ready_any_more(
    tmp_path: Path,
) -> None:
    with served(tmp_path, driver={"montages": "full"}, error_scale=0, refills=False) as (rig, _):
        rig.ready()
        request = AtlasRequest(item="atlas", columns=2, rows=2)
        produced = []
        for happening in atlas(rig.microscope, request):
            if rig.sent().count("Montage"):
                rig.scope.world.put(
                    column=replace(rig.scope.world.state.column, vacuum_ready_at_s=1e12)
                )
            assert not (isinstance(happening, Checkpoint) and rig.sent().count("Montage"))
            produced.append(happening)
        montage = produced[-1]
        assert isinstance(montage, Produced)
        assert montage.montage is not None
        assert len(montage.montage.pieces) == 4


def test_a_refill_is_waited_for_between_two_tiles(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of_many_tiles(tmp_path)
    begun: list[float] = []

    def fills(status: ColumnStatus) -> ColumnStatus:
        if not begun and tiles(house) == 1:
            begun.append(status.read_at_s)
        filling = bool(begun) and status.read_at_s < begun[0] + 120.0
        return replace(status, refilling=filling)

    changed_status(monkeypatch, fills)
    drive(house).run_until_idle()
    first, second = (line for line in world_lines(house) if line.get("name") == "montage")
    assert second["at"] - first["at"] >= 120.0
    assert Wait.objects.filter(cause="refill").exists()
    assert Atlas.objects.count() == 1
    assert Run.objects.get().state == "done"
    check(house, deaths=0)
