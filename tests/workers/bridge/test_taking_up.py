"""What a fresh bridge makes of what it finds: go on by itself, ask, adopt, or put aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.storage import InMemoryStorage

from smartscope.models import Grid, Hole, Run, Step, StepItem
from smartscope.operations.lease.release_lease import release_lease
from smartscope.operations.recover_step import open_step
from smartscope.storage.remote import RemoteStore
from tests.workers.bridge.rig import Bridge, Facility, ProcessDeath, dies_at
from tests.workers.bridge.whole_process import a_person_wishes, quick_facility
from workers.bridge.fault_points import Plan, arm
from workers.bridge.recover import LONGEST_GAP_S, recover

pytestmark = pytest.mark.django_db(transaction=True)

Drive = Callable[[Facility], Bridge]


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


def dead_at(house: Facility, drive: Drive, place: str) -> None:
    """The bridge of this house died there."""
    dies_at(place, 1)
    with pytest.raises(ProcessDeath):
        drive(house).run_until_idle()
    arm(None)


def later(bridge: Bridge, seconds: float) -> None:
    """So much time passed on the microscope's clock before the bridge looks."""
    bridge.helm.clock.wait_until(bridge.helm.clock.now() + seconds)


def test_after_a_long_gap_a_person_is_asked_with_the_valves_closed(
    tmp_path: Path, drive: Drive
) -> None:
    house = quick_facility(tmp_path)
    dead_at(house, drive, "square:completed")
    bridge = drive(house)
    later(bridge, LONGEST_GAP_S + 60.0)
    recover(bridge.helm)
    run = Run.objects.get()
    assert (run.state, run.state_reason) == (
        "interrupted",
        "nobody drove the microscope for 31 minutes",
    )
    assert not bridge.helm.microscope.column.status().valves_open


def test_who_resumes_a_pause_has_asked_for_it_however_long_it_stood(
    tmp_path: Path, drive: Drive
) -> None:
    house = quick_facility(tmp_path)
    arm(Plan("square:completed", 1, lambda: a_person_wishes("pause")))
    bridge = drive(house)
    for _ in range(50):
        bridge.loop.turn()
        if Run.objects.get().state == "paused":
            break
    a_person_wishes("run")
    fresh = drive(house)
    later(fresh, 10 * LONGEST_GAP_S)
    fresh.run_until_idle()
    assert Run.objects.get().state == "done"


def test_a_wish_to_stop_is_obeyed_after_any_gap(tmp_path: Path, drive: Drive) -> None:
    house = quick_facility(tmp_path)
    dead_at(house, drive, "square:completed")
    a_person_wishes("stop")
    fresh = drive(house)
    later(fresh, 10 * LONGEST_GAP_S)
    fresh.run_until_idle()
    assert Run.objects.get().state == "aborted"
    assert Step.objects.order_by("-number")[0].kind == "safe_state"


def test_an_energy_filter_that_was_centred_is_not_centred_again(
    tmp_path: Path, drive: Drive
) -> None:
    house = quick_facility(tmp_path)
    house.session.grids.update(zero_loss_interval_h=100.0)
    dead_at(house, drive, "zero_loss:before_complete")
    drive(house).run_until_idle()
    steps = Step.objects.filter(kind="zero_loss")
    assert [step.state for step in steps] == ["done"]
    assert Run.objects.get().state == "done"


def test_opening_the_valves_is_proved_by_looking(tmp_path: Path, drive: Drive) -> None:
    house = quick_facility(tmp_path)
    dead_at(house, drive, "open_valves:before_complete")
    drive(house).run_until_idle()
    first, *rest = Step.objects.filter(kind="open_valves").order_by("number")
    assert first.state == "done"
    assert rest == []


def test_a_broken_movie_in_the_spool_of_a_bucket_is_put_aside_there(
    tmp_path: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(
        tmp_path, faults=[{"kind": "truncated_file", "phase": "after", "nth": 1}]
    )
    house.store = RemoteStore(InMemoryStorage(), "s3://bucket/night")
    monkeypatch.setattr("workers.bridge.landmarks.current_store", lambda: house.store)
    dead_at(house, drive, "expose:produced:h0001")
    bridge = drive(house)
    picture = open_step(house.microscope.pk)
    assert picture is not None
    recover(bridge.helm)
    assert StepItem.objects.get(name="h0001").state == "lost"
    assert Hole.objects.get(number=1).dose_uncertain
    spool = tmp_path / "spool"
    aside = [path for path in (spool / "quarantine").rglob("*h0001*") if path.suffix == ".tif"]
    assert len(aside) == 1
    assert aside[0].with_name(f"{aside[0].name}.reason.txt").read_text().strip()
    assert not [path for path in spool.rglob("*h0001*.tif") if "quarantine" not in path.parts]


def test_a_whole_movie_in_the_spool_of_a_bucket_is_adopted(
    tmp_path: Path, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    house.store = RemoteStore(InMemoryStorage(), "s3://bucket/night")
    monkeypatch.setattr("workers.bridge.landmarks.current_store", lambda: house.store)
    dead_at(house, drive, "expose:produced:h0001")
    recover(drive(house).helm)
    item = StepItem.objects.get(name="h0001")
    assert item.state == "done"
    image = item.step.images.get(kind="movie")
    assert house.store.sha256(image.key) == image.sha256


@pytest.mark.parametrize("allowed", [True, False])
def test_a_protocol_may_ask_a_person_after_every_interruption(
    tmp_path: Path, drive: Drive, allowed: bool
) -> None:
    house = quick_facility(tmp_path)
    Grid.objects.update(resumes_by_itself=allowed)
    dead_at(house, drive, "square:completed")
    bridge = drive(house)
    bridge.run_until_idle()
    run = Run.objects.get()
    assert run.state == ("done" if allowed else "interrupted")
    if not allowed:
        assert "asks a person after an interruption" in run.state_reason
        a_person_wishes("run")
        bridge.run_until_idle()
        assert Run.objects.get().state == "done"


def test_a_microscope_given_back_in_order_is_no_interruption(tmp_path: Path, drive: Drive) -> None:
    house = quick_facility(tmp_path)
    Grid.objects.update(resumes_by_itself=False)
    first = drive(house)
    for _ in range(20):
        first.loop.turn()
        if Step.objects.filter(kind="square", state="done").exists():
            break
    release_lease(first.held, "nothing is to be done that needs the microscope")
    drive(house).run_until_idle()
    assert Run.objects.get().state == "done"
