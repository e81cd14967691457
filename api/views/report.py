"""The morning report of a session, for programs: everything as JSON, the ranking as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.report import SessionReportSerializer
from api.views.base import View
from smartscope.queries.report.plain import COLUMNS, as_mapping, as_rows
from smartscope.queries.report.session_report import session_report

#: a cell that begins like this would be taken for a formula
FORMULA = ("=", "+", "-", "@", "\t", "\r")


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

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_report_table",
            summary="The ranking as CSV",
            answer=OpenApiTypes.STR,
            media_type="text/csv",
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        session = SESSIONS.one(self.reader, key)
        return HttpResponse(
            _csv([COLUMNS, *as_rows(session_report(session))]),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="report.csv"'},
        )


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run is kept as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
