"""The append-only event log: outbox to the browsers and audit of who did what."""

from __future__ import annotations

from django.db import models

from smartscope.models.ids import uuid7


class EventCounter(models.Model):
    """One row: `seq` is taken from it late in the transaction, so it is gapless in commit order."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0)
    #: renewed by a restore, so that clients know their position means nothing any more
    log_id = models.UUIDField(default=uuid7)


class Event(models.Model):
    seq = models.PositiveBigIntegerField(primary_key=True)
    #: "exposure.analysed": resource and past participle
    kind = models.CharField(max_length=60)
    time = models.DateTimeField()
    microscope = models.UUIDField(null=True)
    session = models.UUIDField(null=True)
    grid = models.UUIDField(null=True)
    subjects = models.JSONField(default=list)
    count = models.PositiveIntegerField(default=1)
    changeset = models.UUIDField(null=True)
    actor_type = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=150)
    actor_user = models.IntegerField(null=True)
    token = models.UUIDField(null=True)
    epoch = models.PositiveBigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["session", "seq"], name="event_by_session"),
            models.Index(
                fields=["seq"],
                condition=models.Q(published_at__isnull=True),
                name="event_unpublished",
            ),
        )
