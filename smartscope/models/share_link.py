"""A link that shows one session's report to whoever has it; only its SHA-256 is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row
from smartscope.models.session import Session


class ShareLink(Row):
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="share_links")
    note = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    #: how often it was opened, and when last
    opened = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
