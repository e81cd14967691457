"""The stage goes where a person at the helm wants it: valves closed, once, never in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.models import Command, Event, Exposure, Grid, Hole, Microscope, Run, Square
from smartscope.operations.move_stage import stage_move_waits
from smartscope.operations.wish_command import wish_command
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import (
    Bridge,
    Facility,
    ProcessDeath,
    dies_at,
    facility,
    small_world,
)
from workers.bridge.ashore import control_wanted
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(tmp_path: Path) -> Facility:
    house = facility(
        tmp_path,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        world=small_world(tmp_path),
    )
    house.analyse = find_quickly
    return house


@pytest.fixture
def bridges(house: Facility) -> Iterator[Callable[[], Bridge]]:
    opened: list[Bridge] = []

    def new() -> Bridge:
        for bridge in opened:
            bridge.die()
        opened[:] = [house.bridge()]
        return opened[0]

    yield new
    for bridge in opened:
        bridge.die()


def wished(**where: str) -> Command:
    staff, _ = User.objects.get_or_create(username="staff", is_staff=True)
    actor = Actor("user", staff.username, staff.pk)
    return wish_command(actor, Microscope.objects.get().pk, "move_stage", where)


def paused_after_square(house: Facility, bridges: Callable[[], Bridge]) -> Bridge:
    """A bridge in a run that pauses after the square was imaged, turned until it is paused."""

    def pause() -> None:
        Run.objects.update(wish="pause")

    arm(Plan("square:issued:square", 1, pause))
    bridge = bridges()
    while Run.objects.get().state != "paused":
        assert bridge.loop.turn()
        house.work_off()
    arm(None)
    return bridge


def test_a_paused_run_lets_the_stage_be_moved_and_nothing_is_exposed(
    house: Facility, bridges: Callable[[], Bridge]
) -> None:
    bridge = paused_after_square(house, bridges)
    hole = Hole.objects.order_by("-number")[0]
    before = Exposure.objects.count()
    command = wished(hole=str(hole.pk))
    bridge.loop.turn()
    command.refresh_from_db()
    pose = bridge.helm.microscope.stage.position()
    assert (command.state, command.reason) == ("done", "")
    assert pose.point.distance_um(type(pose.point)(hole.stage_x_um, hole.stage_y_um)) < 0.5
    assert bridge.helm.microscope.column.status().valves_closed
    assert Exposure.objects.count() == before
    kinds = Event.objects.filter(subjects=[str(command.pk)]).order_by("seq")
    assert list(kinds.values_list("kind", flat=True)) == [
        "command.wished",
        "command.accepted",
        "command.done",
    ]
    Run.objects.update(wish="run")
    bridge.run_until_idle()
    assert Run.objects.get().state == "done", "the run goes on from wherever the stage was left"


def test_while_a_run_acts_the_wish_is_refused_at_once_and_a_late_one_by_the_bridge(
    house: Facility, bridges: Callable[[], Bridge]
) -> None:
    bridge = paused_after_square(house, bridges)
    square = Square.objects.get()
    late = wished(square=str(square.pk))
    Run.objects.update(state="running")
    at = bridge.helm.microscope.stage.position()
    with pytest.raises(Conflict, match="pause it"):
        wished(square=str(square.pk))
    bridge.loop.turn()
    late.refresh_from_db()
    assert (late.state, bridge.helm.microscope.stage.position()) == ("refused", at)


def test_a_bridge_that_died_over_a_move_leaves_it_failed_and_never_repeats_it(
    house: Facility, bridges: Callable[[], Bridge]
) -> None:
    bridge = paused_after_square(house, bridges)
    command = wished(square=str(Square.objects.get().pk))
    dies_at("stage_move_accepted", 1)
    with pytest.raises(ProcessDeath):
        bridge.loop.turn()
    arm(None)
    command.refresh_from_db()
    assert command.state == "accepted", "what is to be sent is written down before"
    successor = bridges()
    at = successor.helm.microscope.stage.position()
    successor.loop.turn()
    command.refresh_from_db()
    assert command.state == "failed"
    assert "bridge ended" in command.reason
    assert successor.helm.microscope.stage.position() == at


def test_only_the_grid_on_the_stage_has_places_and_a_wish_does_not_outlive_its_minute(
    house: Facility, bridges: Callable[[], Bridge]
) -> None:
    paused_after_square(house, bridges).die()
    square = str(Square.objects.get().pk)
    Grid.objects.update(position=2)
    with pytest.raises(Conflict, match="load it first"):
        wished(square=square)
    Grid.objects.update(position=1)
    command = wished(square=square)
    microscope = house.microscope.pk
    assert stage_move_waits(microscope)
    assert control_wanted(microscope, None)
    Command.objects.filter(pk=command.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not stage_move_waits(microscope)
