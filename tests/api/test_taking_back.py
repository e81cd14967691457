"""What is taken back or no longer skipped is imaged after all, or the answer says why not."""

from __future__ import annotations

from typing import Any

from smartscope.models import Grid, Group, Hole, Run, Square
from tests.api.conftest import As
from tests.api.test_editing import API, bulk, status
from tests.api.world import World


def revert(as_: As, changeset: str) -> Any:
    answer = as_("member").post(f"{API}/changesets/{changeset}/revert")
    assert answer.status_code == 200, answer.content
    return answer.json()


def waiting(hole: Hole) -> bool:
    """Whether the planner would expose it: a queued hole in a queued group."""
    hole.refresh_from_db()
    group = hole.group
    return hole.status == "queued" and group is not None and group.status == "queued"


def test_a_skip_taken_back_after_its_group_was_imaged_makes_a_group_of_its_own(
    as_: As, world: World
) -> None:
    second, third = world.ours.holes[1:3]
    done = bulk(as_("member"), "holes", [second], set={"skip": True})
    Hole.objects.filter(pk=third.pk).update(status="imaged")
    Group.objects.filter(pk=world.ours.group.pk).update(status="imaged")
    revert(as_, done["changeset"])
    assert waiting(second)
    assert second.group_id != world.ours.group.pk
    assert status(world.ours.group) == "imaged"


def test_a_skip_taken_back_before_its_group_was_imaged_keeps_the_group(
    as_: As, world: World
) -> None:
    both = world.ours.holes[1:3]
    done = bulk(as_("member"), "holes", both, set={"skip": True})
    revert(as_, done["changeset"])
    assert all(waiting(hole) for hole in both)
    assert {hole.group_id for hole in both} == {world.ours.group.pk}
    assert Group.objects.filter(square=world.ours.squares[0]).count() == 1


def test_taking_one_order_back_leaves_another_order_of_the_same_group_waiting(
    as_: As, world: World
) -> None:
    first, second, third = world.ours.holes[:3]
    Hole.objects.filter(pk__in=[first.pk, second.pk, third.pk]).update(status="found")
    Group.objects.filter(pk=world.ours.group.pk).update(status="found")
    mine = bulk(as_("member"), "holes", [second], set={"queue": True})
    bulk(as_("member"), "holes", [third], set={"queue": True})
    revert(as_, mine["changeset"])
    assert status(second) == "found"
    assert waiting(third)


def test_a_skip_taken_back_on_a_finished_grid_wakes_square_and_grid(as_: As, world: World) -> None:
    hole = world.ours.holes[1]
    done = bulk(as_("member"), "holes", world.ours.holes[1:3], set={"skip": True})
    Square.objects.filter(pk=world.ours.squares[0].pk).update(status="done")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done", ended_at_s=4_000.0)
    revert(as_, done["changeset"])
    assert waiting(hole)
    assert status(world.ours.squares[0]) == "analysed"
    assert (status(world.ours.grid), world.ours.grid.ended_at_s) == ("working", None)


def test_a_square_no_longer_skipped_wakes_its_finished_grid_for_its_waiting_holes(
    as_: As, world: World
) -> None:
    square = world.ours.squares[0]
    Square.objects.filter(pk=square.pk).update(status="skipped", reason="person")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done", ended_at_s=4_000.0)
    bulk(as_("member"), "squares", [square], set={"skip": False})
    assert (status(square), status(world.ours.grid)) == ("analysed", "working")


def test_a_square_no_longer_skipped_without_anything_waiting_leaves_its_grid_done(
    as_: As, world: World
) -> None:
    square = world.ours.squares[1]
    Square.objects.filter(pk=square.pk).update(status="skipped", reason="person")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done")
    bulk(as_("member"), "squares", [square], set={"skip": False})
    assert (status(square), status(world.ours.grid)) == ("found", "done")


def test_taking_an_order_back_does_not_end_a_grid_on_which_something_else_waits(
    as_: As, world: World
) -> None:
    Hole.objects.filter(pk__in=[hole.pk for hole in world.ours.holes[1:3]]).update(status="done")
    Group.objects.filter(pk=world.ours.group.pk).update(status="done")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done")
    first = bulk(as_("member"), "holes", [world.ours.holes[3]], set={"queue": True})
    bulk(as_("member"), "holes", [world.ours.holes[4]], set={"queue": True})
    back = revert(as_, first["changeset"])
    assert status(world.ours.holes[3]) == "found"
    assert waiting(world.ours.holes[4])
    assert status(world.ours.grid) == "working"
    assert [(one["id"], one["code"]) for one in back["skipped"]] == [
        (str(world.ours.grid.pk), "changed_since")
    ]


def test_what_is_queued_while_nothing_runs_says_that_the_session_must_be_started(
    as_: As, world: World
) -> None:
    running = bulk(as_("member"), "holes", [world.ours.holes[3]], set={"queue": True})
    assert running["advice"] == ""
    Run.objects.filter(session=world.ours.session).update(state="done")
    over = bulk(as_("member"), "holes", [world.ours.holes[4]], set={"queue": True})
    assert "start" in over["advice"]
    labelled = bulk(as_("member"), "holes", [world.ours.holes[5]], set={"label": "good"})
    assert labelled["advice"] == ""


def test_a_square_whose_last_waiting_holes_were_skipped_is_done(as_: As, world: World) -> None:
    bulk(as_("member"), "holes", world.ours.holes[1:3], set={"skip": True})
    assert status(world.ours.squares[0]) == "done"
