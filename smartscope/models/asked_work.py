"""Work that a person asked for and a worker does beside the night: its state, tries and result."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from smartscope.domain.status import AnalysisState
from smartscope.models.base import Row, choices
from smartscope.models.grid import Grid


class AskedWork(Row):
    """The row is the truth: a worker that dies leaves it to the next."""

    #: the first word of its events, and of what the API calls it
    told_as: ClassVar[str]

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=10, choices=choices(AnalysisState), default="wanted")
    attempts = models.PositiveIntegerField(default=0)
    #: 0 to 1
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=500, blank=True)
    nudged_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    bytes = models.BigIntegerField(null=True)

    class Meta:
        abstract = True
