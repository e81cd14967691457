"""The live stream of events: what the log says, pushed to a browser, resumed by `seq`.

Each connection follows the process's one reader of the log from its own position. Rights are those
of the moment an event is read; a connection whose sign-in has ended is closed, and so is one whose
person's groups are others than when it was opened: it comes back, and sees what it may. A browser
sends `subscribe` or `ping`, never passed on.
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

from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.event_feed import EventFeed, Follower, event_feed
from smartscope.models import Event
from smartscope.queries.audience import groups_of
from smartscope.queries.events import (
    LogPosition,
    Topics,
    log_position,
    means_nothing,
    topics_of,
    what_of,
)
from smartscope.queries.visible import NOBODY, Reader
from smartscope.signed_in import reader_signed_in

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

    open_streams: ClassVar[Counter[int]] = Counter()

    #: hints go to the one reader of the process, not to each of its streams
    channel_layer_alias = None

    async def connect(self) -> None:
        self.follower = Follower(NOBODY)
        self.counted = NOBODY
        self.pump: asyncio.Task[None] | None = None
        self.received: list[float] = []
        if not _same_origin(self.scope):
            await self.close(REFUSED)
            return
        await self.accept()
        await self._begin()

    async def _begin(self) -> None:
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        after = query.get("after", [""])[0]
        if after and not (after.isascii() and after.isdigit() and len(after) < 18):
            await self.close(UNUSABLE)
            return
        key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        reader = await database_sync_to_async(reader_signed_in)(key)
        if reader is NOBODY:
            await self.close(NOT_SIGNED_IN)
            return
        if self.open_streams[_person(reader)] >= STREAMS_PER_PERSON:
            await self.close(TOO_MANY)
            return
        self.open_streams[_person(reader)] += 1
        person = _person(reader)
        groups = (await database_sync_to_async(groups_of)([person]))[person]
        self.counted, self.follower = reader, Follower(reader, session_key=key, groups=groups)
        names = [name for name in query.get("topics", [""])[0].split(",") if name]
        if await self._subscribe(names):
            await self._hello(int(after) if after else None, query.get("log_id", [None])[0])
            self.pump = asyncio.create_task(self._run())

    async def disconnect(self, code: int) -> None:
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.pump
        if self.counted is not NOBODY:
            self.open_streams[_person(self.counted)] -= 1

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if bytes_data is not None or text_data is None:
            await self.close(UNUSABLE)
        elif len(text_data.encode()) > LARGEST_MESSAGE:
            await self.close(TOO_BIG)
        elif self._too_often():
            await self.close(TOO_MANY)
        else:
            await self._obey(text_data)

    async def _obey(self, text: str) -> None:
        match _parsed(text):
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "subscribe", "topics": list(names)} if all(
                isinstance(name, str) for name in names
            ):
                await self._subscribe(names)
            case _:
                await self.close(UNUSABLE)

    async def _subscribe(self, names: list[str]) -> bool:
        """Take the whole list of topics; the first event after has no `prev`."""
        try:
            asked = database_sync_to_async(topics_of)
            self.topics: Topics = await asked(self.follower.reader, names)
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
        feed = event_feed()
        try:
            async with feed.followed(self.follower):
                await self._stream(feed)
        except DatabaseTrouble as problem:
            log.warning("A live stream ends, the database does not answer: %s", problem)
            await self.close(TRY_AGAIN)

    async def _stream(self, feed: EventFeed) -> None:
        """Tell what is new, and whenever the feed beats; end with the sign-in or with the feed."""
        beats = feed.beats
        while not self.follower.lost:
            self.follower.woken.clear()
            if self.follower.reader.user_id != self.counted.user_id:
                await self.close(NOT_SIGNED_IN)
                return
            if feed.beats != beats and feed.position is not None:
                beats = feed.beats
                await self._beat(feed.position)
            if await self._tell(feed):
                continue
            await self.follower.woken.wait()
        await self.close(TRY_AGAIN)

    async def _tell(self, feed: EventFeed) -> bool:
        """Send what lies beyond this stream's position; whether there may be more at once."""
        topics = self.topics
        batch = await feed.after(self.position, self.follower.reader, topics)
        for event in batch.events:
            if self.topics is not topics:
                # another list was asked for while these were told; it holds from here on
                return True
            await self._send(_frame(event, self.prev))
            self.prev = self.position = event.seq
        self.position = batch.position
        return bool(batch.events)

    async def _beat(self, position: LogPosition) -> None:
        if position.log_id != self.log_id and self.log_id is not None:
            await self._resync(position)
        self.log_id = position.log_id
        await self._send({"type": "heartbeat", "head_seq": position.head_seq})

    def _too_often(self) -> bool:
        now = time.monotonic()
        self.received = [t for t in self.received if now - t < 1.0] + [now]
        return len(self.received) > MESSAGES_PER_S

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.send(json.dumps(frame))


def _person(reader: Reader) -> int:
    return reader.user_id or 0


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
