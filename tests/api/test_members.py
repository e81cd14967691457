"""A group is kept by its lead: who belongs to it, in which role, and never anybody else's group."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.models import Event, Membership
from tests.api.conftest import As
from tests.api.test_tokens import make
from tests.api.world import World

API = "/api/v1"


def put(as_: As, who: str, username: str, role: str | None, group: str = "ours") -> Any:
    body = {"group": group, "username": username, "role": role}
    return as_(who).put(f"{API}/members", body, format="json")


def test_a_group_sees_its_people_and_no_other_groups(as_: As, world: World) -> None:
    seen = as_("viewer").get(f"{API}/members").json()["results"]
    assert [(one["username"], one["role"]) for one in seen] == [
        ("granted", "member"),
        ("lead", "lead"),
        ("member", "member"),
        ("viewer", "viewer"),
    ]
    assert as_("nobody").get(f"{API}/members").json()["results"] == []
    assert {one["group"] for one in as_("staff").get(f"{API}/members").json()["results"]} == {
        "ours",
        "theirs",
    }


def test_a_lead_brings_somebody_in_changes_the_role_and_takes_them_out(
    as_: As, world: World
) -> None:
    grid = f"{API}/grids/{world.ours.grid.pk}"
    assert as_("nobody").get(grid).status_code == 404
    assert put(as_, "lead", "nobody", "viewer").status_code == 200
    assert as_("nobody").get(grid).status_code == 200
    anyhow = {"If-Match": "*"}
    assert as_("nobody").patch(grid, {"notes": "seen"}, headers=anyhow).status_code == 403
    assert put(as_, "lead", "nobody", "member").status_code == 200
    assert as_("nobody").patch(grid, {"notes": "seen"}, headers=anyhow).status_code == 200
    assert put(as_, "lead", "nobody", None).status_code == 200
    assert as_("nobody").get(grid).status_code == 404
    events = Event.objects.filter(kind="membership.changed").order_by("seq")
    assert [(one.before, one.after and one.after["role"]) for one in events] == [
        ({"role": None}, "viewer"),
        ({"role": "viewer"}, "member"),
        ({"role": "member"}, None),
    ]


def test_what_changes_nothing_is_not_told(as_: As, world: World) -> None:
    assert put(as_, "lead", "member", "member").status_code == 200
    assert put(as_, "lead", "nobody", None).status_code == 200
    assert not Event.objects.filter(kind="membership.changed").exists()


@pytest.mark.parametrize("person", ["viewer", "member", "granted", "operator"])
def test_who_is_no_lead_changes_no_group(person: str, as_: As, world: World) -> None:
    assert put(as_, person, person, "lead").status_code == 403
    assert put(as_, person, "nobody", "viewer").status_code == 403
    assert Membership.objects.count() == 5


def test_a_lead_reaches_no_other_group_and_keeps_their_own_lead(as_: As, world: World) -> None:
    assert put(as_, "lead", "lead", "lead", group="theirs").status_code == 404
    for role in ("member", None):
        refused = put(as_, "lead", "lead", role)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert put(as_, "staff", "lead", "member").status_code == 200
    assert put(as_, "lead", "nobody", "viewer").status_code == 403


def test_only_an_account_that_is_there_and_open_is_brought_in(as_: As, world: World) -> None:
    assert put(as_, "lead", "mira", "member").status_code == 404
    assert put(as_, "lead", "no\0body", "member").status_code == 400
    type(world.people["nobody"]).objects.filter(username="nobody").update(is_active=False)
    assert put(as_, "lead", "nobody", "member").status_code == 404


def test_no_token_decides_who_belongs_to_a_group(as_: As, world: World) -> None:
    client = make(as_, "read", "plan", "operate", person="lead")
    body = {"group": "ours", "username": "nobody", "role": "viewer"}
    assert client.put(f"{API}/members", body, format="json").status_code == 403
    assert client.get(f"{API}/members").status_code == 200
