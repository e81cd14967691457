"""The morning report of a session, for programs: everything as JSON, the ranking as a table."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.report import SessionReportSerializer
from api.tables import CSV, csv_answer, parquet_answer, parquet_doc
from api.views.base import View
from api.views.pictures import Whatever
from smartscope.queries.report.plain import COLUMNS, as_mapping, as_rows
from smartscope.queries.report.session_report import session_report


class SessionReport(View):
    """Ranking with reasons, what happened overnight, and what is missing of it."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_report",
            summary="The morning report",
            answer=SessionReportSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        report = session_report(SESSIONS.one(self.reader, key))
        return Response(SessionReportSerializer(as_mapping(report)).data)


class SessionReportTable(View):
    """One row per grid, best first."""

    content_negotiation_class = Whatever
    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_report_table",
            summary="The ranking as CSV",
            answer=OpenApiTypes.STR,
            media_type=CSV,
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        return csv_answer("report", COLUMNS, self.rows(key))

    def rows(self, key: str) -> list[list[Any]]:
        return as_rows(session_report(SESSIONS.one(self.reader, key)))


class SessionReportParquet(SessionReportTable):
    """One row per grid, best first."""

    docs = {"GET": parquet_doc(SessionReportTable.docs["GET"])}

    def get(self, request: Request, key: str) -> HttpResponse:
        return parquet_answer("report", COLUMNS, self.rows(key))
