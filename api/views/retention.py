"""How long files are kept; a removal is ordered by people, and carried out by a worker."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import is_uuid
from api.idempotency import once
from api.schema import IDEMPOTENCY_KEY, Doc
from api.serializers.retention import (
    ClearingBody,
    ClearingSerializer,
    ClearingsSerializer,
    KeepingBody,
    RetentionSerializer,
)
from api.views.base import View
from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotFound
from smartscope.domain.retention import DELAY_FOR_STAFF, Keeping
from smartscope.operations.retention import (
    approve_clearing,
    ask_for_clearing,
    cancel_clearing,
    order_clearing,
    set_retention,
)
from smartscope.queries.events import head_seq
from smartscope.queries.retention import clearings, dry_run, keeping
from smartscope.queries.rights import is_admin, require_admin, require_staff
from smartscope.queries.visible import Reader

#: a token never takes files away: no scope opens this
ONLY_PEOPLE = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}
MOST_SHOWN = 50


class Retention(View):
    """What would go is told of sessions one may see. Nothing goes by itself: a person orders it."""

    tag = "retention"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(
            operation_id="get_retention",
            summary="How long files are kept, and what would go",
            answer=RetentionSerializer,
        ),
        "PUT": Doc(
            operation_id="set_retention",
            summary="Say how long files are kept",
            body=KeepingBody,
            answer=RetentionSerializer,
        ),
    }

    def get(self, request: Request) -> Response:
        return Response(_shown(self.actor, self.reader))

    def put(self, request: Request) -> Response:
        require_admin(self.actor)
        body = KeepingBody(data=request.data)
        body.is_valid(raise_exception=True)
        set_retention(self.actor, Keeping(**body.validated_data))
        return Response(_shown(self.actor, self.reader))


class Clearings(View):
    """An admin's order begins at once, that of other staff in thirty days; one at a time.

    A lead asks with the group's name, and sees what was asked for that group; staff see all.
    """

    tag = "retention"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(
            operation_id="list_clearings",
            summary="Removals of files",
            answer=ClearingsSerializer,
        ),
        "POST": Doc(
            operation_id="order_clearing",
            summary="Remove what is older than it is kept, or ask for it",
            body=ClearingBody,
            answer=ClearingSerializer,
            status=202,
            parameters=[IDEMPOTENCY_KEY],
            problems=(422,),
        ),
    }

    def get(self, request: Request) -> Response:
        as_of_seq, rows = head_seq(), clearings(self.reader)[:MOST_SHOWN]
        return Response(ClearingsSerializer({"results": rows, "as_of_seq": as_of_seq}).data)

    def post(self, request: Request) -> Response:
        body = ClearingBody(data=request.data or {})
        body.is_valid(raise_exception=True)
        actor, group = self.actor, body.validated_data.get("group")
        if group is None:
            require_staff(actor)

        def carry_out() -> Response:
            made = order_clearing(actor) if group is None else ask_for_clearing(actor, group)
            return Response(ClearingSerializer(made).data, status=202)

        return once(request, carry_out)


class ApproveClearing(View):
    """Staff have removed what a lead asked for: an admin at once, other staff in thirty days."""

    tag = "retention"
    scopes = ONLY_PEOPLE
    docs = {
        "POST": Doc(
            operation_id="approve_clearing",
            summary="Order what was asked for",
            answer=ClearingSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        return Response(ClearingSerializer(approve_clearing(self.actor, _key(key))).data)


class CancelClearing(View):
    """Nothing more goes; what is gone is gone. By staff, or by the lead who asked."""

    tag = "retention"
    scopes = ONLY_PEOPLE
    docs = {
        "POST": Doc(
            operation_id="cancel_clearing",
            summary="Stop a removal",
            answer=ClearingSerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        if not clearings(self.reader).filter(pk=_key(key)).exists():
            require_staff(self.actor)
        return Response(ClearingSerializer(cancel_clearing(self.actor, _key(key))).data)


def _key(key: str) -> UUID:
    if not is_uuid(key):
        raise NotFound("There is no such removal.")
    return UUID(key)


def _shown(actor: Actor, reader: Reader) -> dict[str, Any]:
    as_of_seq, kept, admin = head_seq(), keeping(), is_admin(actor)
    body = {
        **asdict(kept),
        **asdict(dry_run(kept, timezone.now(), reader)),
        "delay_days": 0 if admin else DELAY_FOR_STAFF.days,
        "may_change": admin,
        "as_of_seq": as_of_seq,
    }
    return RetentionSerializer(body).data
