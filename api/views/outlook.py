"""Why a microscope stands as it does, what it waits for since when, and what it will do next."""

from __future__ import annotations

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import MICROSCOPES
from api.schema import Doc
from api.serializers.outlook import OutlookSerializer
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.outlook import outlook


class MicroscopeOutlook(View):
    """Asks the same planner as the bridge, and changes nothing."""

    tag = "microscopes"
    docs = {
        "GET": Doc(
            operation_id="get_outlook",
            summary="What it does, and what comes next",
            answer=OutlookSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        microscope = MICROSCOPES.one(self.reader, key)
        shown = asdict(outlook(microscope, self.reader))
        body = shown.pop("present") | shown | {"as_of_seq": as_of_seq}
        return Response(OutlookSerializer(body).data)
