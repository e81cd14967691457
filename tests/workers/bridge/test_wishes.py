"""Wishes are obeyed between two commands; what changed while nobody drove is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from smartscope.domain.errors import StorageFull
from smartscope.domain.suspenders import Signal
from smartscope.microscope.errors import CommandTimeout, ConnectionLost
from smartscope.models import (
    Analysis,
    Command,
    Event,
    Exposure,
    Grid,
    Group,
    Hole,
    Lease,
    Microscope,
    Run,
    Square,
    Step,
    Wait,
)
from tests.workers.bridge.invariants import check
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Bridge, Facility, ProcessDeath, dies_at, facility, small_world
from workers.bridge import watch
from workers.bridge.errors import Quarantined
from workers.bridge.fault_points import Plan, arm
from workers.bridge.recover import recover
from workers.bridge.watch import TemperatureLimits

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., Bridge]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Facility]:
    """A house with quick findings; keyword arguments change the simulated world."""

    def make(**world: Any) -> Facility:
        house = facility(
            tmp_path,
            atlas_tiles_x=1,
            atlas_tiles_y=1,
            image_shift_radius_um=5.0,
            record_dose_e_per_angstrom2=4.0,
            world=small_world(tmp_path, **world),
        )
        house.analyse = find_quickly
        return house

    return make


@pytest.fixture
def drive() -> Iterator[Callable[[Facility], Bridge]]:
    """Bridges that are gone when the test is over."""
    opened: list[Bridge] = []

    def new(house: Facility) -> Bridge:
        for bridge in opened:
            bridge.die()
        opened.clear()
        opened.append(house.bridge())
        return opened[0]

    yield new
    for bridge in opened:
        bridge.die()


def when(place: str, do: Callable[[], object]) -> None:
    """Something happens the first time the bridge passes a place."""

    def strike() -> None:
        do()

    arm(Plan(place, 1, strike))


def wish(what: str) -> Callable[[], object]:
    """A person wants it."""
    person, _ = User.objects.get_or_create(username="somebody")
    return lambda: Run.objects.update(wish=what, wished_by=person)


def test_a_stop_between_two_holes_leaves_the_second_unexposed(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    Command.objects.create(microscope=house.microscope, type="stop", state="wished")
    when("expose:recorded:h0001", wish("stop"))
    drive(house).run_until_idle()
    run = Run.objects.get()
    assert run.state == "aborted"
    assert sorted(Hole.objects.values_list("number", "status")) == [(1, "imaged"), (2, "queued")]
    assert Step.objects.order_by("-number")[0].kind == "safe_state"
    assert Command.objects.get().state == "done"
    check(house, deaths=0)


def test_a_pause_takes_effect_after_the_step_and_a_resume_goes_on(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    seen: list[str] = []

    def resume_when_paused() -> None:
        run = Run.objects.get()
        if run.state == "paused":
            seen.append(Step.objects.order_by("-number")[0].kind)
            Run.objects.update(wish="run")

    house.during_nap = resume_when_paused
    when("atlas:issued:atlas", wish("pause"))
    drive(house).run_until_idle()
    assert seen == ["atlas"]
    assert Run.objects.get().state == "done"
    assert Wait.objects.filter(cause="pause", ended_at_s__isnull=False).count() == 1
    kinds = list(Event.objects.filter(kind__startswith="run.").values_list("kind", flat=True))
    assert kinds.index("run.paused") < kinds.index("run.done")


def test_a_run_stopped_before_it_began_moves_nothing(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    Run.objects.update(wish="stop")
    drive(house).run_until_idle()
    assert Run.objects.get().state == "aborted"
    assert not Step.objects.exists()


def test_a_cassette_changed_while_nobody_drove_interrupts_until_a_person_resumes(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    dies_at("atlas:completed", 1)
    with pytest.raises(ProcessDeath):
        drive(house).run_until_idle()
    arm(None)
    changed = small_world(
        house.directory, grids={"1": {"preset": "good"}, "2": {"preset": "thick"}}
    )
    Microscope.objects.update(driver_settings=changed)
    drive(house).run_until_idle()
    run = Run.objects.get()
    assert (run.state, run.state_reason) == ("interrupted", "the cassette was changed")
    Run.objects.update(wish="run")
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"


def test_a_load_that_ended_on_another_slot_is_quarantined(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    dies_at("load_grid:before_complete", 1)
    with pytest.raises(ProcessDeath):
        drive(house).run_until_idle()
    arm(None)
    step = Step.objects.get(kind="load_grid")
    Step.objects.filter(pk=step.pk).update(parameters={"slot": 2, "loaded_before": 3})
    bridge = drive(house)
    with pytest.raises(Quarantined):
        recover(bridge.helm)
    assert Lease.objects.get().state == "quarantined"
    assert Run.objects.get().state == "interrupted"


def test_a_full_disk_fails_the_step_registers_nothing_and_is_waited_for(
    build: Callable[..., Facility],
    drive: Callable[[Facility], Bridge],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = build()
    bridge = drive(house)
    full = {"now": False}
    write, free = house.store.write_atomic, house.store.free_bytes

    def no_room(key: str, writer: Any) -> Any:
        if full["now"]:
            raise StorageFull("no room")
        return write(key, writer)

    def make_room() -> None:
        full["now"] = full["now"] and Run.objects.get().state != "suspended"

    def seen() -> bool:
        """Another program fills the disk just as the image is written."""
        return full["now"] and Step.objects.filter(state="failed").exists()

    monkeypatch.setattr(house.store, "write_atomic", no_room)
    monkeypatch.setattr(house.store, "free_bytes", lambda: 0 if seen() else free())
    house.during_nap = make_room
    when("square:issued:square", lambda: full.update(now=True))
    bridge.run_until_idle()
    failed = Step.objects.get(state="failed")
    assert failed.reason.startswith("StorageFull")
    assert not failed.images.exists()
    assert Wait.objects.filter(cause="storage").exists()
    assert Run.objects.get().state == "done"
    assert Square.objects.get().views_lost == 0, "the disk was full; the view was not at fault"
    check(house, deaths=1)


def test_a_camera_that_never_answers_costs_one_hole_and_a_truncated_file_is_quarantined(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build(
        faults=[
            {"kind": "camera_timeout", "phase": "before", "command": "record", "nth": 1},
            {"kind": "truncated_file", "phase": "after", "nth": 2},
        ]
    )
    with pytest.raises(CommandTimeout):
        drive(house).run_until_idle()
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"
    assert set(Hole.objects.values_list("status", flat=True)) == {"lost"}
    assert set(Exposure.objects.values_list("status", flat=True)) == {"lost"}
    assert Group.objects.get().status == "lost"
    assert list((house.directory / "files" / "quarantine").rglob("*h0002*.tif"))
    check(house, deaths=2)


def test_a_lost_link_ends_the_process_and_its_successor_adopts_the_file(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build(
        faults=[{"kind": "connection_lost", "phase": "after", "command": "record", "nth": 1}]
    )
    with pytest.raises(ConnectionLost):
        drive(house).run_until_idle()
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"
    assert set(Hole.objects.values_list("status", flat=True)) == {"imaged"}
    check(house, deaths=0)


def test_the_same_night_is_the_same_however_late_the_workers_are(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    late = {"naps": 0}
    prompt = house.analyse

    def slow(pk: Any) -> None:
        late["naps"] += 1
        if late["naps"] % 3 == 0:
            prompt(pk)

    house.analyse = slow
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"
    waited = Wait.objects.filter(cause="analysis").values_list("began_at_s", "ended_at_s")
    due = Analysis.objects.filter(kind__in=("find_squares", "find_holes")).order_by("visible_at_s")
    assert [end for _, end in waited.order_by("began_at_s")] == [
        analysis.visible_at_s for analysis in due
    ]


def test_without_an_autoloader_the_run_asks_for_the_grid_and_goes_on_when_it_is_in(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build(has_autoloader=False, loader_slots=1)
    asked: list[str] = []

    def insert_when_asked() -> None:
        wait = Wait.objects.filter(cause="person", ended_at_s__isnull=True).first()
        if wait is not None:
            asked.append(wait.reason)
            Microscope.objects.update(hand_loaded=Grid.objects.get().pk)

    house.during_nap = insert_when_asked
    drive(house).run_until_idle()
    assert asked[0].startswith("insert grid")
    assert Run.objects.get().state == "done"
    assert Exposure.objects.count() == 2
    check(house, deaths=0)


def test_a_square_may_be_a_montage(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    Grid.objects.update(square_tiles_x=2, square_tiles_y=1)
    drive(house).run_until_idle()
    image = Square.objects.get().image
    assert image is not None
    assert image.sections == 2
    assert image.sections_to_stage is not None
    assert len(image.sections_to_stage) == 2
    check(house, deaths=0)


def test_valves_closed_from_outside_are_not_opened_before_a_person_says_so(
    build: Callable[..., Facility], drive: Callable[[Facility], Bridge]
) -> None:
    house = build()
    bridge = drive(house)
    seen: list[str] = []

    def resume_when_paused() -> None:
        run = Run.objects.get()
        if run.state == "paused":
            seen.append(run.state_reason)
            Run.objects.update(wish="run")

    house.during_nap = resume_when_paused
    when("square:completed", bridge.helm.microscope.column.close_valves)
    bridge.run_until_idle()
    assert len(seen) == 1
    assert "closed from outside" in seen[0]
    kinds = list(Step.objects.order_by("number").values_list("kind", flat=True))
    assert kinds[kinds.index("square") + 1 :][:2] == ["safe_state", "open_valves"]
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_stop_while_the_dewars_fill_exposes_nothing_more(
    build: Callable[..., Facility],
    drive: Callable[[Facility], Bridge],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = build()
    bridge = drive(house)
    levels, looks = watch.levels, [0]

    def filling_from_the_first_hole_on(
        column: Any, now_s: float, limits: TemperatureLimits
    ) -> dict[Signal, str]:
        if not Step.objects.filter(kind="expose").exists() or looks[0] > 3:
            return levels(column, now_s, limits)
        looks[0] += 1
        if looks[0] == 3:
            Run.objects.update(wish="stop")
        return {Signal.REFILL: ""}

    monkeypatch.setattr(watch, "levels", filling_from_the_first_hole_on)
    bridge.run_until_idle()
    assert Run.objects.get().state == "aborted"
    assert not Exposure.objects.exists()
