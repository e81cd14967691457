"""Commands are wishes: what they write, whom they name, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from api.request_budget import Budget
from api.throttles import RequestRate
from smartscope.models import Command, Grid, Microscope, Run
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


@pytest.fixture
def command(as_: As, world: World) -> Any:
    """Send a command as a person; returns the answer."""

    def send(person: str, kind: str, **arguments: Any) -> Any:
        count = Command.objects.count()
        return as_(person).post(
            f"{API}/microscopes/{world.microscope.pk}/commands",
            {"type": kind, "arguments": {k: _plain(v) for k, v in arguments.items()}},
            headers={"Idempotency-Key": f"{kind}-{count}"},
        )

    return send


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value.pk)


@pytest.fixture
def idle(world: World) -> Run:
    """Our run has ended, so that the microscope is free."""
    Run.objects.filter(pk=world.ours.run.pk).update(state="done")
    return world.ours.run


def test_start_queues_a_run_and_names_who_wished_it(command: Any, world: World, idle: Run) -> None:
    answer = command("granted", "start", session=world.ours.session)
    assert answer.status_code == 202, answer.content
    assert (answer.json()["state"], answer.json()["wished_by"]) == ("wished", "granted")
    run = Run.objects.exclude(pk__in=[idle.pk, world.theirs.run.pk]).get()
    assert (run.state, run.wish, run.wished_by) == ("queued", "run", world.people["granted"])


def test_a_busy_microscope_names_its_holder_but_not_what_others_may_not_see(
    command: Any, world: World
) -> None:
    ours = command("operator", "start", session=world.theirs.session)
    assert (ours.status_code, ours.json()["code"]) == (409, "busy")
    assert world.ours.session.name in ours.json()["detail"]
    world.people["stranger"].microscope_grants.create(microscope=world.microscope)
    theirs = command("stranger", "start", session=world.theirs.session)
    assert theirs.status_code == 409
    assert world.ours.session.name not in theirs.json()["detail"]


def test_pause_resume_and_stop_are_wishes_of_the_run(command: Any, world: World) -> None:
    run = world.ours.run
    for kind, wish in (("pause", "pause"), ("resume", "run"), ("stop", "stop")):
        assert command("granted", kind, session=world.ours.session).status_code == 202
        run.refresh_from_db()
        assert (run.wish, run.state) == (wish, "running")
    assert command("granted", "pause", session=world.ours.session).status_code == 409
    assert command("granted", "resume", session=world.ours.session).status_code == 409
    states = list(
        Command.objects.exclude(state="done").order_by("created_at").values_list("state", flat=True)
    )
    assert states == ["superseded", "superseded", "wished"]


def test_an_interrupted_run_is_resumed_not_started(command: Any, world: World, idle: Run) -> None:
    Run.objects.filter(pk=idle.pk).update(state="interrupted", wish="pause")
    assert command("granted", "start", session=world.ours.session).status_code == 409
    assert command("granted", "resume", session=world.ours.session).status_code == 202
    idle.refresh_from_db()
    assert (idle.state, idle.wish) == ("interrupted", "run")
    assert Run.objects.filter(session=world.ours.session).count() == 1


def test_an_aborted_run_never_runs_again(command: Any, world: World, idle: Run) -> None:
    Run.objects.filter(pk=idle.pk).update(state="aborted")
    assert command("granted", "resume", session=world.ours.session).status_code == 409
    assert command("granted", "start", session=world.ours.session).status_code == 202
    idle.refresh_from_db()
    assert idle.state == "aborted"


def test_what_never_began_ends_at_once(command: Any, world: World, idle: Run) -> None:
    command("granted", "start", session=world.ours.session)
    answer = command("granted", "stop", session=world.ours.session)
    assert answer.json()["state"] == "done"
    assert Run.objects.get(wish="stop").state == "aborted"


def test_start_sent_twice_makes_one_run(as_: As, world: World, idle: Run) -> None:
    body = {"type": "start", "arguments": {"session": str(world.ours.session.pk)}}
    path = f"{API}/microscopes/{world.microscope.pk}/commands"
    answers = [
        as_("granted").post(path, body, headers={"Idempotency-Key": "once"}) for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_skipping_is_a_row_and_done_at_once(command: Any, world: World) -> None:
    assert command("member", "skip_target", group=world.ours.group).json()["state"] == "done"
    world.ours.group.refresh_from_db()
    assert world.ours.group.status == "skipped"
    again = command("member", "skip_target", group=world.ours.group)
    assert (again.status_code, again.json()["code"]) == (409, "already_exposed")
    assert command("member", "skip_grid", grid=world.ours.grid).json()["state"] == "done"
    world.ours.grid.refresh_from_db()
    assert (world.ours.grid.status, world.ours.grid.status_reason) == (
        "skipped", "skipped by member",
    )  # fmt: skip


def test_pausing_between_grids_is_a_parameter(command: Any, world: World) -> None:
    command("member", "pause_between_grids", session=world.ours.session)
    assert Grid.objects.filter(session=world.ours.session, pause_between_grids=True).count() == 2
    command("member", "pause_between_grids", session=world.ours.session, on=False)
    assert Grid.objects.filter(session=world.ours.session, pause_between_grids=True).count() == 0


def test_a_grid_is_loaded_by_hand_only_without_an_autoloader(command: Any, world: World) -> None:
    refused = command("granted", "load_grid", grid=world.ours.grid)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_capable")
    Microscope.objects.update(loader_slots=0)
    assert command("granted", "load_grid", grid=world.ours.grid).json()["state"] == "done"
    world.microscope.refresh_from_db()
    assert world.microscope.hand_loaded == world.ours.grid


def test_what_is_on_the_stage_is_answered_only_while_a_bridge_asks(
    command: Any, world: World
) -> None:
    wanted = {"session": world.ours.session}
    refused = command("granted", "confirm_stage", slot=3, **wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    Microscope.objects.update(stage_doubt="SerialEM was started anew")
    assert command("granted", "confirm_stage", **wanted).status_code == 400
    assert command("granted", "confirm_stage", slot=13, **wanted).status_code == 400
    assert command("member", "confirm_stage", slot=3, **wanted).status_code == 403
    assert command("granted", "confirm_stage", slot=3, **wanted).json()["state"] == "done"
    world.microscope.refresh_from_db()
    assert world.microscope.stage_answer == 3


def test_anyone_with_a_session_there_may_stop_in_an_emergency(as_: As, world: World) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}/emergency-stop"
    assert as_("nobody").post(path).status_code == 403
    assert as_("viewer").post(path).status_code == 202
    world.ours.run.refresh_from_db()
    world.microscope.refresh_from_db()
    assert world.ours.run.wish == "stop"
    assert world.microscope.state_reason == "emergency stop by viewer"


def test_stopping_is_never_throttled(as_: As, world: World) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}"
    client = as_("granted")

    def send(kind: str, i: int) -> int:
        body = {"type": kind, "arguments": {"session": str(world.ours.session.pk)}}
        answer = client.post(f"{path}/commands", body, headers={"Idempotency-Key": f"{kind}{i}"})
        return answer.status_code

    assert [send("pause", i) for i in range(12)] == [202] * 10 + [429] * 2
    assert {send("stop", i) for i in range(12)} == {202}
    assert {client.post(f"{path}/emergency-stop").status_code for _ in range(12)} == {202}


def test_who_has_used_up_every_request_of_the_minute_may_still_stop(
    command: Any, as_: As, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RequestRate, "budget", Budget(1))
    wanted = {"session": world.ours.session}
    assert as_("granted").get(f"{API}/me").status_code == 200
    assert as_("granted").get(f"{API}/me").status_code == 429
    assert command("granted", "pause", **wanted).status_code == 429
    assert command("granted", "stop", **wanted).status_code == 202
    path = f"{API}/microscopes/{world.microscope.pk}/emergency-stop"
    assert as_("granted").post(path).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "explode"},
        {"type": "start"},
        {"type": "start", "arguments": {"session": "x"}},
        {"type": "start", "arguments": {"grid": "00000000-0000-0000-0000-000000000000"}},
        {"type": "skip_target", "arguments": {}},
        {"type": "start", "arguments": []},
    ],
)
def test_a_command_that_makes_no_sense_is_refused(
    body: dict[str, Any], as_: As, world: World
) -> None:
    path = f"{API}/microscopes/{world.microscope.pk}/commands"
    answer = as_("staff").post(path, body, headers={"Idempotency-Key": "x"})
    assert answer.status_code == 400, answer.content
