"""A file that was asked for: coordinates or stacks of a grid's particles, written by a worker."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.domain.status import AnalysisState
from smartscope.models.base import Row, choices, one_of
from smartscope.models.grid import Grid


class ExportFormat(models.TextChoices):
    STAR = "relion-star"
    CS = "cryosparc-cs"
    BOX = "eman-box"
    STACK = "particle-stack"


class Export(Row):
    """The row is the truth: a worker that dies leaves it to the next."""

    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="exports")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    format = models.CharField(max_length=20, choices=ExportFormat.choices)
    #: {"exposures": [ids] or null for all, "box_px": n, "binning": n}
    options = models.JSONField(default=dict)
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
    particles = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (one_of("state", AnalysisState, "export_state"),)
