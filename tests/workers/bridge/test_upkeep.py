"""Upkeep on a whole night: due by the protocol, journaled, paid in dose where it lands."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.models import Event, Exposure, Grid, RoutineDose, Run, Step
from smartscope.queries.timeline import LANES
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.rig import ProcessDeath, dies_at
from tests.workers.bridge.served_house import served_house
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.fault_points import arm

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("flash_gun", "dark_reference", "tune_beam")
EVERY = {"gun_flash_interval_h": 8.0, "dark_reference_interval_h": 12.0, "tuning_interval_h": 4.0}


def kinds() -> list[str]:
    return list(Step.objects.order_by("number").values_list("kind", flat=True))


def test_a_night_flashes_renews_and_tunes_once_each_when_its_protocol_says_so(
    tmp_path: Path,
) -> None:
    house = quick_facility(tmp_path)
    Grid.objects.update(**EVERY)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "done"
    done = Step.objects.filter(kind__in=KINDS, state="done").order_by("number")
    assert [step.kind for step in done] == list(KINDS)
    closed, opened = kinds().index("dark_reference"), kinds().index("open_valves")
    assert kinds().index("load_grid") < kinds().index("flash_gun") < closed < opened
    assert kinds().index("tune_beam") == kinds().index("expose") - 1
    assert {LANES[kind] for kind in KINDS} == {"upkeep"}
    for kind in KINDS:
        step = Step.objects.get(kind=kind)
        assert Event.objects.filter(kind="step.issued", subjects__contains=str(step.pk)).exists()
    tuned = RoutineDose.objects.filter(routine="tuning")
    assert all(dose.beside_um is not None and dose.beside_um > 1.0 for dose in tuned)
    spent = [line for line in world_lines(house) if line.get("routine") == "tuning"]
    assert len(spent) == tuned.count() == 2
    assert Exposure.objects.count() == 2
    check(house, deaths=0)


def test_without_intervals_no_plan_asks_for_any(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert not set(KINDS) & set(kinds())


def test_over_the_socket_a_gun_that_wants_it_is_flashed_and_what_cannot_tune_is_not_asked(
    tmp_path: Path,
) -> None:
    advised = {"kind": "flash_advised", "command": "IsFEGFlashingAdvised", "nth": 1}
    with served_house(tmp_path) as served:
        Grid.objects.update(**EVERY)
        served.plan(advised)
        bridge = served.bridge()
        try:
            bridge.run_until_idle()
        finally:
            served.die(bridge)
        sent = [each.name for each in served.evidence().sent]
        assert served.violations() == []
    assert sent.count("LongOperation") == 1
    assert "UpdateHWDarkRef" in sent
    assert not {"FixComaByCTF", "FixAstigmatismByCTF"} & set(sent)
    assert Run.objects.get().state == "done"


def test_a_flash_in_which_the_bridge_died_is_not_repeated(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    Grid.objects.update(gun_flash_interval_h=8.0)
    dies_at("command:flash_gun", 1)
    first = house.bridge()
    with pytest.raises(ProcessDeath):
        first.run_until_idle()
    arm(None)
    first.die()
    second = house.bridge()
    try:
        second.run_until_idle()
    finally:
        second.die()
    assert kinds().count("flash_gun") == 1
    assert Step.objects.get(kind="flash_gun").state == "lost"
    assert Run.objects.get().state == "done"
    check(house, deaths=1)
