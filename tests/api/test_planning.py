"""Planning a session, changing the plan, and doing so once."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from smartscope.models import Event, Grid, IdempotencyKey, Session
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


@pytest.fixture
def plan(world: World) -> dict[str, Any]:
    return {
        "name": "20261122_kinase",
        "group": "ours",
        "microscope": str(world.microscope.pk),
        "detector": str(world.detector.pk),
        "squares_per_grid": 5,
        "grids": [
            {"name": "A1", "position": 1},
            {"name": "A2", "position": 4, "tilt_deg": 30.0, "hole_type": "R2/2", "mesh": "400"},
        ],
    }


def post(client: APIClient, plan: Any, key: str = "k1") -> Any:
    return client.post(f"{API}/sessions", plan, headers={"Idempotency-Key": key})


def test_each_grid_has_the_sessions_parameters_and_its_own(as_: As, plan: dict[str, Any]) -> None:
    answer = post(as_("member"), plan)
    assert answer.status_code == 201, answer.content
    assert answer.json()["state"] == "planned"
    first, second = Grid.objects.filter(session=answer.json()["id"]).order_by("position")
    assert (first.slug, second.slug) == ("g01", "g04")
    assert (first.squares_per_grid, second.squares_per_grid) == (5, 5)
    assert (first.tilt_deg, second.tilt_deg, second.hole_type) == (0.0, 30.0, "R2/2")
    event = Event.objects.order_by("-seq").first()
    assert event is not None
    assert (event.kind, str(event.session)) == ("session.created", answer.json()["id"])


def test_the_same_request_again_makes_nothing_new(as_: As, plan: dict[str, Any]) -> None:
    client = as_("member")
    first, again = post(client, plan), post(client, plan)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Session.objects.filter(name=plan["name"]).count() == 1


def test_a_key_serves_one_request_of_one_person(as_: As, plan: dict[str, Any]) -> None:
    post(as_("member"), plan)
    other = post(as_("member"), {**plan, "name": "20261122_other"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    of_another_person = post(as_("lead"), {**plan, "name": "20261122_other"})
    assert of_another_person.status_code == 201


def test_a_refused_request_leaves_its_key_free(as_: As, plan: dict[str, Any]) -> None:
    assert post(as_("member"), {**plan, "group": "unknown"}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post(as_("member"), plan).status_code == 201


def test_without_a_key_nothing_is_created(as_: As, plan: dict[str, Any]) -> None:
    answer = as_("member").post(f"{API}/sessions", plan)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tilt_deg": 90}, "tilt_deg"),
        ({"tilt_deg": None}, "tilt_deg"),
        ({"colour": "red"}, "colour"),
        ({"name": "../../etc"}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"grids": []}, "grids"),
        ({"grids": [{"name": "A", "position": 13}]}, "grids.0.position"),
        (
            {"grids": [{"name": "A", "position": 1}, {"name": "B", "position": 1}]},
            "grids.0.position",
        ),
        ({"grids": [{"name": "A", "position": 1, "ice_max_nm": 5}]}, "grids.0.ice_max_nm"),
        ({"grids": [{"name": "A", "position": 1, "status": "done"}]}, "grids.0.status"),
        ({"detector": "00000000-0000-0000-0000-000000000000"}, "detector"),
        ({"group": "theirs"}, "group"),
        ({"date": "2026-02-31"}, "date"),
    ],
)
def test_what_is_impossible_is_told_by_field(
    change: dict[str, Any], path: str, as_: As, plan: dict[str, Any]
) -> None:
    answer = post(as_("member"), plan | change)
    assert answer.status_code == 400
    assert path in [problem["path"] for problem in answer.json()["errors"]]
    assert not Session.objects.filter(name__endswith="kinase").exists()


def test_a_name_is_taken_once(as_: As, plan: dict[str, Any]) -> None:
    post(as_("member"), plan)
    assert post(as_("member"), plan, key="k2").status_code == 409


def test_parameters_reach_the_grids_that_have_not_ended(as_: As, world: World) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(status="done")
    client, path = as_("member"), f"{API}/sessions/{world.ours.session.pk}"
    etag = client.get(path)["ETag"]
    answer = client.patch(path, {"squares_per_grid": 7}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.content
    assert answer.json()["protocol"]["squares_per_grid"] == 7
    found = Grid.objects.filter(session=world.ours.session).order_by("position")
    assert [grid.squares_per_grid for grid in found] == [3, 7]


def test_an_edit_needs_the_version_that_was_read(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/grids/{world.ours.grid.pk}"
    etag = client.get(path)["ETag"]
    assert client.patch(path, {"notes": "thin"}).status_code == 428
    assert client.patch(path, {"notes": "thin"}, headers={"If-Match": "soon"}).status_code == 412
    changed = client.patch(path, {"notes": "thin"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["notes"]) == (200, "thin")
    stale = client.patch(path, {"notes": "thick"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    fresh = changed["ETag"]
    assert client.patch(path, {"notes": "thick"}, headers={"If-Match": fresh}).status_code == 200


def test_a_verdict_is_a_persons_and_can_be_taken_back(as_: As, world: World) -> None:
    client, path = as_("member"), f"{API}/grids/{world.ours.grid.pk}"
    answer = client.patch(path, {"verdict": "collect"}, headers={"If-Match": "*"})
    assert (answer.json()["verdict"], answer.json()["suggested_verdict"]) == (
        "collect",
        "undecided",
    )
    made = client.get(f"{API}/changesets?session={world.ours.session.pk}").json()["results"][0]
    assert made["author"] == "member"
    client.post(f"{API}/changesets/{made['id']}/revert")
    assert client.get(path).json()["verdict"] == ""


@pytest.mark.parametrize(
    ("status", "change", "refused"),
    [
        ("working", {"name": "new"}, 409),
        ("waiting", {"name": "new"}, 200),
        ("done", {"tilt_deg": 10}, 409),
        ("working", {"tilt_deg": 10}, 200),
        ("done", {"notes": "late"}, 200),
        ("waiting", {"name": ""}, 400),
        ("working", {"defocus_max_um": 0.5}, 400),
        ("working", {"status": "done"}, 400),
        ("working", {}, 400),
    ],
)
def test_a_grids_plan_is_open_until_it_ends(
    status: str, change: dict[str, Any], refused: int, as_: As, world: World
) -> None:
    Grid.objects.filter(pk=world.ours.grid.pk).update(status=status)
    path = f"{API}/grids/{world.ours.grid.pk}"
    answer = as_("member").patch(path, change, headers={"If-Match": "*"})
    assert answer.status_code == refused, answer.content
