"""Webhooks and what was sent by them: for the facility's staff, since events are of all groups."""

from __future__ import annotations

from django.db.models import QuerySet

from smartscope.models import Webhook, WebhookDelivery
from smartscope.queries.visible import Reader


def visible_webhooks(reader: Reader) -> QuerySet[Webhook]:
    rows = Webhook.objects.select_related("author")
    return rows if reader.sees_everything else rows.none()


def visible_deliveries(reader: Reader) -> QuerySet[WebhookDelivery]:
    rows = WebhookDelivery.objects.select_related("webhook")
    return rows if reader.sees_everything else rows.none()
