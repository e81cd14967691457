"""Read-only links to a session's report: made, listed and taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import is_uuid
from api.resources import SESSIONS
from api.schema import Doc
from api.serializers.share_links import NewShareLinkSerializer, ShareLinkBody, ShareLinkSerializer
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.operations.share_links import create_share_link, revoke_share_link

#: a link is a person's word; no token makes or ends one
ONLY_PEOPLE = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}


class ShareLinks(View):
    """A new link is shown once, so asking twice makes two; for leads, operators and staff."""

    tag = "sessions"
    scopes = ONLY_PEOPLE
    docs = {
        "POST": Doc(
            operation_id="create_share_link",
            summary="Share the report",
            body=ShareLinkBody,
            answer=NewShareLinkSerializer,
            status=201,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        session = SESSIONS.one(self.reader, key)
        body = ShareLinkBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        link, secret = create_share_link(
            self.actor, session.pk, lifetime=timedelta(hours=data["hours"]), note=data["note"]
        )
        shown = ShareLinkSerializer(link).data | {"path": f"share#{secret}"}
        return Response(shown, status=201)


class OneShareLink(View):
    """Ends a link at once."""

    tag = "sessions"
    scopes = ONLY_PEOPLE
    docs = {"DELETE": Doc(operation_id="revoke_share_link", summary="Take a link back", status=204)}

    def delete(self, request: Request, key: str) -> Response:
        if not is_uuid(key):
            raise NotFound("There is no such link that is still valid.")
        revoke_share_link(self.actor, UUID(key))
        return Response(status=204)
