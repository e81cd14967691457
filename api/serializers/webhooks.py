"""Webhooks, and every event that was sent or is to be."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.models import Webhook, WebhookDelivery

KIND = r"^[a-z][a-z_.]{0,59}$"


class WebhookSerializer(serializers.ModelSerializer[Any]):
    """`kinds` are beginnings of event kinds; empty is every kind. The secret is shown once."""

    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)
    author = serializers.SerializerMethodField()

    class Meta:
        model = Webhook
        fields: tuple[str, ...] = (*ROW, "name", "url", "kinds", "enabled", "author")

    def get_author(self, webhook: Any) -> str | None:
        return None if webhook.author is None else str(webhook.author.get_username())


class NewWebhookSerializer(WebhookSerializer):
    """`secret` is shown this once; deliveries are signed with it."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")


class WebhookDeliverySerializer(serializers.ModelSerializer[Any]):
    """`answer` is what the receiver said, or why it was not reached."""

    webhook_name = serializers.CharField(source="webhook.name", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            *ROW,
            "webhook",
            "webhook_name",
            "seq",
            "kind",
            "state",
            "attempts",
            "due_at",
            "sent_at",
            "status_code",
            "answer",
        )


class WebhookBody(StrictSerializer):
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=500)
    kinds = serializers.ListField(child=serializers.RegexField(KIND), default=list, max_length=50)


class WebhookEnabledBody(StrictSerializer):
    enabled = serializers.BooleanField()
