"""An image or movie on storage: where it is, what it is, and proof that it is whole."""

from __future__ import annotations

from django.db import models

from smartscope.models.base import Row


class ImageKind(models.TextChoices):
    ATLAS_TILES = "atlas_tiles"
    ATLAS = "atlas"
    SQUARE = "square"
    STITCHED = "stitched"
    HOLE = "hole"
    MOVIE = "movie"
    SUM = "sum"
    #: the same frames, each weighed by what the beam has left of it
    WEIGHTED_SUM = "weighted_sum"
    #: on pixels of half the movie's side
    FINE_SUM = "fine_sum"
    #: of every other frame, aligned as the sum: two pictures of one thing with independent noise
    EVEN_SUM = "even_sum"
    ODD_SUM = "odd_sum"
    #: for eyes and for finding things, never measured
    DENOISED = "denoised"
    POWER_SPECTRUM = "power_spectrum"


class Image(Row):
    """Raw images come from the instrument; derived ones name their `source`."""

    grid = models.ForeignKey("smartscope.Grid", on_delete=models.PROTECT, related_name="images")
    kind = models.CharField(max_length=20, choices=ImageKind.choices)
    source = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="derived"
    )
    step = models.ForeignKey(
        "smartscope.Step", null=True, blank=True, on_delete=models.PROTECT, related_name="images"
    )
    #: key below the storage URL; never shown as a path, never served by it
    key = models.CharField(max_length=300, unique=True)
    sha256 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    sections = models.PositiveIntegerField(default=1)
    pixel_size_angstrom = models.FloatField()
    #: [a, b, tx, c, d, ty] of domain.geometry.Affine; null where it has no place on the stage
    pixel_to_stage = models.JSONField(null=True)
    #: for montages: one such list per section
    sections_to_stage = models.JSONField(null=True)
    stage_x_um = models.FloatField(null=True)
    stage_y_um = models.FloatField(null=True)
    stage_z_um = models.FloatField(null=True)
    tilt_deg = models.FloatField(default=0.0)
    defocus_um = models.FloatField(null=True)
    dose_e_per_angstrom2 = models.FloatField(default=0.0)
    #: on the microscope's clock, seconds since the epoch
    taken_at_s = models.FloatField()
    #: "file" rows are display images of an import (JPEG), never measured as intensities
    display_only = models.BooleanField(default=False)
    #: storage prefix of preview and tiles, filled in when they were derived
    preview_key = models.CharField(max_length=300, blank=True)
    tiles_key = models.CharField(max_length=300, blank=True)
    gain_key = models.CharField(max_length=300, blank=True)
    #: retention took the file and its tiles away; the preview and what was measured stay
    removed_at = models.DateTimeField(null=True)
