"""Nobody finds in the morning that a run has waited all night: who could let it go on is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from smartscope.models import Alarm, Grid, Run, Wait
from smartscope.operations.finish_grid import PLANNED_PAUSE
from tests.workers.alarms.conftest import Facility
from tests.workers.alarms.test_watch import Use
from workers.alarms.watch import watch

WAITS = "run.waits_for_person"
Look = Callable[[], dict[str, tuple[str, str]]]


@pytest.fixture
def look(facility: Facility, monkeypatch: pytest.MonkeyPatch) -> Look:
    """One round of the sweeper's; what is raised now."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Use(100, 10, 90))

    def once(now: datetime | None = None) -> dict[str, tuple[str, str]]:
        watch(now or timezone.now())
        return {alarm.key: (alarm.level, alarm.state) for alarm in Alarm.objects.all()}

    return once


def change(**values: Any) -> None:
    Run.objects.update(**values)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("arming", "paused"), ("running", "paused"), ("suspended", "paused"), ("paused", "paused"),
        ("interrupted", "interrupted"),
    ],
)  # fmt: skip
def test_a_run_the_service_does_not_go_on_with_is_told_with_its_reason_until_it_is_resumed(
    state: str, word: str, facility: Facility, look: Look
) -> None:
    why = "StageStuck: the stage did not arrive"
    change(state=state, wish="pause", wished_by=None, state_reason=why)
    assert look()[WAITS] == ("MAJOR", "raised")
    alarm = Alarm.objects.get(key=WAITS)
    assert (alarm.session, alarm.microscope) == (facility.session, facility.microscope)
    assert alarm.text == f"The run on Titan is {word} and waits for a person: {why}"
    assert "resume the run" in alarm.advice
    change(wish="run", wished_by=User.objects.get(username="user"))
    assert look()[WAITS] == ("MAJOR", "cleared")


def test_a_pause_of_a_persons_own_is_told_to_nobody(facility: Facility, look: Look) -> None:
    change(state="paused", wish="pause", wished_by=User.objects.get(username="user"))
    assert WAITS not in look()


@pytest.mark.parametrize("wish", ["run", "stop"])
def test_what_a_person_has_decided_about_waits_no_more(
    wish: str, facility: Facility, look: Look
) -> None:
    change(state="interrupted", wish=wish)
    assert WAITS not in look()


def test_a_pause_that_the_protocol_planned_wakes_nobody(facility: Facility, look: Look) -> None:
    why = f"grid A is finished; {PLANNED_PAUSE}"
    change(state="paused", wish="pause", wished_by=None, state_reason=why)
    assert look()[WAITS] == ("MINOR", "raised")
    change(state_reason="CameraFailed: no frame")
    assert look()[WAITS] == ("MAJOR", "raised")


def test_a_grid_that_is_to_be_inserted_by_hand_is_asked_for(facility: Facility, look: Look) -> None:
    change(state="suspended")
    asked = facility.run.waits.create(
        cause="person", reason="insert grid B by hand", began_at_s=0.0
    )
    assert look()[WAITS] == ("MINOR", "raised")
    assert Alarm.objects.get().text.endswith("waits for a person: insert grid B by hand")
    type(asked).objects.update(ended_at_s=1.0)
    assert look()[WAITS] == ("MINOR", "cleared")


def test_what_was_interrupted_before_a_newer_run_waits_for_nobody(
    facility: Facility, look: Look
) -> None:
    change(state="interrupted", wish="pause", wished_by=None)
    newer = Run.objects.create(
        session=facility.session, microscope=facility.microscope, state="done"
    )
    assert WAITS not in look()
    # taken up again, the older one counts, and goes undriven when nobody drives it
    Run.objects.exclude(pk=newer.pk).update(state="running", wish="run")
    watch(timezone.now() + timedelta(minutes=5))
    assert Alarm.objects.get().key == "run.undriven"


def test_each_grid_that_fails_is_told_until_it_is_tried_again(
    facility: Facility, look: Look
) -> None:
    first, second = (
        Grid.objects.create(
            session=facility.session, slug=f"g0{n}", position=n, name=f"mouse {n}", status="failed",
            status_reason="LoadFailed: the cartridge did not come",
        )
        for n in (1, 2)
    )  # fmt: skip
    Grid.objects.filter(pk=second.pk).update(status="waiting")
    change(updated_at=timezone.now())
    assert look() == {"grid.failed.g01": ("MAJOR", "raised")}
    alarm = Alarm.objects.get()
    assert alarm.text.startswith("Grid mouse 1 on Titan failed and is left out: LoadFailed")
    Alarm.objects.update(state="acknowledged")
    Grid.objects.filter(pk=second.pk).update(status="failed")
    assert look()["grid.failed.g02"] == ("MAJOR", "raised")
    Grid.objects.filter(pk=first.pk).update(status="waiting")
    assert look()["grid.failed.g01"] == ("MAJOR", "closed")


def test_the_failed_grid_of_a_run_that_has_just_ended_is_told_and_an_old_ones_is_not(
    facility: Facility, look: Look
) -> None:
    Grid.objects.create(
        session=facility.session, slug="g01", position=1, name="mouse", status="failed"
    )
    change(state="done", updated_at=timezone.now() - timedelta(hours=13))
    assert look() == {}
    change(updated_at=timezone.now())
    assert look() == {"grid.failed.g01": ("MAJOR", "raised")}


@pytest.mark.parametrize(("doubt", "level"), [("", "MINOR"), ("SerialEM forgot", "MAJOR")])
def test_a_stage_in_doubt_wakes_somebody_a_grid_put_in_by_hand_nobody(
    doubt: str, level: str, facility: Facility, look: Look
) -> None:
    change(state="suspended", wish="run")
    run = Run.objects.get()
    run.microscope.stage_doubt = doubt
    run.microscope.save()
    Wait.objects.create(run=run, cause="person", reason="which grid is it", began_at_s=1.0)
    assert look()[WAITS] == (level, "raised")
    Wait.objects.update(ended_at_s=2.0)
    assert look()[WAITS] == (level, "cleared")
