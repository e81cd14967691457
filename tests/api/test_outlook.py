"""Why it stands, since when, and what comes next: the planner is asked, and nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.models import (
    Analysis,
    Event,
    Grid,
    Lease,
    Microscope,
    Run,
    Step,
    StepItem,
    Wait,
)
from smartscope.operations.event_log import Scope, Told, record_event
from tests.api.conftest import As
from tests.api.world import World

OUTLOOK = "/api/v1/microscopes/titan/outlook"


@pytest.fixture(autouse=True)
def driven(world: World) -> Lease:
    """A bridge that lives, with the first grid on the stage and the valves open."""
    Microscope.objects.update(loaded_position=1, valves_open=True, state="running")
    return Lease.objects.create(
        microscope=world.microscope,
        epoch=3,
        holder=uuid4(),
        state="held",
        expires_at=timezone.now() + timedelta(seconds=15),
    )


def seen(as_: As, name: str = "viewer") -> dict[str, Any]:
    before = Event.objects.count()
    answer = as_(name).get(OUTLOOK)
    assert answer.status_code == 200, answer.content
    assert Event.objects.count() == before
    shown: dict[str, Any] = answer.json()
    return shown


def said(shown: dict[str, Any]) -> tuple[str, str]:
    return shown["standing"], shown["words"]


def opened(world: World, kind: str, **more: Any) -> Step:
    return Step.objects.create(
        run=world.ours.run,
        microscope=world.microscope,
        number=7,
        key=f"{kind}/x/7",
        kind=kind,
        grid=world.ours.grid,
        epoch=3,
        began_at_s=4_990.0,
        **more,
    )


def test_while_it_works_the_open_step_and_the_one_after_are_told(as_: As, world: World) -> None:
    step = opened(world, "atlas", state="issued")
    StepItem.objects.create(step=step, name="atlas", state="issued")
    shown = seen(as_)
    assert said(shown) == ("working", "taking the atlas of grid grid of ours")
    assert shown["step"] == {
        "number": 7,
        "kind": "atlas",
        "state": "issued",
        "began_at_s": 4_990.0,
        "images_done": 0,
        "images": 1,
    }
    assert (
        shown["next"]["words"] == "expose 2 holes in square 1 of grid grid of ours, 2 µm underfocus"
    )
    assert shown["next"]["condition"] == "after this step"


def test_a_wait_is_told_with_its_cause_its_beginning_and_what_follows(
    as_: As, world: World
) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(state="suspended")
    wait = Wait.objects.create(
        run=world.ours.run, cause="refill", reason="the dewars are being filled", began_at_s=4_900.0
    )
    shown = seen(as_)
    assert said(shown) == ("waiting", "the dewars are being filled")
    assert (shown["cause"], shown["since"]) == (
        "refill",
        wait.created_at.isoformat().replace("+00:00", "Z"),
    )
    assert (shown["next"]["kind"], shown["next"]["condition"]) == (
        "expose",
        "when the waiting is over",
    )


def test_while_only_a_result_is_waited_for_nothing_is_told_to_follow(as_: As, world: World) -> None:
    Analysis.objects.create(
        image=world.ours.image, kind="find_squares", plugin="squares", visible_at_s=6_000.0
    )
    Microscope.objects.update(valves_open=False)
    Run.objects.filter(pk=world.ours.run.pk).update(state="suspended")
    Wait.objects.create(
        run=world.ours.run, cause="analysis", reason="squares are being found", began_at_s=4_900.0
    )
    shown = seen(as_)
    assert said(shown) == ("waiting", "squares are being found")
    assert shown["next"] is None


def test_a_pause_says_who_why_and_what_a_resume_would_do(as_: As, world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(
        state="paused", wish="pause", state_reason="ValvesClosed: somebody closed them"
    )
    shown = seen(as_)
    assert said(shown) == ("paused", "ValvesClosed: somebody closed them")
    assert "Resume" in shown["advice"]
    assert (shown["next"]["kind"], shown["next"]["condition"]) == (
        "expose",
        "when the run is resumed",
    )
    assert Run.objects.get(pk=world.ours.run.pk).wish == "pause"


def test_an_interrupted_run_waits_for_a_person(as_: As, world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(
        state="interrupted", wish="pause", state_reason="the cassette was changed"
    )
    Run.objects.filter(pk=world.theirs.run.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert said(seen(as_)) == ("interrupted", "the cassette was changed")


def test_a_bridge_that_is_not_heard_of_is_said_with_the_hour(
    as_: As, world: World, driven: Lease
) -> None:
    gone = timezone.now() - timedelta(minutes=4)
    Lease.objects.update(expires_at=gone)
    shown = seen(as_)
    assert shown["standing"] == "silent"
    assert shown["since"] == gone.isoformat().replace("+00:00", "Z")
    assert shown["next"]["condition"] == "when the bridge is back"


def test_a_bridge_that_let_go_in_order_is_not_missed(as_: As, world: World) -> None:
    Lease.objects.update(state="free", holder=None, expires_at=None)
    assert seen(as_)["standing"] == "silent"
    Microscope.objects.update(state="released")
    Wait.objects.create(
        run=world.ours.run, cause="analysis", reason="squares are being found", began_at_s=4_900.0
    )
    assert said(seen(as_)) == ("waiting", "squares are being found")
    Run.objects.update(state="done", state_reason="")
    assert said(seen(as_)) == (
        "idle",
        "the last run is done; control of the microscope is given back",
    )


def test_an_instrument_that_cannot_be_used_is_said_so(as_: As, world: World) -> None:
    Run.objects.update(state="done")
    Microscope.objects.update(state="offline", state_reason="nobody listens at 127.0.0.1:48888")
    shown = seen(as_)
    assert said(shown) == ("silent", "nobody listens at 127.0.0.1:48888")
    assert 'manage.py bridge --microscope "titan"' in shown["advice"]


def test_a_quarantined_lease_says_what_is_not_known_and_how_to_clear_it(
    as_: As, world: World
) -> None:
    Lease.objects.update(state="quarantined", holder=None)
    record_event(
        "lease.quarantined",
        BRIDGE,
        Scope(microscope=world.microscope.pk),
        Told(reason="slot 3 is on the stage, slot 2 was asked for"),
    )
    shown = seen(as_)
    assert said(shown) == ("held_back", "slot 3 is on the stage, slot 2 was asked for")
    assert 'clear_lease "titan"' in shown["advice"]


def test_with_nothing_to_do_the_end_of_the_last_run_is_told(as_: As, world: World) -> None:
    Run.objects.update(state="done", state_reason="every grid has ended")
    shown = seen(as_)
    assert said(shown) == ("idle", "the last run is done: every grid has ended")
    assert shown["next"] is None


def test_a_run_that_is_being_stopped_does_nothing_else(as_: As, world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(wish="stop", wished_by=world.people["operator"])
    shown = seen(as_)
    assert shown["next"]["words"] == "close the valves and end the run"
    assert (shown["wish"], shown["wished_by"]) == ("stop", "operator")


def test_another_grid_comes_next_when_this_one_has_nothing_left(as_: As, world: World) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done")
    opened(world, "safe_state")
    assert seen(as_)["next"]["words"] == "load grid second from slot 2"


@pytest.mark.parametrize("person", ["stranger", "nobody"])
def test_of_another_groups_run_nothing_is_told_but_that_it_runs(
    person: str, as_: As, world: World
) -> None:
    opened(world, "atlas")
    shown = seen(as_, person)
    assert shown["standing"] == "occupied"
    assert (shown["step"], shown["next"], shown["wished_by"]) == (None, None, "")
    assert "ours" not in str(shown)
