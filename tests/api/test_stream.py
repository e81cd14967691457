"""The live stream over a real Redis and PostgreSQL: nothing missed, leaked or left open."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.db import database_sync_to_async
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.db import connections, transaction
from django.test import Client

from frontend.consumers import EventStream
from smartscope import event_feed
from smartscope.domain.actor import BRIDGE
from smartscope.event_feed import PACE
from smartscope.models import Event, EventCounter, Membership
from smartscope.operations.event_log import Scope, Told, record_event
from tests.api.websocket import Browser
from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

HERE = [(b"origin", b"http://testserver"), (b"host", b"testserver")]


def on_own_threads(run_there: Any) -> Any:
    """The database's thread and connection begin and end with a test, and with a stream."""

    @functools.wraps(run_there)
    async def run(*given: Any, **named: Any) -> None:
        async with ThreadSensitiveContext():
            try:
                await run_there(*given, **named)
            finally:
                await sync_to_async(connections.close_all)()

    return run


def sign_in(world: World, person: str) -> Client:
    client = Client()
    client.force_login(world.people[person])
    return client


@asynccontextmanager
async def stream(
    client: Client | None,
    query: str = "",
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    **pace: float,
) -> AsyncIterator[Browser]:
    cookies = []
    if client is not None:
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookies = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode())]
    application = on_own_threads(CookieMiddleware(EventStream.as_asgi()))
    browser = Browser(application, f"/ws/v1/events{query}", [*(headers or HERE), *cookies])
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in pace.items():
            patch.setattr(PACE, name, seconds)
        await browser.connect()
        try:
            yield browser
        finally:
            await browser.disconnect()


def happen(world: World, *, to: str = "ours") -> int:
    session = (world.ours if to == "ours" else world.theirs).session
    with transaction.atomic():
        event = record_event(
            "hole.changed", BRIDGE, Scope(session.microscope_id, session.pk), Told()
        )
    return event.seq


async def in_thread(function: Any, *args: Any, **more: Any) -> Any:
    return await database_sync_to_async(function)(*args, **more)


@on_own_threads
async def test_a_hint_brings_each_event_once_in_order() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, look_every_s=60.0) as ours:
        hello = await ours.told()
        assert hello["type"] == "hello"
        first = await in_thread(happen, world)
        assert hello["head_seq"] == first - 1
        await in_thread(happen, world, to="theirs")
        second = await in_thread(happen, world)
        frames = [await ours.told(), await ours.told()]
    assert [(f["seq"], f["prev"]) for f in frames] == [(first, None), (second, first)]
    assert frames[0]["actor"] == {"type": "bridge", "name": "bridge"}
    assert "after" not in frames[0]


@on_own_threads
async def test_without_any_hint_the_log_is_looked_at() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, look_every_s=0.02) as ours:
        await ours.told()
        counter = await in_thread(EventCounter.objects.get)
        row = Event(seq=counter.seq + 1, kind="x.y", time="2026-11-21T00:00:00Z")
        row.session = world.ours.session.pk
        await in_thread(row.save)
        assert (await ours.told())["seq"] == row.seq


@on_own_threads
async def test_a_stream_resumes_where_it_was() -> None:
    world = await in_thread(make_world)
    seqs = [await in_thread(happen, world) for _ in range(3)]
    client = await in_thread(sign_in, world, "member")
    async with stream(client, f"?after={seqs[0]}") as ours:
        await ours.told()
        assert [(await ours.told())["seq"] for _ in range(2)] == seqs[1:]


@pytest.mark.parametrize("query", ["?after=999999", "?after=1&log_id=another"])
@on_own_threads
async def test_a_position_of_another_log_means_resync(query: str) -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, query) as ours:
        assert [(await ours.told())["type"] for _ in range(2)] == ["hello", "resync"]


@on_own_threads
async def test_a_renewed_log_means_resync() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, beat_every_s=0.02, look_every_s=0.02) as ours:
        log_id = (await ours.told())["log_id"]
        await in_thread(EventCounter.objects.update, log_id="00000000-0000-0000-0000-000000000001")
        resync = await ours.told()
        assert resync["type"] == "resync"
        assert resync["log_id"] != log_id


@on_own_threads
async def test_silence_is_told_from_loss_by_a_heartbeat() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, beat_every_s=0.02) as ours:
        hello = await ours.told()
        beat = await ours.told(besides="event")
        assert beat == {"type": "heartbeat", "head_seq": hello["head_seq"]}


