"""One frozen grid in its slot, how it is imaged, and what the night found out about it."""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import GridStatus
from smartscope.models.base import Row, choices, one_of
from smartscope.models.session import CollectionParameters, Session


class Verdict(models.TextChoices):
    COLLECT = "collect"
    RESCREEN = "re-screen"
    DISCARD = "discard"
    UNDECIDED = "undecided"


class Grid(Row, CollectionParameters):
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="grids")
    slug = models.CharField(max_length=20)
    position = models.PositiveIntegerField()
    #: when it is taken among the session's grids; those without one follow, by their slots
    turn = models.PositiveIntegerField(null=True)
    name = models.CharField(max_length=80)
    sample = models.CharField(max_length=120, blank=True)
    hole_type = models.CharField(max_length=40, default="R1.2/1.3")
    mesh = models.CharField(max_length=20, default="300")
    mesh_material = models.CharField(max_length=20, default="copper")
    status = models.CharField(max_length=10, choices=choices(GridStatus), default="waiting")
    status_reason = models.CharField(max_length=300, blank=True)
    #: what the ranking suggests, and what a person decided (which wins)
    suggested_verdict = models.CharField(
        max_length=10, choices=Verdict.choices, default=Verdict.UNDECIDED
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    verdict_reasons = models.JSONField(default=list)
    confidence = models.FloatField(null=True)
    holes_in_range = models.PositiveIntegerField(null=True)
    success_rate = models.FloatField(null=True)
    expected_usable_holes = models.FloatField(null=True)
    #: the usual count of particles in a usable exposure; null while too few were counted
    particles_per_exposure = models.FloatField(null=True)
    #: an exposure with fewer is empty; null where the counts cannot tell
    fewest_particles = models.FloatField(null=True)
    #: learnt from clicks; it looks in place of the protocol's `matched` picker
    picker = models.ForeignKey(
        "ParticleStudy", null=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at_s = models.FloatField(null=True)
    ended_at_s = models.FloatField(null=True)
    notes = models.TextField(blank=True)
    #: a person's own word for a kind of grid: "apo", "blotted 4 s"
    tag = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["session", "position"], name="one_grid_per_slot"),
            models.UniqueConstraint(fields=["session", "slug"], name="grid_slug"),
            one_of("status", GridStatus, "grid_status"),
        )
