"""What was worked out from all of a grid's particles because a person asked: a picker that learnt
from clicks, or class averages.
"""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import AnalysisState
from smartscope.models.asked_work import AskedWork
from smartscope.models.base import one_of


class StudyKind(models.TextChoices):
    PICKER = "learnt-picker"
    CLASSES = "class-averages"


class ParticleStudy(AskedWork):
    """Kept for good, whichever is in use: `Grid.picker` names the picker that is."""

    told_as = "particle_study"

    kind = models.CharField(max_length=20, choices=StudyKind.choices)
    #: counted per grid and kind, from 1
    number = models.PositiveIntegerField()
    #: what a person gave; null: told by the clicks, or by the picks
    diameter_angstrom = models.FloatField(null=True)
    #: what it says of itself, by kind: see `operations.particle_studies`
    told = models.JSONField(default=dict)

    class Meta:
        constraints = (
            one_of("state", AnalysisState, "particle_study_state"),
            models.UniqueConstraint(fields=["grid", "kind", "number"], name="one_particle_study"),
        )
