"""A hundred browsers at one real server: each stream opens, stays, and hears what happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import websockets
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections, transaction
from django.test import Client

from smartscope.domain.actor import BRIDGE
from smartscope.operations.event_log import Scope, Told, record_event
from tests.api.world import World, make_world
from tests.system.conftest import Services

STREAMS, EVENTS = 100, 5
#: of the people who watch, so that none has more streams than are allowed
PEOPLE = ("member", "lead", "operator", "viewer", "staff", "admin")
PATIENCE_S = 60.0


def happen(world: World) -> int:
    session = world.ours.session
    with transaction.atomic():
        scope = Scope(session.microscope_id, session.pk)
        return record_event("hole.changed", BRIDGE, scope, Told()).seq


async def heard(address: str, cookie: str, opened: asyncio.Event) -> AsyncIterator[int]:
    headers = {"Cookie": cookie, "Origin": address}
    url = f"{address.replace('http', 'ws', 1)}/ws/v1/events"
    async with websockets.connect(url, additional_headers=headers, open_timeout=60) as stream:
        async for text in stream:
            frame = json.loads(text)
            if frame["type"] == "hello":
                opened.set()
            elif frame["type"] == "event":
                yield int(frame["seq"])


@pytest.mark.timeout(180)
def test_each_of_a_hundred_streams_hears_every_event_once_and_in_order(services: Services) -> None:
    world = make_world()
    cookies = []
    for person in PEOPLE:
        client = Client()
        client.force_login(world.people[person])
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={key}")
    address = services.serve()

    async def one(number: int, opened: asyncio.Event) -> list[int]:
        found: list[int] = []
        async for seq in heard(address, cookies[number % len(cookies)], opened):
            found.append(seq)
            if len(found) == EVENTS:
                break
        return found

    async def all_of_them() -> None:
        opened = [asyncio.Event() for _ in range(STREAMS)]
        streams = [asyncio.create_task(one(n, event)) for n, event in enumerate(opened)]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(event.wait() for event in opened))
            expected = [await sync_to_async(happen)(world) for _ in range(EVENTS)]
            assert await asyncio.gather(*streams) == [expected] * STREAMS
        await sync_to_async(connections.close_all)()

    asyncio.run(all_of_them())
