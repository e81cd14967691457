"""An edit by a person: what it changed, row by row, so that it can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row
from smartscope.models.session import Session


class Changeset(Row):
    session = models.ForeignKey(
        Session, null=True, on_delete=models.PROTECT, related_name="changesets"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="changesets"
    )
    source = models.CharField(max_length=10, default="page")
    summary = models.CharField(max_length=200)
    reverts = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")


class Change(models.Model):
    changeset = models.ForeignKey(Changeset, on_delete=models.CASCADE, related_name="changes")
    resource = models.CharField(max_length=20)
    object_id = models.UUIDField()
    before = models.JSONField()
    after = models.JSONField()


class Label(Row):
    """A person's label, kept with author and time; the newest is the one that counts."""

    resource = models.CharField(max_length=20)
    object_id = models.UUIDField()
    name = models.CharField(max_length=40)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    class Meta:
        indexes = (models.Index(fields=["resource", "object_id"], name="label_by_object"),)
