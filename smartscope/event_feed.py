"""One reader of the event log for all live streams of a process, however many are open.

It reads what the log has grown by, asks once who may see that, and keeps the newest of it. A stream
takes from there what lies beyond its own position; one that lags behind reads the log by itself,
so a slow browser costs one batch of memory. Hints only make the reader look sooner than it would.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connections
from redis.exceptions import RedisError

from smartscope.models import Event
from smartscope.queries.audience import Groups, People, audience_of, groups_of, reaches
from smartscope.queries.events import (
    MOST_AT_ONCE,
    LogPosition,
    Topics,
    events_after,
    log_position,
)
from smartscope.queries.visible import THE_SERVICE, Reader
from smartscope.signed_in import readers_signed_in

GROUP = "events"
#: events kept for the streams
KEPT = 1_000
#: open at once in one process; who comes later is told to come back
MOST_STREAMS = 1_000

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pace:
    """Seconds: between looks without a hint, at least between any two, to the next check."""

    look_every_s: float = 1.0
    rest_s: float = 0.1
    check_every_s: float = 3.5
    beat_every_s: float = 10.0
    #: a group of the broker forgets who does not come back within a day
    rejoin_every_s: float = 3_600.0


PACE = Pace()


@dataclass(eq=False, slots=True)
class Follower:
    """One stream: rights are renewed for a key of a sign-in; `lost` when the reader has ended.

    With `groups`, those of its person, it is also lost once they are others.
    """

    reader: Reader
    session_key: str | None = None
    groups: Groups | None = None
    lost: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a stream is to be told, and the position that it has read up to."""

    events: list[Event]
    position: int


