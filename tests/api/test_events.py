"""The event log over HTTP: resumed by `seq`, waiting for the next, honest about what it lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from smartscope.domain.actor import BRIDGE
from smartscope.models import Event
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.events import MOST_AT_ONCE, events_after
from tests.api.conftest import As
from tests.api.world import World, make_world

API = "/api/v1"


def test_a_position_is_resumed_and_each_answer_says_where_the_log_stands(
    as_: As, world: World
) -> None:
    answer = as_("member").get(f"{API}/events?after=0").json()
    assert [event["seq"] for event in answer["results"]] == [world.ours.event.seq]
    assert answer["head_seq"] == world.theirs.event.seq
    assert answer["resync"] is False
    later = as_("member").get(f"{API}/events?after={world.ours.event.seq}").json()
    assert later["results"] == []


def test_events_are_thin_and_read_in_full_one_by_one(as_: As, world: World) -> None:
    thin = as_("member").get(f"{API}/events?after=0").json()["results"][0]
    assert "after" not in thin
    whole = as_("member").get(f"{API}/events/{thin['seq']}").json()
    assert whole["after"] == {"of": "ours"}


@pytest.mark.parametrize("query", ["after=99999", "after=1&log_id=another"])
def test_a_position_that_means_nothing_is_told_so(query: str, as_: As, world: World) -> None:
    assert as_("member").get(f"{API}/events?{query}").json()["resync"] is True


def test_a_gap_of_many_answers_is_filled_without_a_loss(as_: As, world: World) -> None:
    scope = Scope(world.microscope.pk, world.ours.session.pk)
    wide = range(2 * MOST_AT_ONCE + 7)
    with transaction.atomic():
        expected = [record_event("hole.changed", BRIDGE, scope, Told()).seq for _ in wide]
    seen, after, more = [], world.theirs.event.seq, True
    while more:
        answer = as_("member").get(f"{API}/events?after={after}").json()
        seen += [event["seq"] for event in answer["results"]]
        after, more = seen[-1], answer["more"]
    assert seen == expected


def test_a_log_that_was_cut_says_so(as_: As, world: World) -> None:
    Event.objects.filter(seq=world.ours.event.seq).delete()
    assert as_("member").get(f"{API}/events?after=0").json()["resync"] is True


@pytest.mark.parametrize("query", ["after=-1", "after=x", "wait=1.5", "topics=planet:mars"])
def test_what_cannot_be_used_is_refused(query: str, as_: As) -> None:
    assert as_("member").get(f"{API}/events?{query}").status_code == 400


def test_topics_choose_and_only_among_what_one_may_see(as_: As, world: World) -> None:
    client = as_("operator")
    path = f"{API}/events?after=0&session={world.theirs.session.name}"
    assert [event["session"] for event in client.get(path).json()["results"]] == [
        str(world.theirs.session.pk)
    ]
    assert as_("member").get(path).status_code == 404


def test_an_event_of_one_person_is_that_persons(as_: As, world: World) -> None:
    as_("member").post(f"{API}/tokens", {"name": "n", "scopes": ["read"], "hours": 1})
    after = f"{API}/events?after={world.theirs.event.seq}"
    seen = {name: as_(name).get(after).json()["results"] for name in ("member", "lead", "staff")}
    assert {name: len(events) for name, events in seen.items()} == {
        "member": 1,
        "lead": 0,
        "staff": 1,
    }


@pytest.mark.django_db(transaction=True)
def test_a_long_poll_answers_with_the_next_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.views.events.LOOK_EVERY_S", 0.01)
    world, answers = make_world(), []
    client = APIClient()
    client.force_login(world.people["member"])
    looked = threading.Event()

    def poll() -> None:
        try:
            answers.append(client.get(f"{API}/events?wait=20").json())
        finally:
            connection.close()

    def look(*args: Any, **more: Any) -> Sequence[Event]:
        found = events_after(*args, **more)
        looked.set()
        return found

    monkeypatch.setattr("api.views.events.events_after", look)
    waiting = threading.Thread(target=poll)
    waiting.start()
    try:
        assert looked.wait(10)
        with transaction.atomic():
            event = record_event(
                "grid.changed",
                BRIDGE,
                Scope(world.microscope.pk, world.ours.session.pk),
                Told(),
            )
    finally:
        waiting.join(20)
    assert [found["seq"] for found in answers[0]["results"]] == [event.seq]
