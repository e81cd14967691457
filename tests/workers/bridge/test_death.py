"""The bridge dies at every place between a commit and a command, and a fresh one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.models import Run, StepItem
from tests.workers.bridge.campaigns import (
    CAMPAIGNS,
    PLACES,
    RECOVERY,
    campaign,
    live_through,
    quick_house,
)
from tests.workers.bridge.invariants import check
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
