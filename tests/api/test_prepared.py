"""Statements that are kept answer each person by that person's own rights of the moment."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet

from api import resources
from api.resource import Resource
from smartscope.models import Membership, Session
from smartscope.queries.visible import NOBODY, THE_SERVICE, Reader, rows_for, visible_microscopes
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def ids(as_: As, person: str, path: str) -> set[str]:
    answer = as_(person).get(f"{API}/{path}")
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


@pytest.mark.parametrize("path", ["sessions", "grids?limit=50", "holes", "images?sort=-created_at"])
def test_one_asks_after_another_and_each_sees_what_is_theirs(
    path: str, as_: As, world: World
) -> None:
    ours, theirs = ids(as_, "member", path), ids(as_, "stranger", path)
    assert ours
    assert theirs
    assert not ours & theirs
    assert ids(as_, "viewer", path) == ours
    assert ids(as_, "staff", path) >= ours | theirs
    assert not ids(as_, "nobody", path)


def test_who_leaves_a_group_sees_nothing_of_it_with_the_next_request(as_: As, world: World) -> None:
    image = f"{API}/images/{world.ours.image.pk}"
    assert ids(as_, "member", "sessions")
    assert as_("member").get(image).status_code == 200
    Membership.objects.filter(user=world.people["member"]).delete()
    assert not ids(as_, "member", "sessions")
    assert as_("member").get(image).status_code == 404


def test_a_disabled_account_is_nobody_with_the_next_request(as_: As, world: World) -> None:
    client = as_("member")
    assert client.get(f"{API}/me").status_code == 200
    User.objects.filter(pk=world.people["member"].pk).update(is_active=False)
    assert client.get(f"{API}/me").status_code == 401


def test_the_same_filter_with_another_value_is_another_question(as_: As, world: World) -> None:
    by_session = [
        ids(as_, "staff", f"grids?session={scene.session.pk}")
        for scene in (world.ours, world.theirs, world.ours)
    ]
    assert by_session[0] == by_session[2]
    assert str(world.ours.grid.pk) in by_session[0]
    assert str(world.theirs.grid.pk) in by_session[1]
    assert not by_session[0] & by_session[1]


def test_who_is_nobody_sees_nothing_where_anybody_sees_all(world: World) -> None:
    somebody = Reader(world.people["stranger"].pk, sees_everything=False)
    for _ in range(2):
        assert rows_for(somebody, "every microscope", visible_microscopes)
        assert rows_for(THE_SERVICE, "every microscope", visible_microscopes)
        assert not rows_for(NOBODY, "every microscope", visible_microscopes)


def test_what_is_related_comes_with_the_rows(as_: As, world: World) -> None:
    for _ in range(2):
        answer = as_("member").get(f"{API}/sessions").json()["results"][0]
        assert answer["group"] == Session.objects.get(pk=answer["id"]).group.name


RESOURCES = [each for each in vars(resources).values() if isinstance(each, Resource)]


@pytest.mark.django_db
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_no_list_depends_on_when_its_statement_was_made(resource: Resource) -> None:
    assert sum(other.name == resource.name for other in RESOURCES) == 1, "a name is a statement's"
    for reader in (Reader(7, sees_everything=False), THE_SERVICE):
        with suppress(EmptyResultSet):  # not for such a reader
            _, parameters = resource.rows(reader).query.sql_with_params()
            assert not [one for one in parameters if isinstance(one, datetime)]


def test_a_list_below_an_object_follows_its_name(as_: As, world: World) -> None:
    staff, below = as_("staff"), f"{API}/microscopes/{world.microscope.name}/commands"
    assert staff.get(below).status_code == 200
    type(world.microscope).objects.filter(pk=world.microscope.pk).update(name="Elsewhere")
    assert staff.get(below).status_code == 404
