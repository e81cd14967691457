"""How much room is left for images, and for how long it is enough."""

from __future__ import annotations

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import Doc
from api.serializers.storage_room import StorageRoomSerializer
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.storage_room import storage_room


class Storage(View):
    """Free room and how fast it is filled; no group's data."""

    docs = {
        "GET": Doc(
            operation_id="get_storage",
            summary="Room for images",
            answer=StorageRoomSerializer,
        )
    }

    def get(self, request: Request) -> Response:
        as_of_seq = head_seq()
        return Response(
            StorageRoomSerializer(asdict(storage_room()) | {"as_of_seq": as_of_seq}).data
        )
