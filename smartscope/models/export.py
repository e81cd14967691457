"""A file that was asked for: coordinates or stacks of a grid's particles, written by a worker."""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import AnalysisState
from smartscope.models.asked_work import AskedWork
from smartscope.models.base import one_of


class ExportFormat(models.TextChoices):
    STAR = "relion-star"
    CS = "cryosparc-cs"
    BOX = "eman-box"
    STACK = "particle-stack"


class Export(AskedWork):
    """Coordinates or stacks of a grid's particles."""

    told_as = "export"

    format = models.CharField(max_length=20, choices=ExportFormat.choices)
    #: {"exposures": [ids] or null for all, "box_px": n, "binning": n}
    options = models.JSONField(default=dict)
    particles = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (one_of("state", AnalysisState, "export_state"),)
