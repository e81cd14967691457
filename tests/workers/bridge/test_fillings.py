"""F28: the dewars begin to fill, do not end filling, or never begin: all of it is waited for.

Only so long, and nothing is exposed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.values import ColumnStatus
from smartscope.models import Alarm, Exposure, Run, Step, Wait
from tests.workers.bridge.rig import Facility
from tests.workers.bridge.test_suspended import changed_status
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)
USUAL_S, ENDLESS_S = 480.0, 100_000.0


class Dewars:
    """What the column says of them; filling begins when a test says so."""

    def __init__(self) -> None:
        self.read_at_s = 0.0
        self.from_s: float | None = None
        self.for_s = 0.0
        self.next_in_s: float | None = None

    def begin(self, for_s: float) -> None:
        self.from_s, self.for_s = self.read_at_s, for_s

    def filling(self, at_s: float) -> bool:
        return self.from_s is not None and self.from_s <= at_s < self.from_s + self.for_s

    def told(self, status: ColumnStatus) -> ColumnStatus:
        self.read_at_s = status.read_at_s
        return replace(
            status,
            refilling=self.filling(status.read_at_s),
            next_refill_in_s=self.next_in_s,
        )


@pytest.fixture
def dewars(monkeypatch: pytest.MonkeyPatch) -> Dewars:
    made = Dewars()
    changed_status(monkeypatch, made.told)
    return made


def lived(house: Facility, ended: Callable[[Run], bool]) -> Run:
    """One bridge, until the run is as it is to be."""
    bridge = house.bridge()
    try:
        for _ in range(500):
            bridge.loop.turn()
            if ended(Run.objects.get()):
                return Run.objects.get()
    finally:
        bridge.die()
    raise AssertionError(Run.objects.get().state_reason)


def waited_s(cause: str) -> float:
    return sum(
        (wait.ended_at_s or 0.0) - wait.began_at_s for wait in Wait.objects.filter(cause=cause)
    )


def test_a_filling_that_begins_before_an_exposure_is_waited_for(
    tmp_path: Path, dewars: Dewars
) -> None:
    house = quick_facility(tmp_path)
    arm(Plan("expose:recorded:view", 1, lambda: dewars.begin(USUAL_S)))
    run = lived(house, lambda run: run.state == "done")
    assert run.wish == "run"
    assert waited_s("refill") >= USUAL_S
    assert dewars.from_s is not None
    for exposure in Exposure.objects.all():
        assert not dewars.filling(exposure.exposed_at_s)
    assert Exposure.objects.count() == 2
    assert not Alarm.objects.exists(), "a filling that ends in time is nobody's business"


def test_a_filling_that_does_not_end_closes_the_column_and_tells_somebody(
    tmp_path: Path, dewars: Dewars
) -> None:
    house = quick_facility(tmp_path)
    arm(Plan("square:completed", 1, lambda: dewars.begin(ENDLESS_S)))

    def told_of(_: Run) -> bool:
        alarms = Alarm.objects.filter(key="suspender.refill", level="MAJOR")
        return alarms.exists() and Step.objects.filter(kind="safe_state", state="done").exists()

    lived(house, told_of)
    safe = Step.objects.get(kind="safe_state")
    assert dewars.from_s is not None
    assert safe.began_at_s - dewars.from_s <= 1_800.0
    assert not Exposure.objects.exists()


def test_a_filling_that_is_due_but_never_begins_holds_a_map_up_no_longer_than_until_it_is_due(
    tmp_path: Path, dewars: Dewars, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quick_facility(tmp_path)
    monkeypatch.setattr("smartscope.microscope.procedures.atlas.TILE_TAKES_S", 1_200.0)
    dewars.next_in_s = 1_000.0
    run = lived(house, lambda run: run.state == "done")
    assert run.wish == "run"
    assert 1_000.0 <= waited_s("refill") <= 1_100.0
    assert Step.objects.filter(kind="atlas", state="done").count() == 1
    assert Exposure.objects.count() == 2
