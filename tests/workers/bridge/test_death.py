"""The bridge dies at every place between a commit and a command, and a fresh one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.models import Run, Step, StepItem
from tests.workers.bridge.campaigns import (
    AFTER_A_PAUSE,
    CAMPAIGNS,
    IN_A_PAUSE,
    PLACES,
    RECOVERY,
    campaign,
    live_through,
    live_through_a_pause,
    quick_house,
)
from tests.workers.bridge.invariants import check
from tests.workers.bridge.whole_process import a_person_wishes
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("number", range(CAMPAIGNS))
def test_nothing_is_lost_but_what_was_under_the_beam(tmp_path: Path, number: int) -> None:
    house = quick_house(tmp_path)
    died = live_through(house, campaign(number))
    assert died == campaign(number)
    assert Run.objects.get().state == "done"
    check(house, deaths=len(died))


def test_a_death_in_the_middle_of_recovery_is_recovered_from(tmp_path: Path) -> None:
    house = quick_house(tmp_path)
    assert live_through(house, RECOVERY) == RECOVERY
    assert Run.objects.get().state == "done"
    check(house, deaths=len(RECOVERY))
    adopted = StepItem.objects.filter(name="h0001", state="done", hole__status="imaged")
    assert adopted.count() == 1


def test_a_pause_may_be_died_in_anywhere_and_ends_closed_and_given_back(tmp_path: Path) -> None:
    house = quick_house(tmp_path)
    arm(Plan("atlas:recorded:atlas", 1, lambda: a_person_wishes("pause")))
    bridge = house.bridge()
    try:
        bridge.turns(5)
    finally:
        bridge.die()
    assert live_through_a_pause(house, IN_A_PAUSE) == IN_A_PAUSE
    assert Run.objects.get().state == "paused"
    assert not Step.objects.filter(kind="square").exists()
    a_person_wishes("run")
    assert live_through(house, AFTER_A_PAUSE) == AFTER_A_PAUSE
    assert Run.objects.get().state == "done"
    check(house, deaths=len(IN_A_PAUSE) + len(AFTER_A_PAUSE))


def test_the_campaigns_visit_every_place_there_is(tmp_path: Path) -> None:
    house = quick_house(tmp_path)
    plan = Plan()
    arm(plan)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert list(plan.passed) == PLACES
    dealt = [place for number in range(CAMPAIGNS) for place in campaign(number)]
    assert sorted(dealt) == sorted(PLACES)
    check(house, deaths=0)
