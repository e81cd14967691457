"""A high-magnification image or movie of one hole, and what was measured in it."""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import ExposureStatus
from smartscope.models.base import Row, choices, one_of
from smartscope.models.image import Image
from smartscope.models.targets import Hole


class Exposure(Row):
    """Measured columns are null until measured; nothing is ever filled in as a guess."""

    hole = models.ForeignKey(Hole, on_delete=models.PROTECT, related_name="exposures")
    slug = models.CharField(max_length=50)
    movie = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    sum_image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    weighted_image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    spectrum_image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=choices(ExposureStatus), default="taken")
    reason = models.CharField(max_length=40, blank=True)
    movie_name = models.CharField(max_length=200, blank=True)
    frames = models.PositiveIntegerField(default=0)
    pixel_size_angstrom = models.FloatField()
    dose_e_per_angstrom2 = models.FloatField()
    tilt_deg = models.FloatField(default=0.0)
    target_defocus_um = models.FloatField(null=True)
    exposed_at_s = models.FloatField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    analysed_at = models.DateTimeField(null=True)
    drift_total_angstrom = models.FloatField(null=True)
    drift_early_angstrom = models.FloatField(null=True)
    #: per-frame shifts as [[x_angstrom, y_angstrom], …]
    shifts_angstrom = models.JSONField(null=True)
    #: what is added to them at places of the field, x and y from -1 to 1; null where none was
    #: found: {"places": [[x, y], …], "shifts_angstrom": [[[x, y] of each frame], … of each place]}
    field_motion = models.JSONField(null=True)
    mean_counts = models.FloatField(null=True)
    ice_thickness_nm = models.FloatField(null=True)
    #: by how the Thon rings fade, independent of how bright the hole is
    ice_rings_nm = models.FloatField(null=True)
    ice_rings_error_nm = models.FloatField(null=True)
    #: the rings fade no sooner than thin ice's would: `ice_rings_nm` is only a limit
    ice_rings_at_most = models.BooleanField(default=False)
    defocus_um = models.FloatField(null=True)
    astigmatism_nm = models.FloatField(null=True)
    #: standard error of the mean defocus
    defocus_error_um = models.FloatField(null=True)
    #: direction of the greater defocus, 0 to 180°, from x towards y (down) in the micrograph
    astigmatism_axis_deg = models.FloatField(null=True)
    #: of the specimen, by rings and stage together, its standard error, and the direction in which
    #: underfocus grows by the tilt's tangent, 0 to 360°, from x towards y (down) in the micrograph;
    #: null on a level stage
    specimen_tilt_deg = models.FloatField(null=True)
    specimen_tilt_error_deg = models.FloatField(null=True)
    defocus_rises_deg = models.FloatField(null=True)
    ctf_fit_angstrom = models.FloatField(null=True)
    #: why a CTF was sought and none is claimed; blank when it was found or never sought
    ctf_refusal = models.CharField(max_length=300, blank=True)
    #: what a network sees in it (or limits, without one): one of eight classes or `unknown`; blank
    #: until judged. A person's `label` always wins
    quality_class = models.CharField(max_length=20, blank=True)
    quality_probability = models.FloatField(null=True)
    #: phrases for people, joined by semicolons
    quality_reasons = models.CharField(max_length=500, blank=True)
    #: why it was not judged though it was measured
    quality_refusal = models.CharField(max_length=300, blank=True)
    quality_plugin = models.CharField(max_length=80, blank=True)
    #: share of the field under dirt or foil, 0 to 1
    contaminated_fraction = models.FloatField(null=True)
    #: what a person should check though it was measured: a gain that lies wrongly, for one
    warnings = models.CharField(max_length=600, blank=True)
    particles = models.PositiveIntegerField(null=True)
    label = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = (
            # dose is spent once: a second exposure of a hole needs a person's order, as a new rule
            models.UniqueConstraint(fields=["hole"], name="one_exposure_per_hole"),
            one_of("status", ExposureStatus, "exposure_status"),
        )
