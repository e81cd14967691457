"""Who drives a microscope: one row per microscope, fenced by an epoch that only grows."""

from __future__ import annotations

from django.db import models

from smartscope.models.microscope import Microscope


class LeaseState(models.TextChoices):
    FREE = "free"
    HELD = "held"
    QUARANTINED = "quarantined"
    MAINTENANCE = "maintenance"


class Lease(models.Model):
    microscope = models.OneToOneField(
        Microscope, primary_key=True, on_delete=models.PROTECT, related_name="lease"
    )
    epoch = models.PositiveBigIntegerField(default=0)
    beat = models.PositiveBigIntegerField(default=0)
    holder = models.UUIDField(null=True)
    expires_at = models.DateTimeField(null=True)
    backend_pid = models.IntegerField(null=True)
    backend_start = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=LeaseState.choices, default=LeaseState.FREE)
    #: an emergency stop stands since then: until a person starts again only making safe is sent
    stopped_at = models.DateTimeField(null=True)
