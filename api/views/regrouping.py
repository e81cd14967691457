"""Have the groups of a square solved again, or see what that would change."""

from __future__ import annotations

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import SQUARES
from api.schema import SESSION_PARAMETER, Doc
from api.serializers.regrouping import RegroupBody, RegroupedSerializer
from api.views.base import View
from smartscope.operations.regroup_square import regroup_square


class SquareRegroup(View):
    """What was issued or exposed stays; the changeset takes the rest back."""

    tag = "squares"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="regroup_square",
            summary="Group a square's holes anew",
            body=RegroupBody,
            answer=RegroupedSerializer,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        body = RegroupBody(data=request.data or {})
        body.is_valid(raise_exception=True)
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        done = regroup_square(self.actor, square.pk, dry_run=body.validated_data["dry_run"])
        return Response(RegroupedSerializer(asdict(done)).data)
