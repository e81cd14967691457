"""Sessions and grids: planning them and changing the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import version_expected
from api.idempotency import once
from api.resources import GRIDS, SESSIONS
from api.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    SESSION_PARAMETER,
    Doc,
    list_parameters,
    page_serializer,
    single_serializer,
)
from api.serializers.protocol import parameters_in
from api.serializers.session import (
    EditGridBody,
    EditSessionBody,
    GridSerializer,
    NewSessionBody,
    SessionSerializer,
)
from api.views.reading import ListView, SingleView, single_doc
from smartscope.domain.protocol import GridDescription
from smartscope.operations.create_session import NewGrid, NewSession, create_session
from smartscope.operations.edit_grid import edit_grid
from smartscope.operations.edit_session import edit_session
from smartscope.queries.events import head_seq

PLANS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "plan", "PATCH": "plan"}


class Sessions(ListView):
    """Sessions you may see; a new one with its grids moves nothing until it is started."""

    resource = SESSIONS
    tag = "sessions"
    scopes = PLANS
    docs = {
        "GET": Doc(
            operation_id="list_sessions",
            summary="List sessions",
            answer=page_serializer(SessionSerializer),
            parameters=list_parameters(SESSIONS.filters, SESSIONS.sorts),
        ),
        "POST": Doc(
            operation_id="create_session",
            summary="Plan a session and its grids",
            body=NewSessionBody,
            answer=single_serializer(SessionSerializer),
            status=201,
            parameters=[IDEMPOTENCY_KEY],
            problems=(422,),
        ),
    }

    def post(self, request: Request) -> Response:
        return once(request, lambda: self._created(request))

    def _created(self, request: Request) -> Response:
        body = NewSessionBody(data=request.data)
        body.is_valid(raise_exception=True)
        session = create_session(self.actor, _new_session(body.validated_data))
        shown = SESSIONS.one(self.reader, str(session.pk))
        return Response(SessionSerializer(shown).data | {"as_of_seq": head_seq()}, status=201)


class OneSession(SingleView):
    """A session; changed parameters also reach its grids that have not ended."""

    resource = SESSIONS
    tag = "sessions"
    scopes = PLANS
    docs = {
        "GET": single_doc(SESSIONS, "session"),
        "PATCH": Doc(
            operation_id="edit_session",
            summary="Change notes, end or parameters",
            body=EditSessionBody,
            answer=single_serializer(SessionSerializer),
            parameters=[IF_MATCH],
            problems=(412, 428),
        ),
    }

    def patch(self, request: Request, key: str) -> Response:
        session = self.find(key)
        body = EditSessionBody(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        version = version_expected(request)
        edit_session(self.actor, session.pk, body.validated_data, version=version)
        return self.shown(request, self.find(str(session.pk)), head_seq())


class OneGrid(SingleView):
    """A grid; its plan can be changed until it has ended, notes and verdict always."""

    resource = GRIDS
    tag = "grids"
    scopes = PLANS
    docs = {
        "GET": single_doc(GRIDS, "grid"),
        "PATCH": Doc(
            operation_id="edit_grid",
            summary="Change plan, description, notes, tag or verdict",
            body=EditGridBody,
            answer=single_serializer(GridSerializer),
            parameters=[IF_MATCH, SESSION_PARAMETER],
            problems=(412, 428),
        ),
    }

    def patch(self, request: Request, key: str) -> Response:
        grid = self.find(key)
        body = EditGridBody(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        version = version_expected(request)
        edit_grid(self.actor, grid.pk, body.validated_data, version=version)
        return self.shown(request, self.find(str(grid.pk)), head_seq())


def _new_session(data: Mapping[str, Any]) -> NewSession:
    return NewSession(
        name=data["name"],
        date=data.get("date") or timezone.now().date(),
        group=data["group"],
        microscope=data["microscope"],
        detector=data["detector"],
        notes=data["notes"],
        stop_at=data.get("stop_at"),
        parameters=parameters_in(dict(data)),
        grids=[_new_grid(grid) for grid in data["grids"]],
    )


def _new_grid(data: Mapping[str, Any]) -> NewGrid:
    return NewGrid(
        described=GridDescription(
            name=data["name"],
            position=data["position"],
            hole_type=data["hole_type"],
            mesh=data["mesh"],
            mesh_material=data["mesh_material"],
        ),
        sample=data["sample"],
        notes=data["notes"],
        parameters=parameters_in(dict(data)),
    )
