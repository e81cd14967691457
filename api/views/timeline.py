"""Where the microscope's time went in a session: spans for drawing, and a table of them."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.timeline import TimelineSerializer
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.timeline import timeline

COLUMNS = ("lane", "what", "grid", "state", "begin_s", "end_s")


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
    """The same spans as CSV, one row each."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_timeline_table",
            summary="Where the time went, as CSV",
            answer=OpenApiTypes.STR,
            media_type="text/csv",
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        spans = timeline(SESSIONS.one(self.reader, key)).spans
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(
            ["" if (value := getattr(span, c)) is None else value for c in COLUMNS]
            for span in spans
        )
        return HttpResponse(
            text.getvalue(),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="timeline.csv"'},
        )
