"""Who is at the helm of a microscope: one person at a time, for ten minutes unless renewed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row
from smartscope.models.microscope import Microscope


class DriverLease(Row):
    """Between people; the bridge's own lease, which fences processes, is another row."""

    microscope = models.OneToOneField(
        Microscope, on_delete=models.PROTECT, related_name="driver_lease"
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    taken_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    #: who asked the holder for it, and when; empty once it was answered
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(null=True)
