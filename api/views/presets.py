"""Protocols under a name: everybody plans with them, the facility's staff keep them."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import is_uuid
from api.schema import Doc
from api.serializers.planning import PresetBody, PresetsSerializer
from api.serializers.protocol import parameters_in
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.operations.presets import delete_preset, save_preset
from smartscope.queries.presets import presets

KEEPS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "PUT": "plan", "DELETE": "plan"}


class Presets(View):
    """The service's own protocols and the facility's, each with what it changes of the default."""

    tag = "protocols"
    scopes = KEEPS
    docs = {
        "GET": Doc(
            operation_id="list_protocols", summary="Named protocols", answer=PresetsSerializer
        ),
        "PUT": Doc(
            operation_id="save_protocol",
            summary="Keep a protocol under its name",
            body=PresetBody,
            answer=PresetsSerializer,
        ),
    }

    def get(self, request: Request) -> Response:
        return Response(PresetsSerializer({"results": presets()}).data)

    def put(self, request: Request) -> Response:
        body = PresetBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        save_preset(
            self.actor,
            name=data["name"],
            description=data["description"],
            parameters=parameters_in(dict(data)),
            is_default=data["is_default"],
        )
        return Response(PresetsSerializer({"results": presets()}).data)


class OnePreset(View):
    """Plans made from it stay as they are."""

    tag = "protocols"
    scopes = KEEPS
    docs = {
        "DELETE": Doc(operation_id="delete_protocol", summary="Forget a named protocol", status=204)
    }

    def delete(self, request: Request, key: str) -> Response:
        if not is_uuid(key):
            raise NotFound("There is no such preset; the service's own cannot be deleted.")
        delete_preset(self.actor, UUID(key))
        return Response(status=204)
