"""Groups follow people's words on holes: what was begun stays, the rest is solved again."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.models import Event, Grid, Group, Hole, Square
from smartscope.operations.group_rows import REGROUPED
from tests.api.conftest import As
from tests.api.test_editing import API, bulk
from tests.api.test_taking_back import revert
from tests.api.world import World

#: a row of holes 2.5 µm apart; three fit about one centre
PITCH_UM, RADIUS_UM = 2.5, 2.6


@pytest.fixture
def row(world: World) -> list[Hole]:
    """Nine queued holes in three groups of three, numbers 11 to 19, all wanted."""
    scene = world.ours
    Hole.objects.filter(square=scene.squares[0]).update(status="found", group=None, reason="x")
    Group.objects.filter(pk=scene.group.pk).update(status="found")
    protocol = {"holes_per_square": 0, "image_shift_radius_um": RADIUS_UM}
    Grid.objects.filter(pk=scene.grid.pk).update(**protocol)
    return [_hole(scene, number) for number in range(9)]


def _hole(scene: Any, number: int) -> Hole:
    square, group_number, place = scene.squares[0], 2 + number // 3, number % 3
    group, _ = Group.objects.get_or_create(
        square=square,
        number=group_number,
        defaults={
            "slug": f"{square.slug}-p{group_number:02d}",
            "status": "queued",
            "queue_position": group_number,
            "stage_x_um": PITCH_UM * (3 * (number // 3) + 1),
            "stage_y_um": 0.0,
            "longest_shift_um": PITCH_UM,
        },
    )
    return Hole.objects.create(
        square=square,
        group=group,
        group_role="centre" if place == 1 else "member",
        number=11 + number,
        slug=f"{square.slug}-h{11 + number}",
        status="queued",
        stage_x_um=PITCH_UM * number,
        stage_y_um=0.0,
        image_shift_x_um=PITCH_UM * (place - 1),
        image_shift_y_um=0.0,
        x_px=number,
        y_px=0.0,
        radius_um=0.6,
    )


def groups_of(holes: list[Hole]) -> list[list[int]]:
    """The places in the row of the holes that wait together, checked against their groups' rows."""
    waiting: dict[Any, list[int]] = {}
    for place, hole in enumerate(holes):
        hole.refresh_from_db()
        if hole.status == "queued":
            waiting.setdefault(hole.group_id, []).append(place)
    for pk, places in waiting.items():
        group = Group.objects.get(pk=pk)
        assert group.status == "queued"
        (centre,) = [holes[place] for place in places if holes[place].group_role == "centre"]
        assert (group.stage_x_um, group.stage_y_um) == (centre.stage_x_um, centre.stage_y_um)
        for place in places:
            shift = holes[place].stage_x_um - group.stage_x_um
            assert holes[place].image_shift_x_um == pytest.approx(shift)
            assert abs(shift) <= RADIUS_UM
    return sorted(waiting.values())


def regrouped() -> Event | None:
    return Event.objects.filter(kind="square.regrouped").order_by("seq").last()


def test_a_group_that_loses_its_centre_is_solved_again(as_: As, row: list[Hole]) -> None:
    done = bulk(as_("member"), "holes", [row[1]], set={"label": "contaminated"})
    # holes that only changed groups are no answer to what was asked
    assert (done["matched"], done["changed"]) == (1, 1)
    assert sum(len(group) for group in groups_of(row)) == 8
    event = regrouped()
    assert event is not None
    assert str(event.changeset) == done["changeset"]
    assert (event.before, event.after) == (
        {"groups": 3, "holes": 8},
        {"groups": 4, "holes": 8},
    )
    assert "label contaminated" in event.reason


def test_groups_that_still_keep_within_the_limits_stay(as_: As, row: list[Hole]) -> None:
    bulk(as_("member"), "holes", [row[0]], set={"skip": True})
    assert groups_of(row) == [[1, 2], [3, 4, 5], [6, 7, 8]]
    assert regrouped() is None


