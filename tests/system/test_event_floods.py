"""F05: ten thousand events, a browser that does not read, a full channel layer, a cut socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from frontend.hints import pass_on
from smartscope.models import Event, EventCounter
from tests.api.world import World, make_world
from tests.system.conftest import Services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(300)]

EVENTS = 10_000
#: ids in each event: a frame of some 8 KiB, 80 MB of them in all
SUBJECTS = [str(uuid4()) for _ in range(200)]
#: what the server may need more while nobody reads: one batch and the buffers of a socket
MEMORY_BYTES = 32 * 1024**2
SMALL_BUFFER_BYTES = 16 * 1024
STALLED_S = 5.0
#: hints that find the stream busy: the channel layer keeps 100
HINTS = 300


def flood(world: World) -> list[int]:
    """The positions of ten thousand new events, written as other processes would have."""
    counter = EventCounter.objects.get()
    seqs = list(range(counter.seq + 1, counter.seq + 1 + EVENTS))
    now = timezone.now()
    Event.objects.bulk_create(
        [
            Event(
                seq=seq,
                kind="hole.changed",
                time=now,
                session=world.ours.session.pk,
                microscope=world.microscope.pk,
                subjects=SUBJECTS,
                count=len(SUBJECTS),
                actor_type="bridge",
                actor_name="bridge",
            )
            for seq in seqs
        ],
        batch_size=500,
    )
    EventCounter.objects.update(seq=seqs[-1])
    return seqs


@contextmanager
def browser(address: str, cookie: str, query: str) -> Iterator[ClientConnection]:
    """A live stream whose socket keeps little: what is not read here stays at the server."""
    where = urlsplit(address)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    line.connect((where.hostname, where.port))
    with connect(
        f"{address.replace('http', 'ws')}/ws/v1/events{query}",
        sock=line,
        origin=Origin(address),
        additional_headers={"Cookie": cookie},
        max_queue=1,
    ) as stream:
        yield stream


def events(stream: ClientConnection, until: int) -> Iterator[dict[str, Any]]:
    """Frames of events up to that position."""
    while True:
        frame = json.loads(stream.recv(timeout=60))
        assert frame["type"] in ("hello", "event", "heartbeat"), frame
        if frame["type"] == "event":
            yield frame
            if frame["seq"] >= until:
                return


def test_whoever_reads_late_misses_nothing_and_costs_the_server_little(services: Services) -> None:
    world = make_world()
    address = services.serve()
    client = Client()
    client.force_login(world.people["member"])
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    web = psutil.Process(services.children._running[-1].process.pid)
    first = EventCounter.objects.get().seq

    with browser(address, cookie, f"?after={first}") as early:
        assert json.loads(early.recv(timeout=30))["type"] == "hello"
    before_bytes = web.memory_info().rss

    seqs = flood(world)
    with browser(address, cookie, f"?after={first}") as slow:
        peak_bytes, ends_at_s = 0, time.monotonic() + STALLED_S
        while time.monotonic() < ends_at_s:
            peak_bytes = max(peak_bytes, web.memory_info().rss)
            time.sleep(0.05)
        for seq in seqs[-HINTS:]:
            pass_on(seq=seq, kind="hole.changed")
        read = list(events(slow, seqs[EVENTS // 2]))
        # nobody closes what is cut off
        slow.socket.shutdown(socket.SHUT_RDWR)
    assert peak_bytes - before_bytes < MEMORY_BYTES
    log_id = EventCounter.objects.get().log_id
    with browser(address, cookie, f"?after={read[-1]['seq']}&log_id={log_id}") as again:
        read += events(again, seqs[-1])
    assert [frame["seq"] for frame in read] == seqs
    resumed = EVENTS // 2 + 1
    gaps = [frame["seq"] for before, frame in pairwise(read) if frame["prev"] != before["seq"]]
    assert gaps == [seqs[resumed]], "only the new connection does not know what came before"
