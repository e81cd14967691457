"""Suspenders on a whole night: nothing is exposed under one, and people are told what holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.suspenders import Signal
from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.console import Action, press
from smartscope.microscope.values import ColumnStatus
from smartscope.models import Alarm, Event, Exposure, Microscope, Run, Step, Wait
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.rig import Bridge, Facility
from tests.workers.bridge.whole_process import a_person_wishes, quick_facility
from workers.bridge.fault_points import Plan, arm
from workers.bridge.room import GIB, level_of

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


def changed_status(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[ColumnStatus], ColumnStatus]
) -> None:
    """The column reports something else than it did."""
    status = column.status
    monkeypatch.setattr(column, "status", lambda scope: change(status(scope)))


def resumed_once(house: Facility, before: Callable[[], object] = lambda: None) -> list[str]:
    """The first pause is resumed by a person after `before`; the reasons of all pauses."""
    reasons: list[str] = []

    def resume() -> None:
        run = Run.objects.get()
        if run.state == "paused":
            reasons.append(run.state_reason)
            before()
            Run.objects.update(wish="run")

    house.during_nap = resume
    return reasons


def kinds() -> list[str]:
    return list(Step.objects.order_by("number").values_list("kind", flat=True))


def records(house: Facility) -> int:
    return sum(line.get("name") == "record" for line in world_lines(house))


def test_without_high_tension_the_column_is_closed_and_a_person_is_asked(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    house = quick_facility(tmp_path)
    world = tmp_path / "world"
    asked = resumed_once(house, lambda: press(world, Action.RESTORE_HIGH_TENSION))
    arm(Plan("square:completed", 1, lambda: press(world, Action.TRIP_HIGH_TENSION)))
    drive(house).run_until_idle()
    assert len(asked) == 1
    assert "high tension" in asked[0]
    after = kinds()[kinds().index("square") + 1 :]
    assert after[:2] == ["safe_state", "open_valves"]
    alarm = Alarm.objects.get(key="suspender.high_tension")
    assert (alarm.level, alarm.state) == ("MAJOR", "cleared")
    told = Event.objects.filter(kind__startswith="suspender.", after__signal="high_tension")
    assert [event.kind for event in told.order_by("seq")] == [
        "suspender.tripped",
        "suspender.cleared",
    ]
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_warm_stage_holds_the_run_with_closed_valves_and_unloads_nothing(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    kelvin = [85.0]
    changed_status(monkeypatch, lambda status: replace(status, stage_temperature_k=kelvin[0]))
    asked = resumed_once(house, lambda: kelvin.__setitem__(0, 90.0))
    arm(Plan("expose:recorded:h0001", 1, lambda: kelvin.__setitem__(0, 140.0)))
    drive(house).run_until_idle()
    assert asked == ["the stage is at 140 K, above 110 K"]
    assert "unload" not in [line.get("name") for line in world_lines(house)]
    assert Exposure.objects.count() == 2
    assert Run.objects.get().state == "done"


def test_filling_that_does_not_end_finds_an_idle_column_closed(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    filling = {"since_s": None, "for_s": 3_000.0}

    def fills(status: ColumnStatus) -> ColumnStatus:
        if filling["since_s"] is None and Step.objects.filter(kind="expose").exists():
            filling["since_s"] = status.read_at_s
        begun = filling["since_s"]
        now = begun is not None and status.read_at_s < begun + (filling["for_s"] or 0.0)
        return replace(status, refilling=now)

    changed_status(monkeypatch, fills)
    drive(house).run_until_idle()
    safe = Step.objects.filter(kind="safe_state").order_by("number")[0]
    assert filling["since_s"] is not None
    assert 600.0 <= safe.began_at_s - filling["since_s"] <= 1_300.0
    assert Alarm.objects.get(key="suspender.refill").level == "MAJOR"
    waited = Wait.objects.filter(cause="refill")
    assert sum((wait.ended_at_s or 0.0) - wait.began_at_s for wait in waited) >= 3_000.0
    opened = Step.objects.filter(kind="open_valves").order_by("number")[1]
    assert opened.began_at_s - filling["since_s"] >= 3_000.0 + 60.0
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_stop_is_seen_while_a_refill_is_awaited(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    monkeypatch.setattr("smartscope.microscope.procedures.atlas.TILE_TAKES_S", 1_200.0)
    changed_status(monkeypatch, lambda status: replace(status, next_refill_in_s=1_000.0))
    bridge = drive(house)
    passing, waits = bridge.helm.clock.wait_until, [0]

    def wait_until(self: object, time_s: float) -> None:
        if Wait.objects.filter(cause="refill", ended_at_s=None).exists():
            waits[0] += 1
            if waits[0] == 3:
                a_person_wishes("stop")
        passing(time_s)

    monkeypatch.setattr(type(bridge.helm.clock), "wait_until", wait_until)
    bridge.run_until_idle()
    atlas = Step.objects.get(kind="atlas")
    assert atlas.ended_at_s is not None
    assert atlas.ended_at_s - atlas.began_at_s < 120.0
    assert Run.objects.get().state == "aborted"
    assert Step.objects.filter(kind="safe_state", state="done").exists()
    assert not any(line["k"] == "exposure" for line in world_lines(house))
    check(house, deaths=0)


def test_valves_that_fall_in_an_exposure_cost_one_invalid_image_and_wait_for_a_person(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    faults = [{"kind": "valve_closes", "phase": "before", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)
    at_the_pause: list[int] = []
    asked = resumed_once(house, lambda: at_the_pause.append(records(house)))
    drive(house).run_until_idle()
    assert at_the_pause == [1]
    assert "closed from outside" in asked[0]
    spoiled = Exposure.objects.get(status="invalid")
    assert spoiled.reason == "valves_closed"
    assert Exposure.objects.count() == 2
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_lost_beam_costs_at_most_two_exposures(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    faults = [{"kind": "beam_lost", "phase": "before", "command": "record", "nth": 1}]
    house = quick_facility(tmp_path, faults=faults)
    at_the_pause: list[int] = []

    def repaired() -> None:
        at_the_pause.append(records(house))
        press(tmp_path / "world", Action.RESTORE_BEAM)

    asked = resumed_once(house, repaired)
    drive(house).run_until_idle()
    assert at_the_pause[0] <= 2
    assert "black, saturated or old" in asked[0]
    assert Exposure.objects.filter(status="invalid", reason="black").exists()
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


@pytest.mark.parametrize(
    ("free_gib", "total_gib", "signal"),
    [
        (160, 1_000, None),
        (140, 1_000, Signal.DISK_LOW),
        (90, 1_000, Signal.DISK_SCARCE),
        (40, 1_000, Signal.DISK_FULL),
        (500, 20_000, None),
        (300, 20_000, Signal.DISK_LOW),
        (1, 30, Signal.DISK_FULL),
    ],
)
def test_room_is_judged_by_its_part_of_the_volume_and_by_what_a_night_needs(
    free_gib: int, total_gib: int, signal: Signal | None
) -> None:
    found = level_of(free_gib * GIB, total_gib * GIB)
    assert list(found) == ([] if signal is None else [signal])


def test_with_little_room_a_begun_grid_goes_on_and_no_other_is_loaded(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: Any
) -> None:
    house = quick_facility(tmp_path)
    scarce = {"now": False}

    def room(_: object) -> dict[Signal, str]:
        return {Signal.DISK_SCARCE: ""} if scarce["now"] else {}

    def make_room() -> None:
        waiting = Wait.objects.filter(cause="storage", ended_at_s=None).exists()
        if Run.objects.get().state == "suspended" and waiting:
            scarce["now"] = False

    for module in ("reading", "suspend"):
        monkeypatch.setattr(f"workers.bridge.{module}.disk_levels", room)
    house.during_nap = make_room
    arm(Plan("armed", 1, lambda: scarce.update(now=True)))
    drive(house).run_until_idle()
    assert Wait.objects.filter(cause="storage").exists()
    assert kinds()[:2] == ["arm", "load_grid"]
    assert Run.objects.get().state == "done"


def test_a_vacuum_that_comes_back_by_itself_asks_nobody_though_it_closed_the_valves(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    house = quick_facility(tmp_path)
    bridge = drive(house)
    scope = bridge.helm.microscope._guard.scope  # type: ignore[attr-defined]
    asked = resumed_once(house)
    arm(Plan("square:completed", 1, lambda: column.spoil_vacuum(scope, 900.0)))
    bridge.run_until_idle()
    assert asked == []
    assert Run.objects.get().state == "done"
    assert Exposure.objects.exclude(status__in=("invalid", "lost")).count() == 2
    assert kinds().count("open_valves") == 2
    told = Event.objects.filter(kind="suspender.tripped").values_list("after__signal", flat=True)
    assert set(told) == {"vacuum"}
    check(house, deaths=0)


def test_a_vacuum_that_stays_away_asks_a_person(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    house = quick_facility(tmp_path)
    bridge = drive(house)
    scope = bridge.helm.microscope._guard.scope  # type: ignore[attr-defined]
    arm(Plan("square:completed", 1, lambda: column.spoil_vacuum(scope, 1e6)))
    bridge.run_until_idle()
    run = Run.objects.get()
    assert (run.state, run.wish) == ("paused", "pause")
    assert run.state_reason == "the vacuum is not ready"
    assert not column.status(scope).valves_open


def test_valves_closed_by_hand_before_the_vacuum_goes_are_a_persons(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    """What goes bad after they were found closed did not close them."""
    house = quick_facility(tmp_path)
    bridge = drive(house)
    asked = resumed_once(house)
    arm(Plan("expose:recorded:h0001", 1, lambda: press(tmp_path / "world", Action.CLOSE_VALVES)))
    bridge.run_until_idle()
    assert len(asked) == 1
    assert "closed from outside" in asked[0]
    assert "vacuum" not in asked[0]


def test_a_site_may_set_its_own_limit_of_temperature(
    tmp_path: Path, drive: Callable[[Facility], Bridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    kelvin = [92.0]
    Microscope.objects.update(stage_limit_k=90.0)
    changed_status(monkeypatch, lambda status: replace(status, stage_temperature_k=kelvin[0]))
    asked = resumed_once(house, lambda: kelvin.__setitem__(0, 88.0))
    drive(house).run_until_idle()
    assert asked == ["the stage is at 92 K, above 90 K"]


def test_a_successor_tells_that_what_its_predecessor_told_of_is_over(
    tmp_path: Path, drive: Callable[[Facility], Bridge]
) -> None:
    """Each trip is told, and each clearing, whichever process sees it."""
    house = quick_facility(tmp_path)
    world = tmp_path / "world"
    arm(Plan("square:completed", 1, lambda: press(world, Action.TRIP_HIGH_TENSION)))
    first = drive(house)
    for _ in range(40):
        first.loop.turn()
        if Run.objects.get().wish == "pause":
            break
    first.die()
    press(world, Action.RESTORE_HIGH_TENSION)
    Run.objects.update(wish="run")
    drive(house).run_until_idle()
    told = Event.objects.filter(kind__startswith="suspender.", after__signal="high_tension")
    assert [event.kind for event in told.order_by("seq")] == [
        "suspender.tripped",
        "suspender.cleared",
    ]
    check(house, deaths=1)
