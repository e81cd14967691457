"""Where the microscope's time went in a session: spans for drawing, and a table of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.timeline import TimelineSerializer
from api.tables import CSV, csv_answer, parquet_answer, parquet_doc
from api.views.base import View
from api.views.pictures import Whatever
from smartscope.queries.events import head_seq
from smartscope.queries.timeline import timeline

COLUMNS = {
    "lane": str,
    "what": str,
    "grid": str,
    "target": str,
    "state": str,
    "begin_s": float,
    "end_s": float,
    "simulated": bool,
}


class SessionTimeline(View):
    """Steps, analyses and waits of every run of the session."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_timeline",
            summary="Where the time went",
            answer=TimelineSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        values = asdict(timeline(SESSIONS.one(self.reader, key)))
        return Response(TimelineSerializer(values | {"as_of_seq": as_of_seq}).data)


class SessionTimelineTable(View):
    """The same spans as a table, one row each."""

    content_negotiation_class = Whatever
    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_timeline_table",
            summary="Where the time went, as CSV",
            answer=OpenApiTypes.STR,
            media_type=CSV,
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        return csv_answer("timeline", COLUMNS, self.rows(key))

    def rows(self, key: str) -> list[list[Any]]:
        session = SESSIONS.one(self.reader, key)
        simulated = session.microscope.simulated
        return [
            [simulated if column == "simulated" else getattr(span, column) for column in COLUMNS]
            for span in timeline(session).spans
        ]


class SessionTimelineParquet(SessionTimelineTable):
    """The same spans as a table, one row each."""

    docs = {"GET": parquet_doc(SessionTimelineTable.docs["GET"])}

    def get(self, request: Request, key: str) -> HttpResponse:
        return parquet_answer("timeline", COLUMNS, self.rows(key))
