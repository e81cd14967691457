"""A share link shows one report to whoever has it, names nobody, and ends when it is told to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from smartscope.models import ShareLink
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def made(as_: As, world: World, person: str = "lead") -> Any:
    path = f"{API}/sessions/{world.ours.session.pk}/share-links"
    return as_(person).post(path, {"note": "for the reviewers"})


def opened(path: str) -> tuple[Client, int]:
    """An outsider with the link."""
    outsider = Client()
    secret = path.partition("#")[2]
    return outsider, outsider.post("/share", {"secret": secret}).status_code


@pytest.mark.parametrize(
    ("person", "expected"),
    [("viewer", 403), ("member", 403), ("lead", 201), ("operator", 201), ("stranger", 404)],
)
def test_leads_operators_and_staff_share(person: str, expected: int, as_: As, world: World) -> None:
    assert made(as_, world, person).status_code == expected


def test_an_outsider_sees_the_report_and_nobodys_name(as_: As, world: World) -> None:
    as_("member").patch(
        f"{API}/sessions/{world.ours.session.pk}", {"notes": "ask Ito"}, headers={"If-Match": "*"}
    )
    as_("granted").post(
        f"{API}/microscopes/{world.microscope.pk}/commands",
        {"type": "pause", "arguments": {"session": str(world.ours.session.pk)}},
        headers={"Idempotency-Key": "p"},
    )
    link = made(as_, world).json()
    outsider, status = opened(link["path"])
    assert status == 302
    answer = outsider.get("/shared")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert world.ours.session.name in text
    assert "a person asked for pause" in text
    for name in ("granted", "member", "Ito", "/api/v1/"):
        assert name not in text
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert ShareLink.objects.get().opened == 1
    assert outsider.get(f"{API}/sessions").status_code == 401


def test_only_a_digest_is_kept_and_the_listing_hides_the_secret(as_: As, world: World) -> None:
    link = made(as_, world).json()
    secret = link["path"].partition("#")[2]
    row = ShareLink.objects.values().get()
    assert secret not in str(row)
    listed = as_("viewer").get(f"{API}/share-links").content.decode()
    assert link["id"] in listed
    assert secret not in listed
    assert link["id"] not in as_("stranger").get(f"{API}/share-links").content.decode()


def test_a_revoked_or_expired_link_shows_nothing_more(as_: As, world: World) -> None:
    link = made(as_, world).json()
    outsider, _ = opened(link["path"])
    assert as_("member").delete(f"{API}/share-links/{link['id']}").status_code == 403
    assert as_("lead").delete(f"{API}/share-links/{link['id']}").status_code == 204
    assert outsider.get("/shared").status_code == 404
    assert opened(link["path"])[1] == 410
    other = made(as_, world).json()
    outsider, _ = opened(other["path"])
    ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert outsider.get("/shared").status_code == 404


def test_a_cookie_of_ones_own_making_opens_nothing(as_: As, world: World) -> None:
    made(as_, world)
    outsider = Client()
    outsider.cookies["smartscope-share"] = f"{ShareLink.objects.get().pk}:forged"
    assert outsider.get("/shared").status_code == 404
    assert opened("share#")[1] == 410
    assert opened("share#a\0b")[1] == 410
