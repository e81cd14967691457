"""Holes that people add, move, delete or let the lattice propose; and why a target is as it is."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.models import Analysis, Hole, Image
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
#: one pixel is 0.1 µm
PIXEL_TO_STAGE = [0.1, 0.0, -50.0, 0.0, 0.1, -50.0]


@pytest.fixture
def square(world: World) -> str:
    """The path of a square whose picture is 1,000 px wide, with holes of 6 px on a line."""
    Image.objects.filter(pk=world.ours.image.pk).update(pixel_to_stage=PIXEL_TO_STAGE)
    return f"{API}/squares/{world.ours.squares[0].pk}"


def lattice(world: World, pitch: float, *, hexagonal: bool = False) -> None:
    """A five by five film with one hole missing, in place of the scene's holes."""
    Hole.objects.filter(square=world.ours.squares[1]).delete()
    for j in range(5):
        for i in range(5):
            if (i, j) == (2, 2):
                continue
            shift = 0.5 * j if hexagonal else 0.0
            Hole.objects.create(
                square=world.ours.squares[1], number=5 * j + i + 1, slug=f"x{j}{i}",
                x_px=300.0 + pitch * (i + shift),
                y_px=300.0 + pitch * j * (0.75**0.5 if hexagonal else 1.0),
                stage_x_um=0.0, stage_y_um=0.0, radius_um=1.0,
            )  # fmt: skip
    world.ours.squares[1].picture = world.ours.image
    world.ours.squares[1].save()


def test_added_holes_lie_where_the_picture_shows_them(square: str, as_: As, world: World) -> None:
    client, body = as_("member"), {"holes": [{"x_px": 500, "y_px": 600}]}
    tried = client.post(f"{square}/holes", body | {"dry_run": True}).json()
    assert (tried["changed"], tried["changeset"]) == (1, None)
    done = client.post(f"{square}/holes", body).json()
    hole = Hole.objects.get(square=world.ours.squares[0], number=7)
    assert (hole.stage_x_um, hole.stage_y_um) == pytest.approx((0.0, 10.0))
    assert (hole.status, hole.radius_um, hole.predicted) == ("found", 0.6, False)
    client.post(f"{API}/changesets/{done['changeset']}/revert")
    hole.refresh_from_db()
    assert (hole.status, hole.reason) == ("skipped", "deleted")
    assert str(hole.pk) not in client.get(f"{square}/overlay").json()["ids"]


@pytest.mark.parametrize("place", [(-1, 5), (5, 1000), (10, 20), (11, 20)])
def test_no_hole_is_added_outside_or_on_another(
    place: tuple[float, float], square: str, as_: As
) -> None:
    body = {"holes": [{"x_px": 500, "y_px": 500}, {"x_px": place[0], "y_px": place[1]}]}
    answer = as_("member").post(f"{square}/holes", body)
    assert answer.status_code == 400
    assert [one["path"] for one in answer.json()["errors"]] == ["holes.1"]
    assert Hole.objects.filter(square__slug="g01-s1").count() == 12


@pytest.mark.parametrize("hexagonal", [False, True])
def test_a_lattice_goes_on_where_holes_are_missing(
    hexagonal: bool, square: str, as_: As, world: World
) -> None:
    lattice(world, 50.0, hexagonal=hexagonal)
    path = f"{API}/squares/{world.ours.squares[1].pk}/lattice"
    seen = as_("member").post(path, {"dry_run": True}).json()
    middle = (450.0, 386.6) if hexagonal else (400.0, 400.0)
    near = [
        one for one in seen["holes"]
        if abs(one["x_px"] - middle[0]) < 1 and abs(one["y_px"] - middle[1]) < 1
    ]  # fmt: skip
    assert len(near) == 1
    assert not Hole.objects.filter(predicted=True).exists()
    done = as_("member").post(path, {}).json()
    added = Hole.objects.filter(square=world.ours.squares[1], predicted=True)
    assert done["changed"] == len(done["holes"]) == added.count() == len(seen["holes"])
    # a ring around five by five (corners are neighbours on a square film) and the missing one
    assert len(seen["holes"]) == (23 if hexagonal else 25)


