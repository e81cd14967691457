"""The instruments: a column, its cameras, and who may drive it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.models.base import Row


class Microscope(Row):
    name = models.CharField(max_length=80, unique=True)
    location = models.CharField(max_length=120, blank=True)
    vendor = models.CharField(max_length=40, blank=True)
    voltage_kv = models.PositiveIntegerField(default=300)
    spherical_aberration_mm = models.FloatField(default=2.7)
    loader_slots = models.PositiveIntegerField(default=12)
    #: the driver's name in `microscope.registry` and its settings (seed, speed, address …)
    driver_kind = models.CharField(max_length=40, default="simulator")
    driver_settings = models.JSONField(default=dict, blank=True)
    simulated = models.BooleanField(default=True)
    #: what the bridge last read, for people to see; decisions read the instrument itself
    state = models.CharField(max_length=20, default="offline")
    state_reason = models.CharField(max_length=300, blank=True)
    state_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    clock_s = models.FloatField(null=True)
    last_image_at = models.DateTimeField(null=True)
    loaded_position = models.PositiveIntegerField(null=True)
    #: the cassette as last read: [{"slot", "occupied", "name"}]; None before the first
    inventory = models.JSONField(null=True)
    inventory_at = models.DateTimeField(null=True)
    #: the grid a person said they inserted, where there is no autoloader
    hand_loaded = models.ForeignKey(
        "smartscope.Grid", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: why it is not known which grid is on the stage, blank while it is known; and the answer of a
    #: person that no bridge has taken up yet: a slot, 0 for an empty stage
    stage_doubt = models.CharField(max_length=300, blank=True)
    stage_answer = models.PositiveSmallIntegerField(null=True)
    #: above these a night is stopped; see docs/operator.md for where they come from
    stage_limit_k = models.FloatField(default=110.0)
    autoloader_limit_k = models.FloatField(default=110.0)
    stage_x_um = models.FloatField(null=True)
    stage_y_um = models.FloatField(null=True)
    stage_z_um = models.FloatField(null=True)
    tilt_deg = models.FloatField(null=True)
    valves_open = models.BooleanField(null=True)
    zero_loss_at_s = models.FloatField(null=True)
    vacuum_ready = models.BooleanField(null=True)
    dewars_filling = models.BooleanField(null=True)
    #: on the microscope's clock; null where the instrument does not tell it
    next_filling_at_s = models.FloatField(null=True)
    stage_temperature_k = models.FloatField(null=True)
    autoloader_temperature_k = models.FloatField(null=True)
    #: what the safety agent last answered the sweeper; blank while none is configured
    agent_state = models.CharField(max_length=12, blank=True)
    agent_seen_at = models.DateTimeField(null=True)


class Detector(Row):
    microscope = models.ForeignKey(Microscope, on_delete=models.PROTECT, related_name="detectors")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    model = models.CharField(max_length=40)
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    physical_pixel_um = models.FloatField()
    #: how a gain reference lies beside the frames: quarter turns anticlockwise, then left to right
    gain_rotation = models.PositiveSmallIntegerField(default=0)
    gain_flip = models.BooleanField(default=False)
    #: counts are divided by the reference
    gain_reciprocal = models.BooleanField(default=False)
    #: keys below the storage URL; the gain is for movies that bring none of their own
    gain_key = models.CharField(max_length=300, blank=True)
    defects_key = models.CharField(max_length=300, blank=True)
    #: what undoes anisotropic magnification: stretched along the angle (0 to 180°, x towards y)
    #: and compressed across it, each by half of the ratio; 0 where nobody measured it
    magnification_ratio = models.FloatField(default=0.0)
    magnification_angle_deg = models.FloatField(default=0.0)
    energy_filter = models.BooleanField(default=False)
    #: counts in the image per electron sent, through vacuum; null until somebody calibrated it
    counts_per_electron = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["microscope", "number"], name="detector_number"),
        )


class MicroscopeGrant(Row):
    """Permission to drive one microscope; `operator` may also drive other people's sessions."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="microscope_grants"
    )
    microscope = models.ForeignKey(Microscope, on_delete=models.CASCADE, related_name="grants")
    operator = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "microscope"], name="one_grant"),)
