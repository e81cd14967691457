"""A sum of an exposure on pixels of half the side, asked for by a person."""

from __future__ import annotations

from django.db import models

from smartscope.models.analysis import Analysis
from smartscope.models.base import Row
from smartscope.models.exposure import Exposure
from smartscope.models.image import Image


class FineSum(Row):
    """Its analysis says how far it is; `refusal` why the movie holds nothing finer."""

    exposure = models.OneToOneField(Exposure, on_delete=models.PROTECT, related_name="fine_sum")
    analysis = models.OneToOneField(Analysis, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    refusal = models.CharField(max_length=300, blank=True)
    #: where the image would still correlate by one half with the truth; null where nowhere
    expected_to_angstrom = models.FloatField(null=True)
    #: correlation of even with odd frames beyond the movie's Nyquist frequency, in standard errors
    beyond_nyquist_z = models.FloatField(null=True)
