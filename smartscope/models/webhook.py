"""Where events are sent, and every one that was, or is to be."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row


class Webhook(Row):
    """`kinds` are beginnings of event kinds, such as "grid." or "run.done"; empty is every kind."""

    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    kinds = models.JSONField(default=list)
    #: needed in clear to sign with; shown once, never again
    secret = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    #: events up to here are planned
    after_seq = models.PositiveBigIntegerField(default=0)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )


class WebhookState(models.TextChoices):
    WANTED = "wanted"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class WebhookDelivery(Row):
    """One event for one webhook; delivered at least once, so receivers compare `webhook-id`."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=60)
    state = models.CharField(
        max_length=8, choices=WebhookState.choices, default=WebhookState.WANTED
    )
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    #: when it was first tried: after a day of trying it is given up
    began_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    status_code = models.PositiveIntegerField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["webhook", "seq"], name="webhook_event_once"),
        )
        indexes = (models.Index(fields=["state", "due_at"], name="webhook_due"),)
