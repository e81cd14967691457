"""A session: one visit to a microscope, over the grids of a cassette."""

from __future__ import annotations

from django.contrib.auth.models import Group as PeopleGroup
from django.db import models

from smartscope.domain.protocol import Aim, PickingMethod
from smartscope.models.base import Row, choices
from smartscope.models.microscope import Detector, Microscope


class CollectionParameters(models.Model):
    """The columns of `domain.protocol.CollectionProtocol`, one for one."""

    atlas_only = models.BooleanField(default=False)
    atlas_tiles_x = models.PositiveIntegerField(default=3)
    atlas_tiles_y = models.PositiveIntegerField(default=3)
    square_tiles_x = models.PositiveIntegerField(default=1)
    square_tiles_y = models.PositiveIntegerField(default=1)
    squares_per_grid = models.PositiveIntegerField(default=3)
    holes_per_square = models.PositiveIntegerField(default=3)
    selection_aim = models.CharField(max_length=14, choices=choices(Aim), default="diverse")
    image_shift_radius_um = models.FloatField(default=0.0)
    min_group_size = models.PositiveIntegerField(default=1)
    max_group_size = models.PositiveIntegerField(null=True, blank=True)
    max_focus_change_um = models.FloatField(null=True, blank=True)
    defocus_min_um = models.FloatField(default=2.0)
    defocus_max_um = models.FloatField(default=2.0)
    defocus_step_um = models.FloatField(default=0.0)
    drift_limit_angstrom_per_s = models.FloatField(null=True, blank=True)
    tilt_deg = models.FloatField(default=0.0)
    save_frames = models.BooleanField(default=True)
    zero_loss_interval_h = models.FloatField(null=True, blank=True)
    gun_flash_interval_h = models.FloatField(null=True, blank=True)
    dark_reference_interval_h = models.FloatField(null=True, blank=True)
    tuning_interval_h = models.FloatField(null=True, blank=True)
    offset_targeting = models.BooleanField(null=True, blank=True)
    offset_distance_um = models.FloatField(null=True, blank=True)
    pause_between_grids = models.BooleanField(default=False)
    resumes_by_itself = models.BooleanField(default=True)
    record_dose_e_per_angstrom2 = models.FloatField(default=40.0)
    ice_min_nm = models.FloatField(default=10.0)
    ice_max_nm = models.FloatField(default=100.0)
    budget_minutes = models.FloatField(null=True, blank=True)
    picking_method = models.CharField(
        max_length=20, choices=choices(PickingMethod), default="matched-picker"
    )
    particle_diameter_angstrom = models.FloatField(null=True, blank=True)
    denoise_exposures = models.BooleanField(default=False)
    fine_sums = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Session(Row, CollectionParameters):
    """The session's parameters are the default its grids were created with."""

    name = models.CharField(max_length=80, unique=True)
    date = models.DateField()
    group = models.ForeignKey(PeopleGroup, on_delete=models.PROTECT, related_name="sessions")
    microscope = models.ForeignKey(Microscope, on_delete=models.PROTECT, related_name="sessions")
    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="sessions")
    simulated = models.BooleanField(default=True)
    #: a session imported from files is looked at, never driven
    imported = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    #: from then on, on the microscope's clock, nothing new is begun and the run ends
    stop_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True)
