"""Wishes people send to a microscope, and what became of them; repeated requests answer alike."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row
from smartscope.models.microscope import Microscope


class CommandState(models.TextChoices):
    WISHED = "wished"
    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Command(Row):
    microscope = models.ForeignKey(Microscope, on_delete=models.PROTECT, related_name="commands")
    type = models.CharField(max_length=30)
    arguments = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=CommandState.choices, default=CommandState.WISHED
    )
    reason = models.CharField(max_length=300, blank=True)
    wished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class IdempotencyKey(models.Model):
    """A create or command answered once is answered the same way again for a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=100)
    route = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    status_code = models.PositiveIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="idempotency_key"),)