def test_fewer_groups_are_made_where_fewer_will_do(as_: As, row: list[Hole]) -> None:
    bulk(as_("member"), "holes", [row[0], row[4], row[8]], set={"skip": True})
    assert groups_of(row) == [[1, 2, 3], [5, 6, 7]]
    closed = Group.objects.get(reason=REGROUPED)
    assert (closed.status, closed.queue_position) == ("skipped", None)
    assert not Hole.objects.filter(group=closed, status="queued").exists()


@pytest.mark.parametrize("begun", ["imaging", "done"])
def test_what_was_begun_stays_as_it_is(begun: str, as_: As, row: list[Hole]) -> None:
    first = row[0].group_id
    assert first is not None
    Hole.objects.filter(group=first).update(status=begun)
    Group.objects.filter(pk=first).update(status=begun)
    was = Group.objects.filter(pk=first).values().get()
    bulk(as_("member"), "holes", [row[4]], set={"skip": True})
    assert Group.objects.filter(pk=first).values().get() == was
    assert {hole.group_id for hole in Hole.objects.filter(pk__in=[h.pk for h in row[:3]])} == {
        first
    }
    assert [3, 4] not in groups_of(row)
    assert sum(len(group) for group in groups_of(row)) == 5


def test_a_hole_brought_back_joins_when_all_are_collected(as_: As, row: list[Hole]) -> None:
    Hole.objects.filter(pk=row[0].pk).update(
        status="rejected", reason="ice_thick", group=None, group_role=""
    )
    bulk(as_("member"), "holes", [row[0]], set={"label": "good"})
    assert groups_of(row) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_when_screening_a_good_label_alone_queues_nothing(
    as_: As, world: World, row: list[Hole]
) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(holes_per_square=3)
    Hole.objects.filter(pk=row[0].pk).update(
        status="rejected", reason="ice_thick", group=None, group_role=""
    )
    bulk(as_("member"), "holes", [row[0]], set={"label": "good"})
    row[0].refresh_from_db()
    assert (row[0].status, row[0].group_id) == ("found", None)


def test_holes_too_few_for_a_group_leave_it_unless_a_person_queued_them(
    as_: As, world: World, row: list[Hole]
) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(min_group_size=3)
    Hole.objects.filter(pk=row[8].pk).update(queued_by_person=True)
    bulk(as_("member"), "holes", [row[7]], set={"skip": True})
    assert groups_of(row) == [[0, 1, 2], [3, 4, 5], [8]]
    assert (row[6].status, row[6].reason, row[6].group_id) == ("found", "min_group_size", None)
    event = regrouped()
    assert event is not None
    assert "1 min_group_size" in event.reason


def test_holes_left_out_are_taken_in_once_another_makes_them_enough(
    as_: As, world: World, row: list[Hole]
) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(min_group_size=3)
    bulk(as_("member"), "holes", [row[7]], set={"skip": True})
    assert groups_of(row) == [[0, 1, 2], [3, 4, 5]]
    bulk(as_("member"), "holes", [row[7]], set={"skip": False})
    assert groups_of(row) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_taking_the_edit_back_gives_back_the_plan(as_: As, row: list[Hole]) -> None:
    was = groups_of(row)
    rows = list(Hole.objects.filter(pk__in=[h.pk for h in row]).order_by("number").values(
        "group_id", "group_role", "image_shift_x_um", "status", "reason"
    ))  # fmt: skip
    done = bulk(as_("member"), "holes", [row[1], row[3]], set={"skip": True})
    assert groups_of(row) != was
    revert(as_, done["changeset"])
    assert groups_of(row) == was
    assert rows == list(Hole.objects.filter(pk__in=[h.pk for h in row]).order_by("number").values(
        "group_id", "group_role", "image_shift_x_um", "status", "reason"
    ))  # fmt: skip


