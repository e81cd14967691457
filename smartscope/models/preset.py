"""A facility's own protocol under a name: what it changes of the service's defaults."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row


class Preset(Row):
    """`parameters` are checked like a grid's; one not named there keeps its default."""

    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    parameters = models.JSONField(default=dict)
    #: what new plans begin with and differences are told from
    is_default = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_preset",
            ),
        )
