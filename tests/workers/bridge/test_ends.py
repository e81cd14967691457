"""What has ended says so: groups and squares whose last member is lost, skipped or unmeasurable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from smartscope.domain.actor import Actor
from smartscope.microscope.errors import CommandTimeout
from smartscope.models import Analysis, Atlas, Exposure, Grid, Group, Hole, Run, Square, Step
from smartscope.operations.edit_grid import edit_grids
from smartscope.operations.edit_targets import edit_holes
from smartscope.operations.fail_analysis import fail_analysis
from smartscope.operations.pending_edit import Manner
from smartscope.operations.revert_changeset import revert_changeset
from smartscope.operations.square_edits import Wanted
from tests.workers.bridge.invariants import check
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Bridge, Facility, ProcessDeath, dies_at, facility, small_world
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)

Drive = Callable[[Facility], Bridge]


def house_with(directory: Path, **world: object) -> Facility:
    house = facility(
        directory,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        world=small_world(directory, **world),
    )
    house.analyse = find_quickly
    return house


@pytest.fixture
def drive() -> Iterator[Drive]:
    opened: list[Bridge] = []

    def new(house: Facility) -> Bridge:
        for bridge in opened:
            bridge.die()
        opened[:] = [house.bridge()]
        return opened[0]

    yield new
    for bridge in opened:
        bridge.die()


def person() -> Actor:
    user = User.objects.create_user("mira", is_staff=True)
    return Actor("user", "mira", user.pk)


def states() -> tuple[str, str]:
    return Group.objects.order_by("number")[0].status, Square.objects.get().status


def test_a_group_whose_exposures_can_never_be_measured_is_done(
    tmp_path: Path, drive: Drive
) -> None:
    house = house_with(tmp_path)
    drive(house).run_until_idle()
    Analysis.objects.filter(kind="measure_exposure").update(state="wanted", attempts=1)
    assert states() == ("imaged", "analysed")
    for pk in Analysis.objects.filter(kind="measure_exposure").values_list("pk", flat=True):
        assert states() == ("imaged", "analysed")
        fail_analysis(pk, "not an MRC file", final=True)
    assert states() == ("done", "done")
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}


def test_a_square_whose_only_group_was_lost_is_done(tmp_path: Path, drive: Drive) -> None:
    faults = [
        {"kind": "camera_timeout", "phase": "before", "command": "record", "nth": nth}
        for nth in (1, 2)
    ]
    house = house_with(tmp_path, faults=faults)
    for _ in faults:
        with pytest.raises(CommandTimeout):
            drive(house).run_until_idle()
    drive(house).run_until_idle()
    assert set(Hole.objects.values_list("status", flat=True)) == {"lost"}
    assert states() == ("lost", "done")
    check(house, deaths=2)


def test_a_skip_taken_back_while_the_group_is_exposed_is_exposed_after_it(
    tmp_path: Path, drive: Drive
) -> None:
    house, mira = house_with(tmp_path), person()
    changes: list[UUID] = []

    def skip_second() -> None:
        hole = Hole.objects.get(number=2)
        outcome = edit_holes(mira, [hole.pk], Wanted(skip=True), Manner())
        assert outcome.changeset is not None
        changes.append(outcome.changeset)
        arm(Plan("expose:recorded:h0001", 1, take_back))

    def take_back() -> None:
        revert_changeset(mira, changes[0])

    arm(Plan("square:completed", 1, lambda: None))
    house.during_nap = lambda: None
    quick = house.analyse

    def found_then_skipped(pk: UUID) -> None:
        quick(pk)
        if not changes and Hole.objects.filter(number=2).exists():
            skip_second()

    house.analyse = found_then_skipped
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"
    assert Exposure.objects.count() == 2
    assert Group.objects.count() == 2
    check(house, deaths=0)


def test_an_atlas_lost_twice_is_taken_when_a_person_asks_for_its_grid_again(
    tmp_path: Path, drive: Drive
) -> None:
    house, mira = house_with(tmp_path), person()
    for _ in range(2):
        dies_at("atlas:issued:atlas", 1)
        with pytest.raises(ProcessDeath):
            drive(house).run_until_idle()
        arm(None)
    drive(house).run_until_idle()
    grid = Grid.objects.get()
    assert (grid.status, grid.status_reason) == ("failed", "its atlas was lost twice")
    edit_grids(mira, [grid.pk], queue=True, manner=Manner())
    Run.objects.create(session=house.session, microscope=house.microscope)
    drive(house).run_until_idle()
    assert Grid.objects.get().status == "done"
    assert Atlas.objects.count() == 1
    atlases = Step.objects.filter(kind="atlas").order_by("created_at")
    assert [step.state for step in atlases] == ["lost", "lost", "done"]
