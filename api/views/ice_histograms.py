"""How thick the ice is on the grids of a session."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.ice_histograms import IceHistogramsSerializer
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.ice_histograms import BIN_NM, ice_histograms


class SessionIce(View):
    """Holes of each grid counted by their ice thickness."""

    tag = "sessions"
    docs = {
        "GET": Doc(
            operation_id="get_session_ice",
            summary="Ice thickness of each grid",
            answer=IceHistogramsSerializer,
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        grids = ice_histograms(SESSIONS.one(self.reader, key))
        body = {"bin_nm": BIN_NM, "grids": grids, "as_of_seq": as_of_seq}
        return Response(IceHistogramsSerializer(body).data)
