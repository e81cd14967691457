"""Two people and one microscope: who drives it is visible, handed over, and never stops a stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from smartscope.models import DriverLease, Event, Run
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
HELM = f"{API}/microscopes/titan/driver-lease"
KEY = {"Idempotency-Key": "k"}


def take(as_: As, name: str, **body: Any) -> Any:
    return as_(name).put(HELM, body)


def told(as_: As, name: str) -> dict[str, Any]:
    answer = as_(name).get(HELM)
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()
    return shown


def wish(as_: As, name: str, world: World, kind: str) -> Any:
    body = {"type": kind, "arguments": {"session": str(world.ours.session.pk)}}
    path = f"{API}/microscopes/titan/commands"
    return as_(name).post(path, body, headers={"Idempotency-Key": f"{name}-{kind}"})


def time_passes(**by: float) -> None:
    """The clock of the helm goes on: what it notes lies further back."""
    lease = DriverLease.objects.get()
    for name in ("taken_at", "expires_at", "asked_at"):
        if (at := getattr(lease, name)) is not None:
            setattr(lease, name, at - timedelta(**by))
    lease.save()


def test_the_helm_is_taken_seen_renewed_and_handed_back(as_: As, world: World) -> None:
    assert (told(as_, "viewer")["holder"], told(as_, "viewer")["may_drive"]) == (None, False)
    mine = take(as_, "granted").json()
    assert (mine["holder"], mine["mine"]) == ("granted", True)
    seen = told(as_, "stranger")
    assert (seen["holder"], seen["mine"]) == ("granted", False)
    assert as_("viewer").get(f"{API}/microscopes/titan").json()["driver"] == "granted"
    time_passes(minutes=9)
    assert take(as_, "granted").json()["holder"] == "granted"
    lease = DriverLease.objects.filter(expires_at__gt=timezone.now() + timedelta(minutes=9))
    assert lease.exists()
    assert as_("granted").delete(HELM).json()["holder"] is None
    kinds = Event.objects.filter(kind__startswith="driver.").order_by("seq")
    assert list(kinds.values_list("kind", flat=True)) == ["driver.taken", "driver.released"]


def test_a_helm_that_is_not_renewed_is_free(as_: As, world: World) -> None:
    take(as_, "granted")
    time_passes(minutes=10, seconds=1)
    assert told(as_, "operator")["holder"] is None
    assert as_("viewer").get(f"{API}/microscopes/titan").json()["driver"] is None
    assert take(as_, "operator").json()["mine"] is True


def test_a_second_driver_is_told_who_is_there_and_may_still_stop(as_: As, world: World) -> None:
    take(as_, "granted")
    refused = take(as_, "operator")
    assert (refused.status_code, refused.json()["code"]) == (409, "busy")
    assert "granted is at the helm of titan" in refused.json()["detail"]
    Run.objects.filter(pk=world.ours.run.pk).update(state="paused", wish="pause")
    resumed = wish(as_, "operator", world, "resume")
    assert (resumed.status_code, resumed.json()["code"]) == (409, "busy")
    assert Run.objects.get(pk=world.ours.run.pk).wish == "pause"
    assert wish(as_, "granted", world, "resume").status_code == 202
    assert wish(as_, "operator", world, "pause_after_current").status_code == 202
    assert wish(as_, "operator", world, "stop").status_code == 202
    assert as_("operator").post(f"{API}/microscopes/titan/emergency-stop").status_code == 202


def test_with_nobody_at_the_helm_a_start_needs_none(as_: As, world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(state="done")
    assert wish(as_, "operator", world, "start").status_code == 202


def test_who_is_asked_hands_over(as_: As, world: World) -> None:
    take(as_, "granted")
    asked = as_("operator").post(f"{HELM}/request").json()
    assert (asked["asked_by"], asked["asked_by_me"]) == ("operator", True)
    assert told(as_, "granted")["answer_by"] is not None
    done = as_("granted").post(f"{HELM}/answer", {"hand_over": True}).json()
    assert (done["holder"], done["mine"], done["asked_by"]) == ("operator", False, None)
    event = Event.objects.get(kind="driver.handed_over")
    assert (event.actor_name, event.before, event.after) == (
        "granted",
        {"holder": "granted"},
        {"holder": "operator"},
    )


def test_who_is_asked_may_refuse_and_is_not_overruled_by_waiting(as_: As, world: World) -> None:
    take(as_, "granted")
    as_("operator").post(f"{HELM}/request")
    as_("granted").post(f"{HELM}/answer", {"hand_over": False})
    time_passes(seconds=31)
    assert take(as_, "operator").status_code == 409
    assert told(as_, "operator")["holder"] == "granted"


def test_silence_hands_over_after_half_a_minute(as_: As, world: World) -> None:
    take(as_, "granted")
    as_("operator").post(f"{HELM}/request")
    assert take(as_, "operator").status_code == 409
    time_passes(seconds=31)
    assert take(as_, "operator").json()["holder"] == "operator"
    reasons = Event.objects.filter(kind="driver.taken").order_by("seq")
    assert [event.reason for event in reasons] == ["", "granted did not answer"]


def test_a_third_person_waits_for_the_second(as_: As, world: World) -> None:
    take(as_, "granted")
    as_("operator").post(f"{HELM}/request")
    assert as_("staff").post(f"{HELM}/request").status_code == 409
    assert as_("granted").delete(HELM).json()["holder"] == "operator"


@pytest.mark.parametrize("person", ["viewer", "member", "lead", "stranger", "nobody"])
def test_without_a_grant_nobody_comes_near_the_helm(person: str, as_: As, world: World) -> None:
    client = as_(person)
    assert client.put(HELM, {}).status_code == 403
    assert client.post(f"{HELM}/request").status_code == 403
    assert client.delete(HELM).status_code == 403
    assert not Event.objects.filter(kind__startswith="driver.").exists()


def test_force_needs_staff_a_reason_and_a_fresh_sign_in(as_: As, world: World) -> None:
    take(as_, "granted")
    assert take(as_, "operator", force=True, reason="dinner is over").status_code == 403
    assert take(as_, "staff", force=True).status_code == 400
    client = as_("staff")
    type(world.people["staff"]).objects.filter(username="staff").update(
        last_login=timezone.now() - timedelta(minutes=11)
    )
    stale = client.put(HELM, {"force": True, "reason": "nobody answers"})
    assert (stale.status_code, "sign in again" in stale.json()["detail"]) == (403, True)
    done = take(as_, "staff", force=True, reason="nobody answers the telephone")
    assert done.json()["holder"] == "staff"
    event = Event.objects.get(kind="driver.forced")
    assert (event.actor_name, event.reason) == ("staff", "nobody answers the telephone")
    assert event.before == {"holder": "granted"}


def test_a_token_needs_the_scope_to_operate_and_never_forces(as_: As, world: World) -> None:
    from tests.api.test_tokens import make

    assert make(as_, "plan").put(HELM, {}).status_code == 403
    assert make(as_, "operate").put(HELM, {}).json()["holder"] == "granted"
    forced = make(as_, "operate", person="staff").put(HELM, {"force": True, "reason": "x"})
    assert forced.status_code == 403
