"""The journal as a table to download."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from api.resources import STEPS
from api.schema import Doc, filter_parameters
from api.tables import CSV, csv_answer, parquet_answer, parquet_doc
from api.views.base import View
from api.views.pictures import Whatever
from smartscope.queries.journal import COLUMNS, journal_lines


class JournalTable(View):
    """Steps that match the filters of `steps`, one line per image."""

    content_negotiation_class = Whatever
    tag = "steps"
    docs = {
        "GET": Doc(
            operation_id="download_steps",
            summary="The journal as CSV",
            answer=OpenApiTypes.STR,
            parameters=filter_parameters(STEPS.filters),
            media_type=CSV,
        )
    }

    def get(self, request: Request) -> HttpResponse:
        return csv_answer("journal", COLUMNS, self.rows(request))

    def rows(self, request: Request) -> list[list[Any]]:
        lines = journal_lines(STEPS.narrowed(self.reader, request.query_params))
        return [[line.get(column) for column in COLUMNS] for line in lines]


class JournalParquet(JournalTable):
    """Steps that match the filters of `steps`, one line per image."""

    docs = {"GET": parquet_doc(JournalTable.docs["GET"])}

    def get(self, request: Request) -> HttpResponse:
        return parquet_answer("journal", COLUMNS, self.rows(request))
