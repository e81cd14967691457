"""Who belongs to which group and how far they may go; tokens and one-time login links."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group as PeopleGroup
from django.db import models

from smartscope.models.base import Row


class Role(models.TextChoices):
    VIEWER = "viewer"
    MEMBER = "member"
    LEAD = "lead"


class Membership(Row):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    group = models.ForeignKey(PeopleGroup, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "group"], name="one_membership"),)


class ApiToken(Row):
    """256 random bits, shown once; only their SHA-256 and a lookup prefix are kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class LoginLink(Row):
    """A link that signs one person in once; only its SHA-256 is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
