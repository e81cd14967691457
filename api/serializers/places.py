"""Microscopes and their cameras, as everybody signed in may know them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from smartscope.models import Detector, Microscope

ROW = ("id", "created_at", "updated_at", "version")


class MicroscopeSerializer(serializers.ModelSerializer[Any]):
    """A column; `run` and `session` are null unless you may see what runs.

    `stage_doubt` asks which grid is on the stage; `confirm_stage` answers. `driver` is the person
    at the helm, null for nobody. `agent_state` is what the safety agent last answered: watching,
    armed, tripped or absent; blank where none is set up. What the column says of vacuum, dewars and
    temperatures is as last read, null where it does not tell.
    """

    stage_doubt = serializers.SerializerMethodField()
    next_filling_in_s = serializers.SerializerMethodField()
    slug = serializers.CharField(source="name", read_only=True)
    since = serializers.DateTimeField(source="state_since", allow_null=True, read_only=True)
    state_reason = serializers.SerializerMethodField()
    seconds_since_last_image = serializers.SerializerMethodField()
    run = serializers.UUIDField(allow_null=True, read_only=True)
    session = serializers.UUIDField(allow_null=True, read_only=True)
    hand_loaded = serializers.SerializerMethodField()
    driver = serializers.CharField(allow_null=True, read_only=True)

    class Meta:
        model = Microscope
        fields = (
            *ROW,
            "slug",
            "name",
            "location",
            "vendor",
            "voltage_kv",
            "spherical_aberration_mm",
            "loader_slots",
            "driver_kind",
            "simulated",
            "state",
            "state_reason",
            "since",
            "seen_at",
            "clock_s",
            "last_image_at",
            "seconds_since_last_image",
            "loaded_position",
            "hand_loaded",
            "stage_doubt",
            "stage_answer",
            "stage_x_um",
            "stage_y_um",
            "stage_z_um",
            "tilt_deg",
            "valves_open",
            "zero_loss_at_s",
            "vacuum_ready",
            "dewars_filling",
            "next_filling_in_s",
            "stage_temperature_k",
            "autoloader_temperature_k",
            "run",
            "session",
            "driver",
            "agent_state",
            "agent_seen_at",
        )

    def get_state_reason(self, microscope: Any) -> str:
        return str(microscope.state_reason) if microscope.told else ""

    def get_seconds_since_last_image(self, microscope: Any) -> float | None:
        if microscope.last_image_at is None:
            return None
        return float((timezone.now() - microscope.last_image_at).total_seconds())

    def get_next_filling_in_s(self, microscope: Any) -> float | None:
        at_s, now_s = microscope.next_filling_at_s, microscope.clock_s
        return None if at_s is None or now_s is None else max(0.0, at_s - now_s)

    def get_stage_doubt(self, microscope: Any) -> str:
        return str(microscope.stage_doubt) if microscope.told else ""

    def get_hand_loaded(self, microscope: Any) -> str | None:
        if microscope.hand_loaded_id is None or not microscope.told:
            return None
        return str(microscope.hand_loaded_id)


class DetectorSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = Detector
        fields = (
            *ROW,
            "microscope",
            "number",
            "name",
            "model",
            "width_px",
            "height_px",
            "physical_pixel_um",
            "gain_rotation",
            "gain_flip",
            "gain_reciprocal",
            "magnification_ratio",
            "magnification_angle_deg",
            "energy_filter",
        )
