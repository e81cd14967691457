"""How long files are kept, and each removal of files that a person ordered."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row


class Retention(Row):
    """The site's choice: one row at most. Null days are for ever."""

    only = models.BooleanField(default=True, unique=True, editable=False)
    movies_days = models.PositiveIntegerField(null=True)
    images_days = models.PositiveIntegerField(null=True)
    without_backup = models.BooleanField(default=False)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(only=True), name="one_retention"),)


class ClearingState(models.TextChoices):
    """`asked -> waiting -> running -> done | failed`; until it has ended it may be `cancelled`.

    What a lead asked for waits for a person of the staff; their own orders begin at `waiting`.
    """

    ASKED = "asked"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Clearing(Row):
    """Files of ended sessions are removed, from `not_before` on; what is chosen is fixed here.

    `author` ordered it, or approved what `asked_by` had asked for; `group` null is every group.

    `pending_keys` are files whose rows say already that they are gone: a worker that died leaves
    them to the next.
    """

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    group = models.ForeignKey(
        "auth.Group", null=True, on_delete=models.PROTECT, related_name="clearings"
    )
    state = models.CharField(
        max_length=10, choices=ClearingState.choices, default=ClearingState.WAITING
    )
    not_before = models.DateTimeField()
    movies_before = models.DateTimeField(null=True)
    images_before = models.DateTimeField(null=True)
    without_backup = models.BooleanField(default=False)
    #: as the dry run said when it was ordered
    files_expected = models.PositiveIntegerField()
    bytes_expected = models.BigIntegerField()
    files_removed = models.PositiveIntegerField(default=0)
    bytes_removed = models.BigIntegerField(default=0)
    pending_keys = models.JSONField(default=list)
    attempts = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    nudged_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=ClearingState.values), name="clearing_state"
            ),
        )