def test_taking_back_after_a_group_was_begun_groups_the_rest(as_: As, row: list[Hole]) -> None:
    done = bulk(as_("member"), "holes", [row[1]], set={"skip": True})
    row[0].refresh_from_db()
    begun = row[0].group_id
    assert begun is not None
    Hole.objects.filter(group=begun, status="queued").update(status="imaging")
    Group.objects.filter(pk=begun).update(status="imaging")
    revert(as_, done["changeset"])
    row[1].refresh_from_db()
    assert row[1].status == "queued"
    assert row[1].group_id != begun
    groups_of(row)


def test_a_preview_groups_nothing(as_: As, row: list[Hole]) -> None:
    was = groups_of(row)
    bulk(as_("member"), "holes", [row[1]], set={"skip": True}, dry_run=True)
    assert groups_of(row) == was
    assert regrouped() is None


def regroup(as_: As, square: Square, *, dry_run: bool = False, code: int = 200) -> Any:
    answer = as_("member").post(f"{API}/squares/{square.pk}/regroup", {"dry_run": dry_run})
    assert answer.status_code == code, answer.content
    return answer.json()


def test_a_wider_reach_is_previewed_then_taken_and_taken_back(
    as_: As, world: World, row: list[Hole]
) -> None:
    square = world.ours.squares[0]
    Grid.objects.filter(pk=world.ours.grid.pk).update(image_shift_radius_um=11.0)
    was = [Hole.objects.filter(pk=hole.pk).values().get() for hole in row]
    seen = regroup(as_, square, dry_run=True)
    assert (seen["before"], seen["after"]) == ({"groups": 3, "holes": 9}, {"groups": 1, "holes": 9})
    assert seen["outcome"]["changeset"] is None
    assert [Hole.objects.filter(pk=hole.pk).values().get() for hole in row] == was
    done = regroup(as_, square)
    assert (done["before"], done["after"], done["words"]) == (
        seen["before"],
        seen["after"],
        seen["words"],
    )
    assert len({Hole.objects.get(pk=hole.pk).group_id for hole in row}) == 1
    event = regrouped()
    assert event is not None
    assert (event.before, event.after, event.actor_name) == (
        seen["before"],
        seen["after"],
        "member",
    )
    Grid.objects.filter(pk=world.ours.grid.pk).update(image_shift_radius_um=RADIUS_UM)
    revert(as_, done["outcome"]["changeset"])
    assert groups_of(row) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_square_that_was_to_be_looked_at_first_is_planned_by_a_persons_word(
    as_: As, world: World, row: list[Hole]
) -> None:
    square = world.ours.squares[0]
    pks = [hole.pk for hole in row]
    Hole.objects.filter(pk__in=pks).update(
        status="found", reason="needs_review", group=None, group_role=""
    )
    Group.objects.filter(square=square, number__gt=1).delete()
    Hole.objects.filter(pk=row[4].pk).update(label="contaminated", reason="person")
    Square.objects.filter(pk=square.pk).update(status="done")
    done = regroup(as_, square)
    assert done["after"]["holes"] == 8
    assert [4] not in groups_of(row)
    assert sum(len(group) for group in groups_of(row)) == 8
    square.refresh_from_db()
    assert square.status == "analysed"


def test_when_screening_as_many_groups_as_asked_are_chosen_persons_first(
    as_: As, world: World, row: list[Hole]
) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(holes_per_square=2)
    Hole.objects.filter(pk=row[8].pk).update(queued_by_person=True)
    done = regroup(as_, world.ours.squares[0])
    assert done["after"] == {"groups": 2, "holes": 6}
    assert [6, 7, 8] in groups_of(row)
    left = Hole.objects.filter(pk__in=[hole.pk for hole in row], status="found")
    assert set(left.values_list("reason", flat=True)) == {"not_chosen"}


def test_a_square_without_holes_says_what_to_do(as_: As, world: World) -> None:
    refused = regroup(as_, world.ours.squares[1], code=409)
    assert "queue the square" in refused["detail"]


def test_a_square_whose_plan_is_best_already_stays(as_: As, world: World, row: list[Hole]) -> None:
    done = regroup(as_, world.ours.squares[0])
    assert (done["before"], done["outcome"]["changeset"]) == (done["after"], None)
    assert "stays" in done["words"]
