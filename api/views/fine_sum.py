"""Ask for an exposure on pixels of half the side."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import EXPOSURES
from api.schema import SESSION_PARAMETER, Doc, single_serializer
from api.serializers.targets import ExposureSerializer
from api.views.base import View
from smartscope.operations.want_fine_sum import want_fine_sum
from smartscope.queries.events import head_seq


class ExposureFineSum(View):
    """Once made, or refused with a reason, it stays; asking again changes nothing."""

    tag = "exposures"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="want_fine_sum",
            summary="Have an exposure summed on pixels of half the side",
            answer=single_serializer(ExposureSerializer),
            status=202,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        exposure = EXPOSURES.one(self.reader, key, request.query_params.get("session"))
        want_fine_sum(self.actor, exposure.pk)
        shown = EXPOSURES.one(self.reader, str(exposure.pk))
        return Response(ExposureSerializer(shown).data | {"as_of_seq": head_seq()}, status=202)
