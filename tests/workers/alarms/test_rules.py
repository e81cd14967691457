"""A rule raises its alarm when what it is about is so, and not before or in quiet hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from smartscope.models import Alarm, AlertRule, Analysis, Exposure, Grid, Run, Wait
from tests.api.world import World, make_world
from workers.alarms.rules import watch_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def rule(world: World, kind: str, **values: Any) -> AlertRule:
    return AlertRule.objects.create(
        name="mine", kind=kind, session=world.ours.session, microscope=world.microscope, **values
    )


def states() -> list[str]:
    return list(Alarm.objects.order_by("created_at").values_list("state", flat=True))


def later(**by: float) -> Any:
    return timezone.now() + timedelta(**by)


def test_no_image_for_so_long_while_a_run_goes_on(world: World) -> None:
    rule(world, "idle", minutes=30)
    watch_rules(later(minutes=29))
    assert states() == []
    watch_rules(later(minutes=31))
    assert states() == ["raised"]
    world.microscope.last_image_at = later(minutes=40)
    world.microscope.save()
    watch_rules(later(minutes=41))
    assert states() == ["cleared"]
    Run.objects.update(state="done")
    watch_rules(later(minutes=500))
    assert states() == ["cleared"]


def test_quiet_hours_raise_nothing_new(world: World) -> None:
    now = later(minutes=31)
    begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    quiet = rule(world, "idle", minutes=30, quiet_from=begin, quiet_to=end)
    watch_rules(now)
    assert states() == []
    AlertRule.objects.filter(pk=quiet.pk).update(quiet_from=end, quiet_to=begin)
    watch_rules(now)
    assert states() == ["raised"]


def test_a_disabled_rule_is_silent(world: World) -> None:
    rule(world, "idle", minutes=1, enabled=False)
    watch_rules(later(minutes=31))
    assert states() == []


@pytest.mark.parametrize(("fits", "raised"), [([9.0, 9.5, 8.1], 1), ([9.0, 4.0, 8.1], 0)])
def test_so_many_exposures_in_a_row_outside_a_band(
    fits: list[float], raised: int, world: World
) -> None:
    rule(world, "metric", metric="ctf_fit_angstrom", high=8.0, exposures=3, level="MAJOR")
    for n, fit in enumerate(fits):
        Exposure.objects.create(
            hole=world.ours.holes[n + 1], slug=f"x{n}", status="analysed", pixel_size_angstrom=0.5,
            dose_e_per_angstrom2=40.0, exposed_at_s=3_000.0 + n, ctf_fit_angstrom=fit,
        )  # fmt: skip
    watch_rules(timezone.now())
    assert Alarm.objects.filter(level="MAJOR").count() == raised


def test_waiting_for_a_person_failing_and_being_behind(world: World) -> None:
    for kind, minutes in (("waiting", 5), ("error", None), ("analysis_behind", 15)):
        rule(world, kind, minutes=minutes)
    watch_rules(later(minutes=20))
    assert states() == []
    Wait.objects.create(run=world.ours.run, cause="person", reason="look", began_at_s=1.0)
    Analysis.objects.create(
        image=world.ours.image, kind="find_squares", plugin="p", plugin_version="1",
        visible_at_s=0.0,
    )  # fmt: skip
    watch_rules(later(minutes=20))
    assert states() == ["raised", "raised"]
    Run.objects.filter(pk=world.ours.run.pk).update(state="failed", state_reason="HT is off")
    watch_rules(later(minutes=1))
    assert "HT is off" in Alarm.objects.filter(state="raised").order_by("-created_at")[0].text


def test_each_grid_that_ends_is_told_once(world: World) -> None:
    rule(world, "grid_done", level="INFO")
    for grid in Grid.objects.filter(session=world.ours.session):
        grid.status = "done"
        grid.save()
        watch_rules(timezone.now())
        watch_rules(timezone.now())
    assert states() == ["raised", "raised"]
    watch_rules(later(hours=2))
    assert states() == ["cleared", "cleared"]


def test_a_disk_with_less_than_a_percentage_free(world: World) -> None:
    AlertRule.objects.create(name="disk", kind="disk", free_percent=0.0001)
    watch_rules(timezone.now())
    assert states() == []
    AlertRule.objects.update(free_percent=99.9999)
    watch_rules(timezone.now())
    assert states() == ["raised"]