@on_own_threads
async def test_topics_choose_and_only_among_what_one_may_see() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "operator")
    async with stream(client, f"?topics=session:{world.ours.session.pk}") as some:
        await some.told()
        await in_thread(happen, world, to="theirs")
        ours = await in_thread(happen, world)
        assert (await some.told())["seq"] == ours
        await some.say(type="subscribe", topics=[f"session:{world.theirs.session.name}"])
        await some.say(type="ping")
        assert (await some.told())["type"] == "pong"
        theirs = await in_thread(happen, world, to="theirs")
        frame = await some.told()
        assert (frame["seq"], frame["prev"]) == (theirs, None)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, f"?topics=session:{world.theirs.session.pk}") as none:
        assert await none.closed() == 4403


@on_own_threads
async def test_who_leaves_the_group_hears_no_more() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, look_every_s=0.02) as ours:
        await ours.told()
        await in_thread(world.people["member"].memberships.all().delete)
        await in_thread(happen, world)
        assert await ours.receive_nothing(timeout=0.3)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("change", ["left", "other role", "joined", "grant"])
@on_own_threads
async def test_a_stream_ends_when_the_groups_of_its_person_change(change: str) -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "granted")
    person = world.people["granted"]
    async with stream(client, check_every_s=0.02, look_every_s=0.02) as ours:
        await ours.told()
        match change:
            case "left":
                await in_thread(person.memberships.all().delete)
            case "other role":
                await in_thread(person.memberships.all().update, role="viewer")
            case "joined":
                await in_thread(
                    Membership.objects.create, user=person, group=world.theirs.people, role="viewer"
                )
            case _:
                await in_thread(person.microscope_grants.all().delete)
        assert await ours.closed() == 1013
    async with stream(client) as again:
        assert (await again.told())["type"] == "hello"


@pytest.mark.parametrize("end", ["logout", "disabled", "password"])
@on_own_threads
async def test_a_stream_ends_with_the_sign_in(end: str) -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, check_every_s=0.02, look_every_s=0.02) as ours:
        await ours.told()
        person = world.people["member"]
        if end == "logout":
            await in_thread(client.logout)
        else:
            person.is_active = end != "disabled"
            person.set_password("another long sentence")
            await in_thread(person.save)
        assert await ours.closed() == 4401


def test_rights_are_looked_at_more_often_than_every_five_seconds() -> None:
    assert PACE.check_every_s + PACE.rest_s + PACE.look_every_s <= 5.0


@on_own_threads
async def test_nobody_is_told_anything_without_signing_in() -> None:
    async with stream(None) as nobody:
        assert await nobody.closed() == 4401


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"testserver")],
        [(b"origin", b"http://elsewhere"), (b"host", b"testserver")],
        [(b"origin", b"https://testserver"), (b"host", b"testserver")],
        [(b"origin", b"null"), (b"host", b"testserver")],
    ],
)
@on_own_threads
async def test_only_our_own_page_may_ask(headers: list[tuple[bytes, bytes]]) -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, headers=headers) as refused:
        assert not refused.accepted


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{}", 4400),
        ("not json", 4400),
        ("[" * 5_000, 4400),
        ('{"type": "event.committed", "seq": 1}', 4400),
        ('{"type": "subscribe", "topics": "all"}', 4400),
        ('{"type": "subscribe", "topics": [1]}', 4400),
        ('{"type": "subscribe", "topics": ["planet:mars"]}', 4400),
        ("x" * 17_000, 1009),
    ],
)
@on_own_threads
async def test_anything_else_from_a_browser_ends_the_stream(message: str, code: int) -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client) as ours:
        await ours.told()
        await ours.text(message)
        assert await ours.closed() == code


@on_own_threads
async def test_too_many_messages_end_the_stream() -> None:
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client) as ours:
        await ours.told()
        for _ in range(11):
            await ours.say(type="ping")
        assert await ours.closed() == 4429


@on_own_threads
async def test_a_server_that_is_full_says_so_and_keeps_those_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_feed, "MOST_STREAMS", 1)
    world = await in_thread(make_world)
    client = await in_thread(sign_in, world, "member")
    async with stream(client, look_every_s=0.02) as ours:
        await ours.told()
        seq = await in_thread(happen, world)
        assert (await ours.told())["seq"] == seq, "it follows"
        async with stream(client) as late:
            assert (await late.told())["type"] == "hello"
            assert await late.closed() == 1013
        seq = await in_thread(happen, world)
        assert (await ours.told())["seq"] == seq
    async with stream(client, look_every_s=0.02) as again:
        await again.told()
        seq = await in_thread(happen, world)
        assert (await again.told())["seq"] == seq
