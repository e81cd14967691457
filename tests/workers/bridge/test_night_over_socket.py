"""The same night in process and through SerialEM's socket: same steps, same targets, each once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import ConnectionLost
from smartscope.microscope.simulator.server import SimulatorServer
from smartscope.models import Exposure, Hole, Image, Microscope, Run, Step, StepItem
from tests.microscope.serialem.served import quarter_turned, remembers_empty_stage, row_settings
from tests.workers.bridge.campaigns import live_through
from tests.workers.bridge.invariants import (
    check,
    events_are_gapless,
    every_file_is_a_row_or_in_quarantine,
    nothing_is_left_open,
    world_lines,
)
from tests.workers.bridge.quick_findings import HOLES_UM, find_quickly
from tests.workers.bridge.rig import Facility, facility, small_world

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = ["arm", "load_grid", "open_valves", "atlas", "square", "expose", "finish_grid"]
DOSE_E_PER_A2 = 4.0
QUARTER_TURN = 1
#: stage + image shift (µm) at which each hole is exposed: its map, moved as the view showed it
EXPOSED_UM = ((89.080, 26.828), (91.016, 25.114))


@contextmanager
def house_over(path: str, directory: Path, **changes: Any) -> Iterator[Facility]:
    """A facility whose microscope is the simulator in process, or behind a socket."""
    world = small_world(directory, **changes)
    house = facility(
        directory,
        world=world,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=DOSE_E_PER_A2,
    )
    house.analyse = find_quickly
    if path == "in process":
        yield house
        return
    operation = QUARTER_TURN if path == "turned camera" else 0
    with SimulatorServer(world | {"header_pause_s": 0.0, "orientation": operation}) as server:
        remembers_empty_stage(server)
        settings = row_settings(server, directory, "4.1")
        if operation:
            settings = quarter_turned(settings, operation)
        Microscope.objects.filter(pk=house.microscope.pk).update(
            driver_kind="serialem", driver_settings=settings
        )
        yield house


def drive(house: Facility) -> None:
    """One bridge from the first step to the last."""
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()


def exposed(house: Facility) -> list[dict[str, Any]]:
    """Every exposure of the record area that the world remembers."""
    return [
        line for line in world_lines(house) if line["k"] == "exposure" and line["area"] == "record"
    ]


@pytest.mark.parametrize("path", ["in process", "socket", "turned camera"])
def test_each_target_is_exposed_once_where_it_is(tmp_path: Path, path: str) -> None:
    with house_over(path, tmp_path) as house:
        drive(house)
    assert Run.objects.get().state == "done", Run.objects.get().state_reason
    assert list(Step.objects.order_by("number").values_list("kind", flat=True))[:7] == STEPS
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}
    assert Exposure.objects.count() == len(HOLES_UM)
    movies = exposed(house)
    places = [
        Point(
            (line["stage_x_nm"] + line["shift_x_nm"]) * 1e-3,
            (line["stage_y_nm"] + line["shift_y_nm"]) * 1e-3,
        )
        for line in movies
    ]
    assert len(places) == len(HOLES_UM)
    for hole, place_um in zip(HOLES_UM, EXPOSED_UM, strict=True):
        assert Point(*hole).distance_um(Point(*place_um)) < 0.4
        assert min(place.distance_um(Point(*place_um)) for place in places) < 0.1, (hole, places)
    assert [line["dose_e_per_a2"] for line in movies] == pytest.approx([DOSE_E_PER_A2] * 2)
    nothing_is_left_open()
    events_are_gapless()
    every_file_is_a_row_or_in_quarantine(house)
    if path == "in process":
        check(house, deaths=0)
    for image in Image.objects.filter(kind="movie"):
        assert image.sections == 2
        assert image.gain_key


def test_a_movie_whose_reply_was_lost_is_brought_home_by_the_successor(tmp_path: Path) -> None:
    """The link breaks after the dose; the camera keeps the file, and its name is the key."""
    lost = {"kind": "connection_lost", "phase": "after", "command": "Record", "nth": 1}
    with house_over("socket", tmp_path, faults=[lost]) as house:
        bridge = house.bridge()
        try:
            with pytest.raises(ConnectionLost):
                bridge.run_until_idle()
        finally:
            bridge.die()
        drive(house)
    assert Run.objects.get().state == "done", Run.objects.get().state_reason
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}
    assert len(exposed(house)) == len(HOLES_UM), "each hole has had its dose once"
    assert not StepItem.objects.filter(state="lost").exists()
    first = Image.objects.filter(kind="movie").earliest("taken_at_s")
    assert first.gain_key
    assert first.stage_x_um is not None
    nothing_is_left_open()
    every_file_is_a_row_or_in_quarantine(house)


def test_a_bridge_that_dies_over_the_socket_is_succeeded(tmp_path: Path) -> None:
    places = ["load_grid:before_complete", "command:record", "expose:produced:h0002"]
    with house_over("socket", tmp_path) as house:
        assert live_through(house, places) == places
    assert Run.objects.get().state == "done", Run.objects.get().state_reason
    assert len(exposed(house)) <= len(HOLES_UM)
    lost = StepItem.objects.filter(state="lost").count()
    assert lost <= len(places)
    nothing_is_left_open()
    events_are_gapless()
    every_file_is_a_row_or_in_quarantine(house)
