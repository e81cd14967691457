"""Who is at the helm of a microscope: take it, hand it back, ask for it, answer who asks.

A lease between people; stopping needs none. The bridge's own lease fences processes.
"""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import MICROSCOPES
from api.schema import Doc
from api.serializers.driving import AnswerLeaseBody, DriverLeaseSerializer, TakeLeaseBody
from api.views.base import View
from smartscope.operations.ask_for_driver_lease import (
    answer_driver_request,
    ask_for_driver_lease,
    release_driver_lease,
)
from smartscope.operations.take_driver_lease import force_driver_lease, take_driver_lease
from smartscope.queries.events import head_seq
from smartscope.queries.helm import helm_shown

DRIVES = dict.fromkeys(("PUT", "POST", "DELETE"), "operate")
READS = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}


class _Helm(View):
    """Answers every call with the lease as it stands then."""

    tag = "microscopes"
    scopes = READS | DRIVES

    def _shown(self, microscope: UUID) -> Response:
        seq = head_seq()
        shown = helm_shown(self.actor, microscope)
        return Response(DriverLeaseSerializer(shown | {"as_of_seq": seq}).data)


class DriverLease(_Helm):
    """The helm: read it, take or renew it for ten minutes, hand it back."""

    docs = {
        "GET": Doc(
            operation_id="get_driver_lease",
            summary="Who is at the helm",
            answer=DriverLeaseSerializer,
        ),
        "PUT": Doc(
            operation_id="take_driver_lease",
            summary="Take or renew the helm",
            body=TakeLeaseBody,
            answer=DriverLeaseSerializer,
        ),
        "DELETE": Doc(
            operation_id="release_driver_lease",
            summary="Hand the helm back",
            answer=DriverLeaseSerializer,
        ),
    }

    def get(self, request: Request, key: str) -> Response:
        return self._shown(MICROSCOPES.one(self.reader, key).pk)

    def put(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        body = TakeLeaseBody(data=request.data or {})
        body.is_valid(raise_exception=True)
        data = body.validated_data
        if data["force"]:
            force_driver_lease(self.actor, microscope.pk, reason=data["reason"])
        else:
            take_driver_lease(self.actor, microscope.pk)
        return self._shown(microscope.pk)

    def delete(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        release_driver_lease(self.actor, microscope.pk)
        return self._shown(microscope.pk)


class DriverLeaseRequest(_Helm):
    """Ask whoever is at the helm for it; 30 s without an answer, and you may take it."""

    docs = {
        "POST": Doc(
            operation_id="ask_for_driver_lease",
            summary="Ask for the helm",
            answer=DriverLeaseSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        ask_for_driver_lease(self.actor, microscope.pk)
        return self._shown(microscope.pk)


class DriverLeaseAnswer(_Helm):
    """Hand the helm over to whoever asks, or refuse."""

    docs = {
        "POST": Doc(
            operation_id="answer_driver_request",
            summary="Hand over, or refuse",
            body=AnswerLeaseBody,
            answer=DriverLeaseSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        body = AnswerLeaseBody(data=request.data)
        body.is_valid(raise_exception=True)
        answer_driver_request(self.actor, microscope.pk, hand_over=body.validated_data["hand_over"])
        return self._shown(microscope.pk)
