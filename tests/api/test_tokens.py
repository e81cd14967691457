"""Tokens and login links: what they open, and when they stop doing so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from smartscope.domain.actor import SETUP
from smartscope.models import ApiToken, Event, LoginLink, Membership, Square
from smartscope.operations.login_links import create_login_link, use_login_link
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def make(as_: As, *scopes: str, person: str = "granted", hours: int = 24) -> APIClient:
    body = {"name": "night script", "scopes": list(scopes), "hours": hours}
    answer = as_(person).post(f"{API}/tokens", body)
    assert answer.status_code == 201, answer.content
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    return client


def test_a_token_reads_as_its_owner(as_: As, world: World) -> None:
    client = make(as_, "read")
    assert client.get(f"{API}/me").json()["username"] == "granted"
    names = [s["name"] for s in client.get(f"{API}/sessions").json()["results"]]
    assert names == [world.ours.session.name]


def test_the_secret_is_shown_once_and_not_kept(as_: As, world: World) -> None:
    made = (
        as_("granted").post(f"{API}/tokens", {"name": "n", "scopes": ["read"], "hours": 1}).json()
    )
    listed = as_("granted").get(f"{API}/tokens").json()["results"][0]
    assert "token" not in listed
    row = ApiToken.objects.get(pk=listed["id"])
    assert made["token"] not in (row.sha256, row.prefix, row.name)


def _label(client: APIClient, world: World, **wanted: Any) -> int:
    ids = [str(world.ours.holes[1].pk)]
    return client.post(f"{API}/holes/bulk", {"ids": ids, "set": wanted}).status_code


def test_a_token_that_may_only_label_takes_nothing_out_of_the_queue(as_: As, world: World) -> None:
    label, plan = make(as_, "label"), make(as_, "plan", "label")
    queued, found = world.ours.holes[1], world.ours.holes[4]
    Square.objects.filter(pk=world.ours.squares[1].pk).update(status="queued")
    for resource, rows in (("holes", [queued, found]), ("squares", world.ours.squares[1:])):
        ids = [str(row.pk) for row in rows]
        body = {"ids": ids, "set": {"label": "contaminated"}}
        answer = label.post(f"{API}/{resource}/bulk", body).json()
        assert [(one["id"], one["code"]) for one in answer["skipped"]] == [(ids[0], "not_allowed")]
        assert answer["changed"] == 1
        rows[0].refresh_from_db()
        assert (rows[0].status, rows[0].label) == ("queued", "")
        rows[1].refresh_from_db()
        assert (rows[1].status, rows[1].label) == ("rejected", "contaminated")
        assert plan.post(f"{API}/{resource}/bulk", body).json()["skipped"] == []
        rows[0].refresh_from_db()
        assert rows[0].status == "rejected"


def test_a_scope_opens_its_own_door_only(as_: As, world: World) -> None:
    read, label, plan = (make(as_, scope) for scope in ("read", "label", "plan"))
    assert _label(read, world, label="bad") == 403
    assert _label(label, world, label="bad") == 200
    assert _label(label, world, skip=True) == 403
    assert _label(plan, world, label="", skip=True) == 200
    assert label.get(f"{API}/sessions").status_code == 403
    stop = f"{API}/microscopes/{world.microscope.pk}/emergency-stop"
    assert plan.post(stop).status_code == 403
    assert make(as_, "operate").post(stop).status_code == 202


def test_a_token_makes_no_token(as_: As) -> None:
    body = {"name": "child", "scopes": ["read"], "hours": 1}
    assert make(as_, "read", "plan", "operate").post(f"{API}/tokens", body).status_code == 403


@pytest.mark.parametrize(
    ("scopes", "hours"), [(["operate"], 25), (["read"], 91 * 24), ([], 1), (["admin"], 1)]
)
def test_a_token_lives_no_longer_than_it_should(scopes: list[str], hours: int, as_: As) -> None:
    body = {"name": "long", "scopes": scopes, "hours": hours}
    assert as_("granted").post(f"{API}/tokens", body).status_code == 400


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled", "wrong", "garbled"])
def test_a_token_that_has_ended_opens_nothing(end: str, as_: As, world: World) -> None:
    client = make(as_, "read")
    token = ApiToken.objects.get()
    match end:
        case "revoked":
            assert as_("granted").delete(f"{API}/tokens/{token.pk}").status_code == 204
        case "expired":
            ApiToken.objects.update(expires_at=timezone.now())
        case "disabled":
            world.people["granted"].is_active = False
            world.people["granted"].save()
        case "wrong":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.prefix}{'x' * 31}")
        case _:
            client.credentials(HTTP_AUTHORIZATION="Bearer a b")
    answer = client.get(f"{API}/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("person", ["viewer", "member", "operator", "stranger", "nobody"])
def test_who_keeps_no_tokens_of_somebody_neither_sees_nor_ends_them(person: str, as_: As) -> None:
    client = make(as_, "read")
    path = f"{API}/tokens/{ApiToken.objects.get().pk}"
    assert as_(person).delete(path).status_code == 404
    assert as_(person).get(f"{API}/tokens?of=granted").status_code == 404
    assert as_(person).delete(f"{API}/tokens/x").status_code == 404
    assert client.get(f"{API}/me").status_code == 200


@pytest.mark.parametrize("person", ["granted", "lead", "staff", "admin"])
def test_a_token_that_leaked_is_ended_by_its_owner_the_lead_or_staff(person: str, as_: As) -> None:
    client = make(as_, "read")
    (listed,) = as_(person).get(f"{API}/tokens?of=granted").json()["results"]
    assert listed["prefix"] == ApiToken.objects.get().prefix
    assert as_(person).delete(f"{API}/tokens/{listed['id']}").status_code == 204
    assert client.get(f"{API}/me").status_code == 401
    event = Event.objects.get(kind="token.revoked")
    assert (event.actor_name, event.after) == (person, {"name": "night script", "owner": "granted"})


@pytest.mark.parametrize(
    ("owner", "person"),
    [("admin", "staff"), ("staff", "lead"), ("stranger", "lead"), ("lead", "second")],
)
def test_nobody_ends_the_token_of_somebody_with_more_to_say(
    owner: str, person: str, as_: As, world: World
) -> None:
    world.people["second"] = type(world.people["lead"]).objects.create_user("second")
    Membership.objects.create(user=world.people["second"], group=world.ours.people, role="lead")
    Membership.objects.create(user=world.people["staff"], group=world.ours.people, role="member")
    make(as_, "read", person=owner)
    path = f"{API}/tokens/{ApiToken.objects.get().pk}"
    assert as_(person).delete(path).status_code == 404
    assert as_(owner).delete(path).status_code == 204


def test_a_cookie_needs_its_csrf_token(world: World) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.people["member"])
    answer = client.post(f"{API}/holes/bulk", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_login_link_signs_in_once(world: World) -> None:
    secret = create_login_link(SETUP, "member")
    assert use_login_link("something else") is None
    assert use_login_link(secret) == world.people["member"]
    assert use_login_link(secret) is None


def test_a_login_link_ends(world: World) -> None:
    secret = create_login_link(SETUP, "member")
    LoginLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert use_login_link(secret) is None
