"""An atlas is many exposures: a stop and a refill are heeded between any two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.values import ColumnStatus
from smartscope.models import Atlas, Run, Step, Wait
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
    check(house, deaths=1)  # the atlas that was begun is lost, as after a death


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
