"""What every API-visible row has: a sortable id, its times and a version that edits compare."""

from __future__ import annotations

from enum import StrEnum

from django.db import models

from smartscope.models.ids import uuid7


def choices(ladder: type[StrEnum]) -> list[tuple[str, str]]:
    """Django choices of a status ladder."""
    return [(str(member), str(member)) for member in ladder]


def one_of(field: str, ladder: type[StrEnum], name: str) -> models.CheckConstraint:
    """The database refuses a status outside the ladder, whoever writes."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": [str(member) for member in ladder]}), name=name
    )


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True
