"""Wishes for a microscope; a request never touches the instrument."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import once
from api.resources import COMMANDS, MICROSCOPES
from api.schema import IDEMPOTENCY_KEY, Doc, list_parameters, page_serializer, single_serializer
from api.serializers.commands import CommandBody
from api.serializers.record import CommandSerializer
from api.throttles import CommandRate, RequestRateButStops
from api.views.base import View
from api.views.reading import ListView
from smartscope.operations.wish_command import wish_command
from smartscope.queries.events import head_seq

OPERATES = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "operate"}


class Commands(ListView):
    """What was wished of a microscope and what became of it; a new wish answers 202."""

    resource = COMMANDS
    tag = "microscopes"
    scopes = OPERATES
    throttle_classes = (RequestRateButStops, CommandRate)
    docs = {
        "GET": Doc(
            operation_id="list_commands",
            summary="List commands",
            answer=page_serializer(CommandSerializer),
            parameters=list_parameters(COMMANDS.filters, COMMANDS.sorts),
        ),
        "POST": Doc(
            operation_id="wish_command",
            summary="Wish something of the microscope",
            body=CommandBody,
            answer=single_serializer(CommandSerializer),
            status=202,
            parameters=[IDEMPOTENCY_KEY],
            problems=(422,),
        ),
    }

    def below(self, **path: str) -> dict[str, Any]:
        return {"microscope": MICROSCOPES.one(self.reader, path["key"]).pk}

    def post(self, request: Request, key: str) -> Response:
        return once(request, lambda: self._wished(request, key))

    def _wished(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        body = CommandBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        command = wish_command(self.actor, microscope.pk, data["type"], data["arguments"])
        return _shown(command)


class OneCommand(View):
    """One wish and what became of it."""

    tag = "microscopes"
    docs = {
        "GET": Doc(
            operation_id="get_command",
            summary="One command",
            answer=single_serializer(CommandSerializer),
        )
    }

    def get(self, request: Request, key: str, command: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        found = COMMANDS.one(self.reader, command, within={"microscope": microscope.pk})
        return Response(CommandSerializer(found).data | {"as_of_seq": head_seq()})


def _shown(command: Any) -> Response:
    return Response(CommandSerializer(command).data | {"as_of_seq": head_seq()}, status=202)
