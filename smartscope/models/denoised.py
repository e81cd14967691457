"""An exposure with its noise taken out, for people to look at."""

from __future__ import annotations

from django.db import models

from smartscope.models.analysis import Analysis
from smartscope.models.base import Row
from smartscope.models.exposure import Exposure
from smartscope.models.image import Image


class Denoised(Row):
    """Its analysis says how far it is; `refusal` why no picture could be made."""

    exposure = models.OneToOneField(Exposure, on_delete=models.PROTECT, related_name="denoised")
    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    #: as people read it: what made it
    method = models.CharField(max_length=60, blank=True)
    method_version = models.CharField(max_length=20, blank=True)
    #: fitted to images of this very grid
    tuned = models.BooleanField(default=False)
    refusal = models.CharField(max_length=300, blank=True)
