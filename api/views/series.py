"""Exposures of a grid or a session as columns for plots, and what waits to be analysed."""

from __future__ import annotations

from dataclasses import asdict

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from api.after_seq import after_seq_of
from api.resources import GRIDS, SESSIONS
from api.schema import SESSION_PARAMETER, Doc
from api.serializers.series import BacklogSerializer, SeriesSerializer
from api.views.base import View
from smartscope.queries.backlog import backlog
from smartscope.queries.events import head_seq
from smartscope.queries.series import grid_series, session_series

AFTER_SEQ = OpenApiParameter(
    "after_seq", int, description="Only exposures that changed since that event, known by `ids`."
)


class GridSeries(View):
    """What was measured in a grid's exposures, one column each."""

    tag = "grids"
    docs = {
        "GET": Doc(
            operation_id="get_grid_series",
            summary="Exposures as columns",
            answer=SeriesSerializer,
            parameters=[AFTER_SEQ, SESSION_PARAMETER],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq, after_seq = head_seq(), after_seq_of(request)
        grid = GRIDS.one(self.reader, key, request.query_params.get("session"))
        return Response({"as_of_seq": as_of_seq} | grid_series(grid, after_seq=after_seq))


class SessionSeries(View):
    """What was measured in the exposures of all grids of a session, one column each."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_series",
            summary="Exposures as columns",
            answer=SeriesSerializer,
            parameters=[AFTER_SEQ],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq, after_seq = head_seq(), after_seq_of(request)
        session = SESSIONS.one(self.reader, key)
        return Response({"as_of_seq": as_of_seq} | session_series(session, after_seq=after_seq))


class SessionBacklog(View):
    """How many images of a session wait to be analysed, and since when."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_backlog",
            summary="What waits to be analysed",
            answer=BacklogSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq, now = head_seq(), timezone.now()
        waiting = [
            asdict(each)
            | {
                "oldest_age_s": None
                if each.oldest_at is None
                else max(0.0, (now - each.oldest_at).total_seconds())
            }
            for each in backlog(SESSIONS.one(self.reader, key))
        ]
        return Response(BacklogSerializer({"waiting": waiting, "as_of_seq": as_of_seq}).data)
