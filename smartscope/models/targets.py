"""What is found on a grid: its atlas, the squares, their holes, and holes shot together."""

from __future__ import annotations

from django.db import models

from smartscope.domain.status import TargetStatus
from smartscope.models.base import Row, choices, one_of
from smartscope.models.grid import Grid
from smartscope.models.image import Image


class Atlas(Row):
    grid = models.OneToOneField(Grid, on_delete=models.PROTECT, related_name="atlas")
    #: the tiles as taken, and the stitched picture the squares' pixels refer to
    tiles_image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="+")
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    needs_review = models.BooleanField(default=False)
    diagnostics = models.JSONField(default=dict)


class Target(Row):
    """Common columns of squares, holes and groups; the status ladder is one for all."""

    number = models.PositiveIntegerField()
    slug = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=choices(TargetStatus), default="found")
    #: why it was skipped, rejected or lost, as a code the page can count
    reason = models.CharField(max_length=40, blank=True)
    #: why it was chosen among its like, in words; blank while it was not
    chosen_because = models.CharField(max_length=200, blank=True)
    stage_x_um = models.FloatField()
    stage_y_um = models.FloatField()
    stage_z_um = models.FloatField(null=True)
    #: queued by this person; they come first and are never dropped by a finder
    queued_by_person = models.BooleanField(default=False)
    #: on the microscope's clock: before this a simulated run may not know of it; null is at once
    visible_from_s = models.FloatField(null=True)

    class Meta:
        abstract = True


class Square(Target):
    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="squares")
    queue_position = models.PositiveIntegerField(null=True)
    x_px = models.FloatField()
    y_px = models.FloatField()
    outline_px = models.JSONField(default=list)
    area_um2 = models.FloatField(null=True)
    #: label is a person's, model_label the classifier's; the person's wins
    label = models.CharField(max_length=20, blank=True)
    model_label = models.CharField(max_length=20, blank=True)
    probability = models.FloatField(null=True)
    score = models.FloatField(null=True)
    mean_intensity = models.FloatField(null=True)
    #: an EPU square of an import, kept beside ours
    external = models.BooleanField(default=False)
    image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    #: what the holes' pixels refer to: the image, or its tiles stitched
    picture = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")
    views_lost = models.PositiveIntegerField(default=0)
    hole_diameter_um = models.FloatField(null=True)
    hole_pitch_um = models.FloatField(null=True)
    diagnostics = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["grid", "number"], name="square_number"),
            one_of("status", TargetStatus, "square_status"),
        )


class Group(Target):
    """Holes exposed by image shift from one stage position: the centre hole's."""

    square = models.ForeignKey(Square, on_delete=models.PROTECT, related_name="groups")
    queue_position = models.PositiveIntegerField(null=True)
    defocus_um = models.FloatField(null=True)
    longest_shift_um = models.FloatField(default=0.0)
    view_image = models.ForeignKey(Image, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["square", "number"], name="group_number"),
            one_of("status", TargetStatus, "group_status"),
        )


class Hole(Target):
    square = models.ForeignKey(Square, on_delete=models.PROTECT, related_name="holes")
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="holes")
    #: "centre" or "member"; blank while it belongs to no group
    group_role = models.CharField(max_length=6, blank=True)
    image_shift_x_um = models.FloatField(null=True)
    image_shift_y_um = models.FloatField(null=True)
    x_px = models.FloatField()
    y_px = models.FloatField()
    radius_um = models.FloatField()
    label = models.CharField(max_length=20, blank=True)
    model_label = models.CharField(max_length=20, blank=True)
    #: seen in the image, or predicted by the lattice where nothing was seen
    predicted = models.BooleanField(default=False)
    score = models.FloatField(null=True)
    intensity = models.FloatField(null=True)
    ice_thickness_nm = models.FloatField(null=True)
    ice_thickness_error_nm = models.FloatField(null=True)
    cluster = models.PositiveSmallIntegerField(null=True)
    #: a crash left it unknown whether the beam touched it
    dose_uncertain = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["square", "number"], name="hole_number"),
            one_of("status", TargetStatus, "hole_status"),
        )
        indexes = (models.Index(fields=["square", "status"], name="hole_by_square_status"),)
