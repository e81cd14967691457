"""Where events are sent, for the facility's staff; requests never send anything themselves."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import is_uuid
from api.resources import WEBHOOKS
from api.schema import Doc, list_parameters, page_serializer
from api.serializers.webhooks import (
    NewWebhookSerializer,
    WebhookBody,
    WebhookDeliverySerializer,
    WebhookEnabledBody,
    WebhookSerializer,
)
from api.views.base import View
from api.views.reading import ListView
from smartscope.domain.errors import NotFound
from smartscope.operations.webhooks import (
    add_webhook,
    delete_webhook,
    enable_webhook,
    replay_delivery,
)
from smartscope.queries.rights import require_staff

#: a token never says where events go: no scope opens this
ONLY_PEOPLE = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}


class Webhooks(ListView):
    """Events are of all groups, so only staff see where they go; others read an empty list."""

    resource = WEBHOOKS
    tag = "webhooks"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(
            operation_id="list_webhooks",
            summary="Where events are sent",
            answer=page_serializer(WebhookSerializer),
            parameters=list_parameters(WEBHOOKS.filters, WEBHOOKS.sorts),
        ),
        "POST": Doc(
            operation_id="add_webhook",
            summary="Send events somewhere",
            body=WebhookBody,
            answer=NewWebhookSerializer,
            status=201,
        ),
    }

    def post(self, request: Request) -> Response:
        require_staff(self.actor)
        body = WebhookBody(data=request.data)
        body.is_valid(raise_exception=True)
        row = add_webhook(self.actor, **body.validated_data)
        return Response(NewWebhookSerializer(row).data, status=201)


class OneWebhook(View):
    """Switched off it keeps its deliveries; deleted it takes them along."""

    tag = "webhooks"
    scopes = ONLY_PEOPLE
    docs = {
        "PUT": Doc(
            operation_id="enable_webhook",
            summary="Switch a webhook on or off",
            body=WebhookEnabledBody,
            answer=WebhookSerializer,
        ),
        "DELETE": Doc(operation_id="delete_webhook", summary="Forget a webhook", status=204),
    }

    def put(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        body = WebhookEnabledBody(data=request.data)
        body.is_valid(raise_exception=True)
        row = enable_webhook(self.actor, _id(key), enabled=body.validated_data["enabled"])
        return Response(WebhookSerializer(row).data)

    def delete(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        delete_webhook(self.actor, _id(key))
        return Response(status=204)


class Replay(View):
    """The worker sends it again, under the same id."""

    tag = "webhooks"
    scopes = ONLY_PEOPLE
    docs = {
        "POST": Doc(
            operation_id="replay_webhook_delivery",
            summary="Send an event again",
            answer=WebhookDeliverySerializer,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        row = replay_delivery(self.actor, _id(key))
        return Response(WebhookDeliverySerializer(row).data)


def _id(key: str) -> UUID:
    if not is_uuid(key):
        raise NotFound("There is no such webhook or delivery that you may see.")
    return UUID(key)
