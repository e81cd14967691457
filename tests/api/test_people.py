"""Accounts are kept by staff; only admins make staff; the bundle and the backup tell no secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from smartscope.models import Event, Membership, MicroscopeGrant
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1/"


def put(as_: As, who: str, person: User, **body: Any) -> Any:
    return as_(who).put(f"{API}people/{person.pk}", body, format="json")


def test_everybody_sees_their_own_account_and_staff_see_all(as_: As, world: World) -> None:
    own = as_("member").get(f"{API}people").json()["results"]
    assert [one["username"] for one in own] == ["member"]
    assert own[0]["groups"] == [{"name": "ours", "role": "member"}]
    everybody = as_("staff").get(f"{API}people").json()["results"]
    assert {one["username"] for one in everybody} == set(world.people)


def test_staff_make_an_account_with_groups_and_grants_and_its_link_signs_in_once(
    as_: As, world: World
) -> None:
    body = {
        "username": "mira",
        "name": "Mira Ito",
        "groups": [{"name": "ours", "role": "lead"}, {"name": "a new group"}],
        "microscopes": [{"id": str(world.microscope.pk), "operator": True}],
    }
    made = as_("staff").post(f"{API}people", body, format="json")
    assert made.status_code == 201, made.content
    user = User.objects.get(username="mira")
    assert not user.has_usable_password()
    assert dict(Membership.objects.filter(user=user).values_list("group__name", "role")) == {
        "ours": "lead",
        "a new group": "member",
    }
    assert MicroscopeGrant.objects.get(user=user).operator
    again = as_("staff").post(f"{API}people", body | {"username": "MIRA"}, format="json")
    assert again.status_code == 409
    link = as_("staff").post(f"{API}people/{user.pk}/login-link").json()["path"]
    page = as_("staff").get(f"/{link}")
    assert page.status_code == 200
    assert link.split("/")[1] not in str(list(Event.objects.values_list("after", flat=True)))


def test_a_list_of_groups_is_the_whole_list_and_the_log_keeps_both(as_: As, world: World) -> None:
    person = world.people["member"]
    answer = put(as_, "staff", person, groups=[{"name": "theirs", "role": "viewer"}])
    assert answer.json()["groups"] == [{"name": "theirs", "role": "viewer"}]
    event = Event.objects.get(kind="person.changed")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["groups"], event.after["groups"]) == (
        {"ours": "member"},
        {"theirs": "viewer"},
    )


def test_only_an_admin_makes_staff_and_nobody_shuts_themselves_out(as_: As, world: World) -> None:
    member, admin = world.people["member"], world.people["admin"]
    for body in ({"staff": True}, {"admin": True}):
        assert put(as_, "staff", member, **body).status_code == 403
    assert put(as_, "staff", admin, active=False).status_code == 403
    assert put(as_, "admin", member, staff=True).json()["staff"]
    assert put(as_, "admin", admin, admin=False).status_code == 409
    assert put(as_, "admin", admin, active=False).status_code == 409
    assert as_("staff").post(f"{API}people/{admin.pk}/login-link").status_code == 404


def test_a_disabled_account_is_out_at_its_next_request(as_: As, world: World) -> None:
    client = as_("member")
    assert client.get(f"{API}me").status_code == 200
    assert not put(as_, "staff", world.people["member"], active=False).json()["active"]
    assert client.get(f"{API}me").status_code == 401


def test_the_support_bundle_tells_how_it_stands_and_nothing_of_anybody(
    as_: As, world: World
) -> None:
    answer = as_("staff").post(f"{API}support-bundle")
    assert answer.status_code == 200, answer.content
    bundle = answer.json()["bundle"]
    assert bundle["rows"]["Hole"] == 12
    assert bundle["migrations"][0] == "0001_initial"
    assert bundle["events"]
    text = json.dumps(bundle)
    for secret in ("ours", "theirs", "operator", "grid of", "g01-s1", "stranger"):
        assert f'"{secret}' not in text, secret


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_a_restorable_dump_with_a_list_of_images_and_its_age_is_told(
    as_: As, world: World, tmp_path: Path
) -> None:
    assert as_("viewer").get(f"{API}backups/last").json()["at"] is None
    call_command("backup", str(tmp_path))
    (dump,) = tmp_path.glob("*.dump")
    assert dump.read_bytes()[:5] == b"PGDMP"
    (listed,) = tmp_path.glob("*.images.csv")
    assert world.ours.image.key in listed.read_text()
    told = as_("viewer").get(f"{API}backups/last").json()
    assert told["age_h"] < 0.1
    assert (told["database_bytes"], told["images"]) == (dump.stat().st_size, 2)
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(CommandError, match="no directory"):
        call_command("backup", str(tmp_path / "nowhere"))
