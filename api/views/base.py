"""The ground every view stands on: who may call it, how it is counted, how it is described."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from api.authentication import actor_of_request, reader_of_request
from api.schema import Doc, Schema
from api.throttles import RequestRate, budget_headers
from smartscope.domain.actor import Actor
from smartscope.models import ApiToken
from smartscope.queries.visible import Reader

log = logging.getLogger("smartscope.audit")
REFUSALS = (401, 403, 429)


class TokenHasScope(BasePermission):
    """A token reaches no further than its scopes; a person's own session is not narrowed."""

    message = "This token's scopes do not include what this needs; make one that does."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        assert isinstance(view, View)
        return view.scope_needed(request) in request.auth.scopes


class View(APIView):
    """Says per method which scope it needs (`scopes`) and what it does (`docs`)."""

    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated, TokenHasScope)
    throttle_classes: Sequence[type[BaseThrottle]] = (RequestRate,)
    schema = Schema()
    docs: Mapping[str, Doc] = {}
    scopes: Mapping[str, str] = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}
    tag = "service"

    def scope_needed(self, request: Request) -> str:
        """The token scope for this request; a method nobody thought of needs one nobody has."""
        return self.scopes.get(str(request.method), "none")

    @property
    def reader(self) -> Reader:
        return reader_of_request(self.request)

    @property
    def actor(self) -> Actor:
        return actor_of_request(self.request)

    def get_throttles(self) -> list[BaseThrottle]:
        """Kept, so that the answer can say what is left of the budget."""
        self.counted: list[BaseThrottle] = super().get_throttles()
        return self.counted

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        for name, value in budget_headers(getattr(self, "counted", ())).items():
            answer.headers[name] = value
        _keep(request, answer.status_code)
        return answer


def _keep(request: Request, status: int) -> None:
    """What an audit asks for besides events: refusals, and what staff looked at, for they see all
    groups' data. Names and paths are quoted against line breaks.
    """
    try:
        name = request.user.get_username() or "nobody"
        sees_all = request.user.is_staff or request.user.is_superuser
    except APIException:
        # refused before anybody was asked who it is, and whoever it is has no right sign-in
        name, sees_all = "nobody", False
    if status in REFUSALS:
        log.warning("refused %r: %s %r -> %d", name, request.method, request.path, status)
    elif request.method == "GET" and sees_all:
        log.info("staff read by %r: %r -> %d", name, request.path, status)
