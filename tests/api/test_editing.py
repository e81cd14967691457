"""Labels, queue, skip: what they do to targets, groups, squares and grids, and their way back."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from smartscope.models import Change, Changeset, Event, Grid, Group, Hole, Label, Square
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def bulk(client: APIClient, resource: str, rows: list[Any], **body: Any) -> Any:
    ids = [str(row.pk) for row in rows]
    answer = client.post(f"{API}/{resource}/bulk", {"ids": ids, **body})
    assert answer.status_code == 200, answer.content
    return answer.json()


def status(row: Any) -> str:
    row.refresh_from_db()
    return str(row.status)


def test_a_bad_label_takes_a_queued_hole_out_and_leaves_an_exposed_one(
    as_: As, world: World
) -> None:
    first, second = world.ours.holes[:2]
    done = bulk(as_("member"), "holes", [first, second], set={"label": "contaminated"})
    assert (done["matched"], done["changed"], done["skipped"]) == (2, 2, [])
    assert (status(first), first.label) == ("analysed", "contaminated")
    assert (status(second), second.reason, second.label) == ("rejected", "person", "contaminated")
    assert status(world.ours.group) == "queued"
    assert Label.objects.filter(author=world.people["member"]).count() == 2


def test_a_group_without_queued_holes_is_not_queued(as_: As, world: World) -> None:
    bulk(as_("member"), "holes", world.ours.holes[1:3], set={"skip": True})
    assert status(world.ours.group) == "skipped"


def test_a_good_label_brings_a_rejected_hole_back(as_: As, world: World) -> None:
    hole = world.ours.holes[1]
    bulk(as_("member"), "holes", [hole], set={"label": "bad"})
    bulk(as_("member"), "holes", [hole], set={"label": "good"})
    assert (status(hole), hole.reason) == ("found", "")


def test_what_the_beam_touched_cannot_be_queued(as_: As, world: World) -> None:
    hole = world.ours.holes[0]
    done = bulk(as_("member"), "holes", [hole], set={"queue": True})
    assert (done["changed"], done["changeset"]) == (0, None)
    assert [(s["id"], s["code"]) for s in done["skipped"]] == [(str(hole.pk), "already_exposed")]


def test_an_ungrouped_hole_is_queued_in_a_group_of_its_own(as_: As, world: World) -> None:
    hole = world.ours.holes[4]
    bulk(as_("member"), "holes", [hole], set={"queue": True})
    assert (status(hole), hole.queued_by_person, hole.group_role) == ("queued", True, "centre")
    group = hole.group
    assert group is not None
    assert (group.number, group.status, group.queue_position) == (2, "queued", 2)
    assert (group.stage_x_um, group.stage_y_um) == (hole.stage_x_um, hole.stage_y_um)


def test_a_hole_of_a_group_already_exposed_in_part_gets_its_own(as_: As, world: World) -> None:
    hole = world.ours.holes[1]
    bulk(as_("member"), "holes", [hole], set={"queue": False})
    bulk(as_("member"), "holes", [hole], set={"queue": True})
    hole.refresh_from_db()
    assert hole.group_id != world.ours.group.pk


def test_an_unexposed_group_is_queued_again_with_its_hole(as_: As, world: World) -> None:
    Hole.objects.filter(pk=world.ours.holes[0].pk).update(status="found")
    bulk(as_("member"), "holes", world.ours.holes[1:3], set={"queue": False})
    assert status(world.ours.group) == "found"
    bulk(as_("member"), "holes", [world.ours.holes[1]], set={"queue": True})
    assert status(world.ours.group) == "queued"
    assert status(world.ours.holes[2]) == "found"


def test_queueing_wakes_a_finished_square_and_grid(as_: As, world: World) -> None:
    Square.objects.filter(pk=world.ours.squares[0].pk).update(status="done")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done", ended_at_s=4_000.0)
    bulk(as_("member"), "holes", [world.ours.holes[4]], set={"queue": True})
    assert status(world.ours.squares[0]) == "analysed"
    assert (status(world.ours.grid), world.ours.grid.ended_at_s) == ("working", None)


def test_squares_queue_in_order_and_a_bad_label_takes_them_out(as_: As, world: World) -> None:
    second, third = world.ours.squares[1:]
    bulk(as_("member"), "squares", [second, third], set={"queue": True})
    assert (status(second), second.queue_position) == ("queued", 1)
    assert (status(third), third.queue_position) == ("queued", 2)
    bulk(as_("member"), "squares", [second], set={"label": "cracked"})
    assert (status(second), second.queue_position) == ("rejected", None)
    refused = bulk(as_("member"), "squares", [second], set={"queue": True})
    assert refused["skipped"][0]["code"] == "excluded_by_label"


def test_a_filter_selects_what_a_list_would_show(as_: As, world: World) -> None:
    answer = as_("member").post(
        f"{API}/holes/bulk",
        {"filter": {"square": "g01-s1", "status": "found"}, "set": {"label": "thick"}},
    )
    assert answer.json()["changed"] == 3


def test_a_preview_changes_nothing(as_: As, world: World) -> None:
    before = Event.objects.count()
    done = bulk(as_("member"), "holes", world.ours.holes, set={"label": "bad"}, dry_run=True)
    assert (done["changed"], done["changeset"]) == (6, None)
    assert status(world.ours.holes[1]) == "queued"
    assert (
        Changeset.objects.filter(session=world.ours.session).count(),
        Event.objects.count(),
    ) == (
        1,
        before,
    )


def test_an_atomic_edit_is_refused_whole(as_: As, world: World) -> None:
    ids = [str(hole.pk) for hole in world.ours.holes]
    answer = as_("member").post(
        f"{API}/holes/bulk", {"ids": ids, "set": {"queue": True}, "mode": "atomic"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exposed")
    assert status(world.ours.holes[4]) == "found"


def test_an_edit_is_one_changeset_and_one_event(as_: As, world: World) -> None:
    before = Event.objects.count()
    done = bulk(as_("member"), "holes", world.ours.holes[3:], set={"queue": True})
    event = Event.objects.get(seq=Event.objects.count())
    assert Event.objects.count() == before + 1
    assert (event.kind, str(event.changeset)) == ("hole.changed", done["changeset"])
    assert event.actor_name == "member"
    assert len(event.subjects) == 3


def test_a_revert_gives_everything_back_and_can_be_reverted(as_: As, world: World) -> None:
    Hole.objects.filter(square__grid=world.ours.grid, status="queued").update(status="done")
    Group.objects.filter(pk=world.ours.group.pk).update(status="done")
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done")
    client, hole = as_("member"), world.ours.holes[4]
    done = bulk(client, "holes", [hole], set={"label": "good", "queue": True})
    back = client.post(f"{API}/changesets/{done['changeset']}/revert").json()
    assert back["skipped"] == []
    assert (status(hole), hole.label, hole.group_id) == ("found", "", None)
    assert status(world.ours.grid) == "done"
    own = Group.objects.get(square=hole.square, number=2)
    assert own.status == "skipped"
    again = client.post(f"{API}/changesets/{done['changeset']}/revert")
    assert again.status_code == 409
    client.post(f"{API}/changesets/{back['changeset']}/revert")
    assert (status(hole), hole.label, hole.group_id) == ("queued", "good", own.pk)


def test_a_revert_leaves_what_was_changed_since_or_exposed(as_: As, world: World) -> None:
    client = as_("member")
    four, five, six = world.ours.holes[3:]
    done = bulk(client, "holes", [four, five, six], set={"queue": True})
    Hole.objects.filter(pk=four.pk).update(status="imaging")
    Hole.objects.filter(pk=five.pk).update(status="skipped", reason="person")
    back = client.post(f"{API}/changesets/{done['changeset']}/revert").json()
    codes = {entry["id"]: entry["code"] for entry in back["skipped"]}
    assert codes == {str(four.pk): "already_exposed", str(five.pk): "changed_since"}
    assert (status(four), status(five), status(six)) == ("imaging", "skipped", "found")


def test_changes_keep_what_was_before_and_after(as_: As, world: World) -> None:
    hole = world.ours.holes[1]
    done = bulk(as_("member"), "holes", [hole], set={"label": "bad"})
    change = Change.objects.get(changeset=done["changeset"], object_id=hole.pk)
    assert change.before == {"label": "", "status": "queued", "reason": ""}
    assert change.after == {"label": "bad", "status": "rejected", "reason": "person"}


def test_exposures_are_judged_and_nothing_more(as_: As, world: World) -> None:
    bulk(as_("member"), "exposures", [world.ours.exposure], set={"label": "bad"})
    world.ours.exposure.refresh_from_db()
    assert (world.ours.exposure.label, world.ours.exposure.status) == ("bad", "analysed")
    answer = as_("member").post(
        f"{API}/exposures/bulk",
        {"ids": [str(world.ours.exposure.pk)], "set": {"label": "bad", "queue": True}},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "set": {"queue": True}},
        {"ids": ["x"], "set": {"queue": True}},
        {"filter": {"colour": "red"}, "set": {"queue": True}},
        {"filter": {"status": "found"}, "ids": [], "set": {"queue": True}},
        {"filter": {"status": "found"}, "set": {}},
        {"filter": {"status": "found"}, "set": {"label": "lovely"}},
        {"filter": {"status": "found"}, "set": {"queue": True, "skip": True}},
        {"filter": {"status": "found"}, "set": {"status": "done"}},
        {"filter": {"status": "found"}, "set": {"queue": True}, "mode": "brutal"},
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(body: dict[str, Any], as_: As) -> None:
    answer = as_("member").post(f"{API}/holes/bulk", body)
    assert answer.status_code == 400
    assert answer.json()["errors"] or answer.json()["code"] == "unknown_filter"


def test_grids_are_skipped_and_taken_up_again(as_: As, world: World) -> None:
    first, second = Grid.objects.filter(session=world.ours.session).order_by("position")
    bulk(as_("member"), "grids", [first, second], set={"skip": True})
    assert (status(first), status(second)) == ("skipped", "skipped")
    assert first.status_reason == "skipped by member"
    bulk(as_("member"), "grids", [first, second], set={"queue": True})
    assert (status(first), status(second)) == ("working", "waiting")
