"""The emergency stop: no key, no ETag, no throttle, for anyone with a session there.

`smartscope.emergency_door` stands before it: it gives this its own database connection, and tells
the safety agent when no answer comes in a second.
"""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import MICROSCOPES
from api.schema import Doc
from api.serializers.alarms import EmergencyAnswerSerializer
from api.views.base import View
from smartscope.operations.emergency_stop import emergency_stop

STANDS = "No command leaves the bridge any more, except what makes safe."
NOT_RECORDED = f"{STANDS} The run could not be told yet; look at the page again in a moment."


class EmergencyStop(View):
    """Stop now. Where the database does not answer, the safety agent closes the valves instead."""

    tag = "microscopes"
    scopes = {"OPTIONS": "read", "POST": "operate"}
    throttle_classes = ()
    docs = {
        "POST": Doc(
            operation_id="emergency_stop",
            summary="Stop now",
            answer=EmergencyAnswerSerializer,
            status=202,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        microscope = MICROSCOPES.one(self.reader, key)
        command = emergency_stop(self.actor, microscope.pk)
        answer = {
            "accepted_by": "service",
            "told": NOT_RECORDED if command is None else STANDS,
            "command": command,
        }
        return Response(EmergencyAnswerSerializer(answer).data, status=202)
