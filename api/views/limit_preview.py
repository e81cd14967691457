"""What a limit on a measured value would keep and lose of a grid, before it is set."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import GRIDS
from api.schema import SESSION_PARAMETER, Doc
from api.serializers.limit_preview import LimitPreviewSerializer, LimitQuery
from api.views.base import View
from smartscope.domain.selector_limits import Limits
from smartscope.queries.events import head_seq
from smartscope.queries.limit_preview import MEASURES, limit_preview

LIMIT_PARAMETERS = [
    OpenApiParameter("measure", str, required=True, enum=list(MEASURES)),
    OpenApiParameter("low", float, description="Inclusive; without it the range is open below."),
    OpenApiParameter("high", float, description="Inclusive; without it the range is open above."),
]


class GridLimitPreview(View):
    """Changes nothing: values are stored, classes follow from limits."""

    tag = "grids"
    docs = {
        "GET": Doc(
            operation_id="preview_grid_limit",
            summary="What a limit would keep and lose",
            answer=LimitPreviewSerializer,
            parameters=[*LIMIT_PARAMETERS, SESSION_PARAMETER],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        asked = {name: value for name, value in request.query_params.items() if name != "session"}
        query = LimitQuery(data=asked)
        query.is_valid(raise_exception=True)
        grid = GRIDS.one(self.reader, key, request.query_params.get("session"))
        measure = query.validated_data["measure"]
        limits = Limits(query.validated_data["low"], query.validated_data["high"])
        found = asdict(limit_preview(grid, measure, limits))
        body = found | {"measure": measure, "unit": MEASURES[measure].unit, "as_of_seq": as_of_seq}
        return Response(LimitPreviewSerializer(body).data)
