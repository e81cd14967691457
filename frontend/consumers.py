"""The live stream of events: what the log says, pushed to a browser, resumed by `seq`.

Each connection reads the log from its own position, so a slow browser costs one batch of memory
and a lost hint costs `look_every_s`. Rights are those of the moment an event is read; a connection
whose sign-in has ended is closed. A browser sends `subscribe` or `ping`, never passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseTrouble

from frontend.hints import GROUP
from frontend.signed_in import reader_signed_in
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.models import Event
from smartscope.queries.events import (
    LogPosition,
    Topics,
    events_after,
    log_position,
    means_nothing,
    topics_of,
    what_of,
)
from smartscope.queries.visible import NOBODY, Reader

LARGEST_MESSAGE = 16 * 1024
MESSAGES_PER_S = 10
STREAMS_PER_PERSON = 20

NOT_SIGNED_IN = 4401
REFUSED = 4403
UNUSABLE = 4400
TOO_MANY = 4429
TOO_BIG = 1009
TRY_AGAIN = 1013

log = logging.getLogger(__name__)


class EventStream(AsyncWebsocketConsumer):  # type: ignore[misc]
    """hello, then events with `seq` and `prev`; a heartbeat tells silence from loss."""

    look_every_s = 1.0
    heartbeat_every_s = 10.0
    check_every_s = 4.0

    open_streams: ClassVar[Counter[int]] = Counter()

    async def connect(self) -> None:
        self.reader: Reader = NOBODY
        self.pump: asyncio.Task[None] | None = None
        self.woken = asyncio.Event()
        self.received: list[float] = []
        if not _same_origin(self.scope):
            await self.close(REFUSED)
            return
        await self.accept()
        await self._begin()

    async def _begin(self) -> None:
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.reader = await database_sync_to_async(reader_signed_in)(self._session_key)
        if self.reader is NOBODY:
            await self.close(NOT_SIGNED_IN)
            return
        if self.open_streams[self._person] >= STREAMS_PER_PERSON:
            self.reader = NOBODY
            await self.close(TOO_MANY)
            return
        self.open_streams[self._person] += 1
        names = [name for name in query.get("topics", [""])[0].split(",") if name]
        after = query.get("after", [""])[0]
        if after and not (after.isascii() and after.isdigit() and len(after) < 18):
            await self.close(UNUSABLE)
            return
        if await self._subscribe(names):
            await self._hello(int(after) if after else None, query.get("log_id", [None])[0])
            await self.channel_layer.group_add(GROUP, self.channel_name)
            self.pump = asyncio.create_task(self._run())

    async def disconnect(self, code: int) -> None:
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.pump
            await self.channel_layer.group_discard(GROUP, self.channel_name)
        if self.reader is not NOBODY:
            self.open_streams[self._person] -= 1

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if bytes_data is not None or text_data is None:
            await self.close(UNUSABLE)
        elif len(text_data.encode()) > LARGEST_MESSAGE:
            await self.close(TOO_BIG)
        elif self._too_often():
            await self.close(TOO_MANY)
        else:
            await self._obey(text_data)

    async def event_committed(self, message: dict[str, Any]) -> None:
        """A hint that the log has grown; what it says is read from the log."""
        self.woken.set()

    async def _obey(self, text: str) -> None:
        match _parsed(text):
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "subscribe", "topics": list(names)} if all(
                isinstance(name, str) for name in names
            ):
                if await self._subscribe(names):
                    self.woken.set()
            case _:
                await self.close(UNUSABLE)

    async def _subscribe(self, names: list[str]) -> bool:
        """Take the whole list of topics; the first event after has no `prev`."""
        try:
            self.topics: Topics = await database_sync_to_async(topics_of)(self.reader, names)
        except InvalidInput:
            await self.close(UNUSABLE)
            return False
        except NotFound:
            await self.close(REFUSED)
            return False
        self.prev: int | None = None
        return True

    async def _hello(self, after: int | None, log_id: str | None) -> None:
        position = await database_sync_to_async(log_position)()
        self.log_id: UUID | None = position.log_id
        await self._send({"type": "hello", **_told(position)})
        self.position = position.head_seq if after is None else after
        if means_nothing(position, self.position, log_id):
            await self._resync(position)

    async def _resync(self, position: LogPosition) -> None:
        self.log_id, self.position, self.prev = position.log_id, position.head_seq, None
        await self._send({"type": "resync", **_told(position)})

    async def _run(self) -> None:
        """Stream until cancelled; a browser that loses its stream comes back by itself."""
        try:
            await self._stream()
        except DatabaseTrouble as problem:
            log.warning("A live stream ends, the database does not answer: %s", problem)
            await self.close(TRY_AGAIN)

    async def _stream(self) -> None:
        """Look, tell, wait for a hint or the next look; beat and check rights in between."""
        next_beat = time.monotonic() + self.heartbeat_every_s
        next_check = time.monotonic() + self.check_every_s
        while True:
            self.woken.clear()
            await self._tell()
            if time.monotonic() >= next_check:
                next_check = time.monotonic() + self.check_every_s
                if not await self._still_signed_in():
                    await self.close(NOT_SIGNED_IN)
                    return
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self.heartbeat_every_s
                await self._beat()
            rest_s = min(self.look_every_s, next_beat - time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.woken.wait(), max(0.0, rest_s))

    async def _tell(self) -> None:
        topics = self.topics
        events = await database_sync_to_async(events_after)(self.reader, self.position, topics)
        for event in events:
            if self.topics is not topics:
                # another list was asked for while these were read; it is told from here on
                break
            await self._send(_frame(event, self.prev))
            self.prev = self.position = event.seq
        else:
            if events:
                self.woken.set()

    async def _beat(self) -> None:
        position = await database_sync_to_async(log_position)()
        if position.log_id != self.log_id and self.log_id is not None:
            await self._resync(position)
        self.log_id = position.log_id
        await self._send({"type": "heartbeat", "head_seq": position.head_seq})

    async def _still_signed_in(self) -> bool:
        now = await database_sync_to_async(reader_signed_in)(self._session_key)
        if now.user_id != self.reader.user_id:
            return False
        self.reader = now
        return True

    def _too_often(self) -> bool:
        now = time.monotonic()
        self.received = [t for t in self.received if now - t < 1.0] + [now]
        return len(self.received) > MESSAGES_PER_S

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.send(json.dumps(frame))

    @property
    def _session_key(self) -> str | None:
        key: str | None = self.scope["session"].session_key
        return key

    @property
    def _person(self) -> int:
        return self.reader.user_id or 0


def _same_origin(scope: dict[str, Any]) -> bool:
    """Whether the page that asks is ours, scheme and port included; without Origin it is not."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin:
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    secure = settings.HTTPS or scope.get("scheme") == "wss"
    host = headers.get(b"host", b"").decode("latin-1")
    return (parts.scheme, parts.netloc) == ("https" if secure else "http", host)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _told(position: LogPosition) -> dict[str, Any]:
    return {
        "log_id": None if position.log_id is None else str(position.log_id),
        "oldest_seq": position.oldest_seq,
        "head_seq": position.head_seq,
    }


def _frame(event: Event, prev: int | None) -> dict[str, Any]:
    """Thin: what changed is read where it lives."""
    return {
        "type": "event",
        "seq": event.seq,
        "prev": prev,
        "kind": event.kind,
        "time": event.time.isoformat(),
        "microscope": _text(event.microscope),
        "session": _text(event.session),
        "grid": _text(event.grid),
        "subjects": event.subjects,
        "count": event.count,
        "changeset": _text(event.changeset),
        "actor": {"type": event.actor_type, "name": event.actor_name},
        "what": what_of(event),
        "reason": event.reason,
    }


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)
