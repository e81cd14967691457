"""The emergency stop's rows: it stands until a person starts, and fails towards stopping."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from smartscope.models import Alarm, Lease, Microscope, Run
from smartscope.operations import emergency_stop
from smartscope.queries.emergency import emergency_stands
from tests.api.conftest import As
from tests.api.world import World


@pytest.fixture
def stop(as_: As, world: World) -> Any:
    return lambda person: as_(person).post(
        f"/api/v1/microscopes/{world.microscope.pk}/emergency-stop"
    )


def wish(as_: As, world: World, kind: str) -> Any:
    return as_("granted").post(
        f"/api/v1/microscopes/{world.microscope.pk}/commands",
        {"type": kind, "arguments": {"session": str(world.ours.session.pk)}},
        headers={"Idempotency-Key": uuid4().hex},
    )


def test_it_stands_for_the_bridge_and_is_an_alarm_until_a_person_starts(
    stop: Any, as_: As, world: World
) -> None:
    answer = stop("viewer").json()
    assert (answer["accepted_by"], answer["command"]["state"]) == ("service", "wished")
    assert emergency_stands(world.microscope.pk)
    alarm = Alarm.objects.get()
    assert (alarm.key, alarm.level, alarm.session) == (
        "emergency.stop", "MAJOR", world.ours.session,
    )  # fmt: skip
    assert "viewer" in alarm.text
    Run.objects.update(state="aborted")
    assert wish(as_, world, "stop").status_code == 409
    assert emergency_stands(world.microscope.pk)
    assert wish(as_, world, "start").status_code == 202
    assert not emergency_stands(world.microscope.pk)
    assert Alarm.objects.get().state == "cleared"


def test_a_start_that_is_refused_lifts_nothing(stop: Any, as_: As, world: World) -> None:
    stop("viewer")
    assert wish(as_, world, "start").status_code == 409
    assert emergency_stands(world.microscope.pk)


def test_it_stands_where_no_bridge_ever_drove(stop: Any, world: World) -> None:
    Lease.objects.all().delete()
    assert stop("member").status_code == 202
    assert emergency_stands(world.microscope.pk)


def test_who_has_no_session_there_stops_nothing(stop: Any, world: World) -> None:
    assert stop("nobody").status_code == 403
    assert not emergency_stands(world.microscope.pk)


def test_when_rights_cannot_be_found_out_it_stops(
    stop: Any, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake in the code of permissions")

    monkeypatch.setattr(emergency_stop, "require_emergency_stop", broken)
    assert stop("nobody").status_code == 202
    assert emergency_stands(world.microscope.pk)
    assert "rights could not be checked" in caplog.text


def test_it_stands_even_when_it_cannot_be_recorded(
    stop: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(emergency_stop, "live_run", locked)
    answer = stop("member")
    assert (answer.status_code, answer.json()["command"]) == (202, None)
    assert emergency_stands(world.microscope.pk)


@pytest.mark.parametrize("kind", ["start", "resume"])
@pytest.mark.parametrize(
    ("state", "age_s", "simulated", "without", "may"),
    [
        ("", 0, False, False, False),
        ("watching", 5, False, False, True),
        ("armed", 5, False, False, True),
        ("watching", 90, False, False, False),
        ("absent", 5, False, False, False),
        ("tripped", 5, False, False, False),
        ("", 0, True, False, True),
        ("absent", 90, False, True, True),
    ],
)
def test_no_run_is_left_alone_without_a_safety_agent(
    kind: str, state: str, age_s: int, simulated: bool, without: bool, may: bool,
    as_: As, world: World, settings: Any,
) -> None:  # fmt: skip
    from datetime import timedelta

    from django.utils import timezone

    settings.UNATTENDED_WITHOUT_AGENT = without
    Microscope.objects.update(
        simulated=simulated,
        agent_state=state,
        agent_seen_at=timezone.now() - timedelta(seconds=age_s) if state else None,
    )
    Run.objects.filter(pk=world.ours.run.pk).update(
        state="aborted" if kind == "start" else "paused"
    )
    answer = wish(as_, world, kind)
    assert answer.status_code == (202 if may else 409), answer.content
    if not may:
        assert "safety agent" in answer.json()["detail"]