class EventFeed:
    """Reads while anybody follows; belongs to one event loop."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()
        self._kept: deque[tuple[Event, People]] = deque(maxlen=KEPT)
        self._since = 0
        self._head = 0
        self._hint = asyncio.Event()
        self._broken = False
        self._ready: asyncio.Future[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._thread: ThreadPoolExecutor | None = None
        #: where the log stood at the last beat, and how many beats there were
        self.position: LogPosition | None = None
        self.beats = 0

    @contextlib.asynccontextmanager
    async def followed(self, follower: Follower) -> AsyncIterator[None]:
        """Wake this follower from now on; it is lost at once where there are too many already.

        Raises DatabaseTrouble when the log cannot be read.
        """
        if len(self._followers) >= MOST_STREAMS:
            log.warning("A live stream is refused: %d are open", len(self._followers))
            follower.lost = True
            yield
            return
        if not self._followers:
            self._begin()
        self._followers.add(follower)
        ready = self._ready
        try:
            assert ready is not None
            await asyncio.shield(ready)
            follower.lost |= self._broken
            yield
        finally:
            self._followers.discard(follower)
            if not self._followers and self._ready is ready:
                await self._end()

    async def after(self, position: int, reader: Reader, topics: Topics) -> Batch:
        """What lies beyond this position, is about these topics, and this reader may see."""
        head = self._head
        if position >= self._since:
            return Batch(self._of_the_kept(position, reader, topics), max(position, head))
        found = list(await database_sync_to_async(events_after)(reader, position, topics))
        whole = len(found) < MOST_AT_ONCE
        return Batch(found, max(position, head) if whole else found[-1].seq)

    def _of_the_kept(self, position: int, reader: Reader, topics: Topics) -> list[Event]:
        found = []
        for event, people in reversed(self._kept):
            if event.seq <= position:
                break
            if reaches(reader, people) and topics.cover(event):
                found.append(event)
        return found[::-1]

    def _begin(self) -> None:
        self._broken = False
        self._hint.clear()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-feed")
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        # not in the context of the first stream, whose end must not end this
        self._tasks = [
            loop.create_task(one, context=Context())
            for one in (self._read_on(self._ready), self._take_hints())
        ]

    async def _end(self) -> None:
        """A stream that is cancelled meanwhile waits all the same: nothing is left behind."""
        tasks, thread = self._tasks, self._thread
        self._tasks, self._thread, self._ready = [], None, None
        ended = asyncio.ensure_future(_ended(tasks, thread))
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            await ended
            raise

    async def _read_on(self, ready: asyncio.Future[None]) -> None:
        """Until nobody follows; whoever follows a reader that ended is told to come back."""
        try:
            self._go_to(await self._asked(log_position))
            ready.set_result(None)
            await self._keep_up()
        except DatabaseTrouble as problem:
            log.warning("The live streams end, the database does not answer: %s", problem)
            if not ready.done():
                ready.set_exception(problem)
        finally:
            self._broken = True
            for one in self._followers:
                one.lost = True
                one.woken.set()

    def _go_to(self, position: LogPosition) -> None:
        self.position = position
        self._kept.clear()
        self._head = self._since = position.head_seq

    async def _keep_up(self) -> None:
        """Look, tell, wait for a hint or the next look; beat and check rights in between."""
        now_s = time.monotonic()
        next_beat_s, next_check_s = now_s + PACE.beat_every_s, now_s + PACE.check_every_s
        ready = self._ready
        while self._ready is ready:
            self._hint.clear()
            changed = await self._read()
            if time.monotonic() >= next_check_s:
                next_check_s = time.monotonic() + PACE.check_every_s
                changed |= await self._renew_rights()
            if time.monotonic() >= next_beat_s:
                next_beat_s = time.monotonic() + PACE.beat_every_s
                await self._beat()
                changed = True
            if changed:
                for one in self._followers:
                    one.woken.set()
            await asyncio.sleep(PACE.rest_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hint.wait(), PACE.look_every_s)

    async def _beat(self) -> None:
        """Where the log stands; another log, after a restore, is read from its end."""
        before, now = self.position, await self._asked(log_position)
        if before is not None and before.log_id is not None and before.log_id != now.log_id:
            self._go_to(now)
        self.position = now
        self.beats += 1

    async def _read(self) -> bool:
        """Take in what the log has grown by; whether it has."""
        found = await self._asked(_told_after, self._head)
        for one in found:
            if len(self._kept) == KEPT:
                self._since = self._kept[0][0].seq
            self._kept.append(one)
            self._head = one[0].seq
        if len(found) == MOST_AT_ONCE:
            self._hint.set()
        return bool(found)

    async def _renew_rights(self) -> bool:
        """Ask who is still signed in; whether anybody's rights are others than before."""
        followers = [one for one in self._followers if one.session_key is not None]
        keys = {one.session_key for one in followers if one.session_key is not None}
        if not keys:
            return False
        readers = await self._asked(readers_signed_in, keys)
        people = {one.user_id for one in readers.values() if one.user_id is not None}
        groups = await self._asked(groups_of, people)
        changed = False
        for one in followers:
            now = readers[one.session_key or ""]
            moved = now == one.reader and one.groups not in (None, groups.get(now.user_id or 0))
            one.lost |= moved
            changed |= moved or now != one.reader
            one.reader = now
        return changed

    async def _take_hints(self) -> None:
        """Without the broker the log is looked at all the same."""
        layer = get_channel_layer()
        while layer is not None:
            try:
                channel = await layer.new_channel()
                try:
                    await self._take_hints_from(layer, channel)
                finally:
                    await layer.group_discard(GROUP, channel)
            except (RedisError, OSError) as problem:
                log.warning("No hints of events, the broker does not answer: %s", problem)
                await asyncio.sleep(PACE.beat_every_s)

    async def _take_hints_from(self, layer: Any, channel: str) -> None:
        while True:
            await layer.group_add(GROUP, channel)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PACE.rejoin_every_s):
                    while True:
                        await layer.receive(channel)
                        self._hint.set()

    async def _asked(self, function: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """On the feed's own thread; a connection is kept no longer than the settings say."""

        def ask() -> T:
            close_old_connections()
            try:
                return function(*args, **more)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._thread, ask)


async def _ended(tasks: list[asyncio.Task[None]], thread: ThreadPoolExecutor | None) -> None:
    """A connection that is just being made may swallow a cancellation, so it is told again."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.1)
    if thread is not None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(thread, connections.close_all)
        thread.shutdown()


def _told_after(position: int) -> list[tuple[Event, People]]:
    events = events_after(THE_SERVICE, position, Topics())
    people = audience_of(events)
    return [(one, people[one.seq]) for one in events]


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, EventFeed] = WeakKeyDictionary()


def event_feed() -> EventFeed:
    """The feed of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = EventFeed()
    return _feeds[loop]
