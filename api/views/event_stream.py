"""The event log as server-sent events: for scripts and browsers that cannot open a socket.

Only an ASGI process can hold such a stream; another says so. It follows the process's one reader of
the log. Rights are those of the moment, and a stream whose sign-in or token has ended is closed
within seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.db import Error as DatabaseTrouble
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import get_authorization_header
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from api.authentication import person_of_request
from api.problems import Problem
from api.schema import Doc
from api.serializers.record import EventSerializer
from api.showing import all_shown
from api.views.base import View
from smartscope.event_feed import PACE, EventFeed, Follower, event_feed
from smartscope.models import ApiToken
from smartscope.operations.tokens import use_token
from smartscope.queries.events import (
    LogPosition,
    Topics,
    log_position,
    means_nothing,
    topics_of,
)
from smartscope.queries.visible import NOBODY, Reader

STREAMS_PER_PERSON = 20
MEDIA_TYPE = "text/event-stream"

_open: Counter[int] = Counter()
log = logging.getLogger(__name__)


class _Any(BaseContentNegotiation):
    """A browser's EventSource accepts `text/event-stream`; a refusal is JSON all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), "application/json"


class EventStream(View):
    """`hello`, then each event with its `seq` as id; `Last-Event-ID` or `after` resumes."""

    content_negotiation_class = _Any
    tag = "events"
    docs = {
        "GET": Doc(
            operation_id="stream_events",
            summary="Events as they happen",
            answer=OpenApiTypes.STR,
            media_type=MEDIA_TYPE,
            parameters=[
                OpenApiParameter("after", str, description="Events beyond this seq."),
                OpenApiParameter("log_id", str, description="The log `after` was counted in."),
                OpenApiParameter("topics", str, description="`session:…,microscope:…`"),
            ],
        )
    }

    def get(self, request: Request) -> HttpResponseBase:
        if not hasattr(request, "scope"):
            raise Problem("not_acceptable", "Live streams are served by the ws process; ask there.")
        person = person_of_request(request).pk
        if _open[person] >= STREAMS_PER_PERSON:
            raise Problem("rate_limited", f"At most {STREAMS_PER_PERSON} streams per person.")
        names = [one for one in request.query_params.get("topics", "").split(",") if one]
        topics = topics_of(self.reader, names)
        after = _position(request)
        by_token = isinstance(request.auth, ApiToken)
        key = None if by_token else request.session.session_key
        stream = _Stream(
            follower=Follower(self.reader, session_key=key),
            still=_owner_of_the_token(request) if by_token else None,
            topics=topics,
            log_id=request.query_params.get("log_id"),
        )
        return StreamingHttpResponse(
            stream.frames(person, after),
            content_type=MEDIA_TYPE,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


class _Stream:
    """One connection, from its own position; a token's rights are asked for here."""

    def __init__(
        self,
        *,
        follower: Follower,
        still: Callable[[], Reader] | None,
        topics: Topics,
        log_id: str | None,
    ) -> None:
        self._follower, self._still, self._topics = follower, still, topics
        self._person = follower.reader.user_id
        self._log_id = log_id

    async def frames(self, person: int, after: int | None) -> AsyncIterator[bytes]:
        """Until the sign-in ends, the log cannot be read or the client goes."""
        _open[person] += 1
        try:
            position = await database_sync_to_async(log_position)()
            yield _frame("hello", _told(position))
            at = position.head_seq if after is None else after
            if means_nothing(position, at, self._log_id):
                at = position.head_seq
                yield _frame("resync", _told(position))
            feed = event_feed()
            async with feed.followed(self._follower):
                async for frame in self._events(feed, at):
                    yield frame
        except DatabaseTrouble as problem:
            log.warning("A stream of events ends, the database does not answer: %s", problem)
        finally:
            _open[person] -= 1

    async def _events(self, feed: EventFeed, at: int) -> AsyncIterator[bytes]:
        prev: int | None = None
        beats = feed.beats
        next_check_s = time.monotonic() + PACE.check_every_s
        while not self._follower.lost:
            self._follower.woken.clear()
            if self._still is not None and time.monotonic() >= next_check_s:
                next_check_s = time.monotonic() + PACE.check_every_s
                self._follower.reader = await database_sync_to_async(self._still)()
            if self._follower.reader.user_id != self._person:
                return
            if feed.beats != beats and feed.position is not None:
                beats = feed.beats
                yield _frame("heartbeat", {"head_seq": feed.position.head_seq})
            batch = await feed.after(at, self._follower.reader, self._topics)
            for event in all_shown(EventSerializer, batch.events):
                yield _frame("event", {**event, "prev": prev}, seq=event["seq"])
                prev = event["seq"]
            at = batch.position
            if not batch.events:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._follower.woken.wait(), PACE.check_every_s)


def _owner_of_the_token(request: Request) -> Callable[[], Reader]:
    """How to ask again, later, whose eyes a script's stream has."""
    secret = get_authorization_header(request).split()[1].decode("latin-1")

    def by_token() -> Reader:
        token = use_token(secret)
        if token is None or "read" not in token.scopes:
            return NOBODY
        owner = token.owner
        return Reader(owner.pk, sees_everything=owner.is_staff or owner.is_superuser)

    return by_token


def _position(request: Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query_params.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("validation_failed", "after: must be a whole number.")
    return int(text)


def _frame(kind: str, data: dict[str, Any], seq: int | None = None) -> bytes:
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(data, default=str)}\n\n".encode()


def _told(position: LogPosition) -> dict[str, Any]:
    return {
        "log_id": None if position.log_id is None else str(position.log_id),
        "oldest_seq": position.oldest_seq,
        "head_seq": position.head_seq,
    }
