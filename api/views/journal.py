"""The journal as a table to download."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from api.resources import STEPS
from api.schema import Doc, filter_parameters
from api.views.base import View
from smartscope.queries.journal import COLUMNS, journal_lines

#: a cell that begins so would be a formula to a spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class JournalTable(View):
    """Steps that match the filters of `steps`, one line per image, as comma-separated values."""

    tag = "steps"
    docs = {
        "GET": Doc(
            operation_id="download_steps",
            summary="The journal as CSV",
            answer=OpenApiTypes.STR,
            parameters=filter_parameters(STEPS.filters),
            media_type="text/csv",
        )
    }

    def get(self, request: Request) -> HttpResponse:
        steps = STEPS.narrowed(self.reader, request.query_params)
        return HttpResponse(
            _table(journal_lines(steps)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="journal.csv"'},
        )


def _table(lines: Iterator[dict[str, Any]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is marked as text."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
