"""Server-sent events: nothing missed or leaked, resumed by their id, ended with the token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import AsyncClient, Client

from smartscope.domain.actor import BRIDGE, Actor
from smartscope.event_feed import PACE
from smartscope.models import Event
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.tokens import create_token, revoke_token
from tests.api.test_stream import on_own_threads
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/events/stream"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PACE, "look_every_s", 0.02)
    monkeypatch.setattr(PACE, "rest_s", 0.01)
    monkeypatch.setattr(PACE, "check_every_s", 0.05)
    monkeypatch.setattr(PACE, "beat_every_s", 0.2)


def token_of(world: World, person: str) -> tuple[Any, dict[str, str]]:
    user = world.people[person]
    actor = Actor("user", person, user.pk)
    token, secret = create_token(
        actor, name="follow", scopes=("read",), lifetime=timedelta(hours=1)
    )
    return (actor, token), {"Authorization": f"Bearer {secret}"}


def happened(world: World, kind: str) -> int:
    with transaction.atomic():
        scene = world.ours
        scope = Scope(world.microscope.pk, scene.session.pk)
        return record_event(kind, BRIDGE, scope, Told(subjects=[scene.grid.pk])).seq


async def told(
    frames: AsyncIterator[bytes], *, besides: str = "heartbeat"
) -> tuple[str, str, dict[str, Any]]:
    """Name, id and data of the next frame that is not of that kind."""
    async for frame in frames:
        lines = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
        if lines["event"] != besides:
            return lines["event"], lines.get("id", ""), json.loads(lines["data"])
    raise AssertionError("the stream ended")


async def opened(headers: dict[str, str], query: str = "") -> Any:
    answer: Any = await AsyncClient().get(PATH + query, headers=headers)
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "text/event-stream"
    return aiter(answer.streaming_content)


@on_own_threads
async def test_events_come_in_order_and_are_resumed_by_their_id() -> None:
    world = await sync_to_async(make_world)()
    _, headers = await sync_to_async(token_of)(world, "member")
    frames = await opened(headers)
    name, _, hello = await told(frames)
    assert (name, hello["head_seq"]) == ("hello", await sync_to_async(Event.objects.count)())
    first = await sync_to_async(happened)(world, "grid.changed")
    second = await sync_to_async(happened)(world, "hole.changed")
    seen = [await told(frames) for _ in range(2)]
    assert [(one[1], one[2]["prev"]) for one in seen] == [(str(first), None), (str(second), first)]
    await frames.aclose()
    again = await opened(headers | {"Last-Event-ID": str(first)})
    await told(again)
    assert (await told(again))[2]["kind"] == "hole.changed"
    await again.aclose()


@on_own_threads
async def test_silence_is_told_from_loss_by_a_heartbeat() -> None:
    world = await sync_to_async(make_world)()
    _, headers = await sync_to_async(token_of)(world, "member")
    frames = await opened(headers)
    await told(frames)
    name, _, beat = await told(frames, besides="")
    assert (name, beat["head_seq"] > 0) == ("heartbeat", True)
    await frames.aclose()


@on_own_threads
async def test_another_group_hears_nothing_and_a_position_of_another_log_means_resync() -> None:
    world = await sync_to_async(make_world)()
    _, headers = await sync_to_async(token_of)(world, "stranger")
    topic = f"?topics=session:{world.ours.session.pk}"
    refused = await AsyncClient().get(PATH + topic, headers=headers)
    assert refused.status_code == 404
    frames = await opened(headers, "?after=999999")
    await told(frames)
    assert (await told(frames))[0] == "resync"
    await sync_to_async(happened)(world, "grid.changed")
    assert (await told(frames, besides="resync"))[0] == "heartbeat"
    await frames.aclose()


@on_own_threads
async def test_a_revoked_token_ends_the_stream() -> None:
    world = await sync_to_async(make_world)()
    (actor, token), headers = await sync_to_async(token_of)(world, "member")
    frames = await opened(headers)
    await told(frames)
    await sync_to_async(revoke_token)(actor, token.pk)
    # one's own revocation is still told
    assert (await told(frames))[2]["kind"] == "token.revoked"
    with pytest.raises(AssertionError, match="ended"):
        await told(frames)


def test_a_process_that_cannot_hold_a_stream_says_so(db: None) -> None:
    world = make_world()
    client = Client()
    client.force_login(world.people["member"])
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