def test_holes_without_a_lattice_are_not_extended(square: str, as_: As, world: World) -> None:
    Hole.objects.filter(square=world.ours.squares[0]).exclude(number__in=[1, 2]).delete()
    answer = as_("member").post(f"{square}/lattice", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_capable")


def test_a_found_hole_is_moved_and_moved_back(square: str, as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/holes/{world.ours.holes[4].pk}"
    before = client.get(path)
    assert client.patch(path, {"x_px": 300, "y_px": 300}).status_code == 428
    moved = client.patch(path, {"x_px": 300, "y_px": 300}, headers={"If-Match": before["ETag"]})
    assert moved.status_code == 200, moved.content
    assert (moved.json()["stage_x_um"], moved.json()["x_px"]) == pytest.approx((-20.0, 300.0))
    made = client.get(f"{API}/changesets?session={world.ours.session.pk}").json()["results"][0]
    client.post(f"{API}/changesets/{made['id']}/revert")
    assert client.get(path).json()["x_px"] == before.json()["x_px"]


@pytest.mark.parametrize(
    ("number", "radius_um", "expected"),
    [(0, 5.0, "already_exposed"), (1, 0.0, "illegal_transition"), (1, 100.0, None)],
)
def test_what_was_exposed_or_leaves_its_groups_reach_is_not_moved(
    number: int, radius_um: float, expected: str | None, square: str, as_: As, world: World
) -> None:
    world.ours.grid.image_shift_radius_um = radius_um
    world.ours.grid.save()
    path = f"{API}/holes/{world.ours.holes[number].pk}"
    answer = as_("member").patch(path, {"x_px": 480, "y_px": 500}, headers={"If-Match": "*"})
    if expected is None:
        assert (answer.status_code, answer.json()["image_shift_x_um"]) == (
            200, pytest.approx(-2.0),
        )  # fmt: skip
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, expected)


def test_deleted_holes_leave_queue_and_sight_until_the_revert(
    square: str, as_: As, world: World
) -> None:
    client = as_("member")
    ids = [str(hole.pk) for hole in world.ours.holes]
    done = client.post(f"{API}/holes/bulk", {"ids": ids, "set": {"delete": True}}).json()
    assert [one["code"] for one in done["skipped"]] == ["already_exposed"]
    assert client.get(f"{square}/overlay").json()["ids"] == ids[:1]
    mixed = {"ids": ids, "set": {"delete": True, "label": "bad"}}
    assert client.post(f"{API}/holes/bulk", mixed).status_code == 400
    client.post(f"{API}/changesets/{done['changeset']}/revert")
    assert client.get(f"{square}/overlay").json()["ids"] == ids


def test_a_dry_run_counts_labels_and_shows_samples(as_: As, world: World) -> None:
    Hole.objects.filter(pk=world.ours.holes[2].pk).update(label="bad")
    body = {
        "filter": {"square": str(world.ours.squares[0].pk)},
        "set": {"label": "thick"},
        "dry_run": True,
    }
    seen = as_("member").post(f"{API}/holes/bulk", body).json()
    assert seen["preview"]["by_label"] == {"": 5, "bad": 1}
    assert seen["preview"]["by_status"] == {"found": 3, "queued": 2, "analysed": 1}
    assert len(seen["preview"]["samples"]) == 6
    assert not Hole.objects.filter(label="thick").exists()


def test_labels_keep_author_and_time(as_: As, world: World) -> None:
    hole = world.ours.holes[4]
    for person, label in (("member", "bad"), ("lead", "good")):
        body = {"ids": [str(hole.pk)], "set": {"label": label}}
        as_(person).post(f"{API}/holes/bulk", body)
    listed = as_("viewer").get(f"{API}/labels?object_id={hole.pk}").json()["results"]
    assert [(one["name"], one["author"]) for one in listed] == [("good", "lead"), ("bad", "member")]
    assert as_("stranger").get(f"{API}/labels").json()["results"] == []


def test_why_tells_measurement_rule_and_who_changed_it(as_: As, world: World) -> None:
    hole = world.ours.holes[3]
    Analysis.objects.create(
        image=world.ours.image, kind="find_holes", plugin="classical-holes", plugin_version="1",
        state="done", visible_at_s=0.0,
    )  # fmt: skip
    as_("member").post(f"{API}/holes/bulk", {"ids": [str(hole.pk)], "set": {"label": "thick"}})
    why: dict[str, Any] = as_("viewer").get(f"{API}/holes/{hole.pk}/why").json()
    assert why["words"] == "g01-s1-h4 is rejected: a person took it out."
    assert why["scores"]["ice_thickness_nm"] == 40.0
    assert [one["plugin"] for one in why["seen_by"]] == ["classical-holes"]
    assert (why["labels"][0]["author"], why["changes"][0]["after"]["label"]) == ("member", "thick")
    Hole.objects.filter(pk=hole.pk).update(reason="ice_thick")
    said = as_("viewer").get(f"{API}/holes/{hole.pk}/why").json()["words"]
    assert said == "g01-s1-h4 is rejected: its ice of 40 nm is thicker than the protocol's 100 nm."
    square = as_("viewer").get(f"{API}/squares/{world.ours.squares[0].pk}/why").json()
    assert square["status"] == "analysed"
