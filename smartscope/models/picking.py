"""Particles found in an exposure by a picker, and what people added and took away."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.analysis import Analysis
from smartscope.models.base import Row
from smartscope.models.exposure import Exposure


class Picking(Row):
    """The last picker's answer; its analysis says how far it is, and on which image.

    What people say lies in `PickEdit` and holds for every picker's answer.
    """

    exposure = models.OneToOneField(Exposure, on_delete=models.PROTECT, related_name="picking")
    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=60)
    method_version = models.CharField(max_length=20)
    #: what was asked for: {"diameter_angstrom": 120.0 or null}
    parameters = models.JSONField(default=dict)
    diameter_angstrom = models.FloatField(null=True)
    #: null where a person gave the diameter
    diameter_spread_angstrom = models.FloatField(null=True)
    other_diameter_angstrom = models.FloatField(null=True)
    #: what this exposure tells of the size, to be pooled over the grid; null where a size was given
    size_evidence = models.JSONField(null=True)
    threshold = models.FloatField(null=True)
    #: a person's, from the slider; it wins
    own_threshold = models.FloatField(null=True)
    #: why there are none, or why their count is in doubt
    reason = models.CharField(max_length=400, blank=True)
    #: share of the field that was left out as dirt or foil; null where no mask was used
    masked_fraction = models.FloatField(null=True)
    #: why dirt was not left out
    mask_refusal = models.CharField(max_length=300, blank=True)
    #: float32 x, y (pixels of the image) and score of each pick, best first
    packed = models.BinaryField(default=bytes)


class PickEdit(Row):
    """One click of a person: a particle that is there, or a pick that is none.

    `withdrawn` once it was taken back; the row stays, as does its changeset.
    """

    exposure = models.ForeignKey(Exposure, on_delete=models.PROTECT, related_name="pick_edits")
    #: False: no particle is here, whatever a picker says
    is_particle = models.BooleanField()
    x_px = models.FloatField()
    y_px = models.FloatField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    withdrawn = models.BooleanField(default=False)
