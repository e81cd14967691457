"""Seals over the event log: each covers a stretch of it and the seal before, so no row can change
unseen.
"""

from __future__ import annotations

from django.db import models


class EventSeal(models.Model):
    """`digests` has one SHA-256 per event, so that a changed row is named; `sha256` covers them."""

    last_seq = models.PositiveBigIntegerField(primary_key=True)
    first_seq = models.PositiveBigIntegerField(unique=True)
    digests = models.JSONField()
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)
