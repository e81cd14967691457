"""What is to be found out from an image, how often it was tried, and what came of it."""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import AnalysisState
from smartscope.models.base import Row, choices, one_of
from smartscope.models.image import Image


class Analysis(Row):
    """The row is the truth, the queue message only a hint; attempts are counted before work."""

    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="analyses")
    #: find_squares, find_holes, measure_exposure, preview, fine_sum, pick, denoise
    kind = models.CharField(max_length=30)
    plugin = models.CharField(max_length=60)
    plugin_version = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=choices(AnalysisState), default="wanted")
    attempts = models.PositiveIntegerField(default=0)
    #: on the microscope's clock: when a simulated run may see the result
    visible_at_s = models.FloatField()
    nudged_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    #: the worker says every few seconds that it lives; silent ones are given up
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["image", "kind", "plugin", "plugin_version"], name="one_analysis"
            ),
            one_of("state", AnalysisState, "analysis_state"),
        )
        indexes = (models.Index(fields=["state", "nudged_at"], name="analysis_to_nudge"),)
