"""Particles to take away: asked for, followed, fetched."""

from __future__ import annotations

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.asked_resources import EXPORTS
from api.idempotency import once
from api.problems import Problem
from api.resources import GRIDS
from api.schema import IDEMPOTENCY_KEY, SESSION_PARAMETER, Doc
from api.serializers.exports import ExportBody, ExportSerializer
from api.views.base import View
from api.views.pictures import Whatever
from smartscope.domain.errors import NotFound
from smartscope.domain.status import AnalysisState
from smartscope.models import ExportFormat
from smartscope.operations.exports import ExportAsked, want_export
from smartscope.storage.current import current_store


class GridExports(View):
    """A worker writes it; at most two of one person's are under way at once."""

    tag = "exports"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="want_export",
            summary="Have particles written to a file",
            body=ExportBody,
            answer=ExportSerializer,
            status=202,
            parameters=[IDEMPOTENCY_KEY, SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        grid = GRIDS.one(self.reader, key, request.query_params.get("session"))
        body = ExportBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        asked = ExportAsked(
            format=ExportFormat(data["format"]),
            exposures=data.get("exposures"),
            box_px=data.get("box_px"),
            binning=data["binning"],
        )

        def carry_out() -> Response:
            export = want_export(self.actor, grid.pk, asked)
            return Response(ExportSerializer(export).data, status=202)

        return once(request, carry_out)


class ExportFile(View):
    """A ZIP with a note of what its numbers mean; its SHA-256 is the export's."""

    content_negotiation_class = Whatever
    tag = "exports"
    docs = {
        "GET": Doc(
            operation_id="download_export",
            summary="The file itself",
            answer=OpenApiTypes.BINARY,
            media_type="application/zip",
        )
    }

    def get(self, request: Request, key: str) -> FileResponse:
        export = EXPORTS.one(self.reader, key)
        not_there = Problem("not_derived_yet", "This file is not written yet; ask again later.")
        if export.state != AnalysisState.DONE:
            raise not_there
        try:
            stream = current_store().open(export.key)
        except NotFound:
            raise not_there from None
        name = f"{export.grid.slug}-{export.format}.zip"
        return FileResponse(
            stream, as_attachment=True, filename=name, content_type="application/zip"
        )
