"""The event log over plain HTTP: a long poll that resumes by `seq`, and one event in full."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems import Problem
from api.schema import Doc, single_serializer
from api.serializers.record import EventSerializer, EventsSerializer, WholeEventSerializer
from api.showing import all_shown
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.queries.events import (
    MOST_AT_ONCE,
    LogPosition,
    Topics,
    events_after,
    log_position,
    means_nothing,
    topics_of,
)
from smartscope.queries.visible import visible_events

LONGEST_WAIT_S = 25
LOOK_EVERY_S = 0.5

WHOLE_NUMBER = {"type": "integer", "minimum": 0}
PARAMETERS = [
    OpenApiParameter(
        "after", WHOLE_NUMBER, description="Events beyond this seq; the head if absent."
    ),
    OpenApiParameter("wait", {**WHOLE_NUMBER, "maximum": LONGEST_WAIT_S}, description="Seconds."),
    OpenApiParameter("log_id", str, description="The log `after` was counted in."),
    OpenApiParameter("session", str, description="Only of this session: id or name."),
    OpenApiParameter("topics", str, description="`session:…,microscope:…`"),
]


class Events(View):
    """Events beyond `after`, waiting for the first; `resync` says to read everything again."""

    tag = "events"
    docs = {
        "GET": Doc(
            operation_id="list_events",
            summary="Events beyond a position",
            answer=EventsSerializer,
            parameters=PARAMETERS,
        )
    }

    def get(self, request: Request) -> Response:
        topics = self._topics(request)
        position = log_position()
        after = _whole(request, "after", position.head_seq)
        until = time.monotonic() + min(_whole(request, "wait", 0), LONGEST_WAIT_S)
        if means_nothing(position, after, request.query_params.get("log_id")):
            return Response(_answer(position, [], resync=True))
        while not (found := events_after(self.reader, after, topics)):
            if time.monotonic() >= until:
                break
            # the connection goes back to the pool, which is smaller than the number of waiters
            connection.close()
            time.sleep(LOOK_EVERY_S)
        return Response(_answer(log_position(), found, resync=False))

    def _topics(self, request: Request) -> Topics:
        asked = [part for part in request.query_params.get("topics", "").split(",") if part]
        if session := request.query_params.get("session"):
            asked.append(f"session:{session}")
        return topics_of(self.reader, asked)


class Event(View):
    """One event with the values before and after."""

    tag = "events"
    docs = {
        "GET": Doc(
            operation_id="get_event",
            summary="One event in full",
            answer=single_serializer(WholeEventSerializer),
        )
    }

    def get(self, request: Request, seq: int) -> Response:
        event = visible_events(self.reader).filter(seq=seq).first() if seq < 2**63 else None
        if event is None:
            raise NotFound(f"There is no event {seq} that you may see.")
        return Response(WholeEventSerializer(event).data | {"as_of_seq": log_position().head_seq})


def _answer(position: LogPosition, events: Any, *, resync: bool) -> dict[str, Any]:
    return {
        "log_id": position.log_id,
        "oldest_seq": position.oldest_seq,
        "head_seq": position.head_seq,
        "resync": resync,
        "more": len(events) == MOST_AT_ONCE,
        "results": all_shown(EventSerializer, events),
    }


def _whole(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("validation_failed", f"{name}: must be a whole number.")
    return int(text)
