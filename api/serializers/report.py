"""The shape of a morning report, as the API describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class IncidentSerializer(serializers.Serializer[Any]):
    """Something out of the ordinary; `grid` is null when it concerns the whole session."""

    at = serializers.DateTimeField()
    text = serializers.CharField()
    grid = serializers.UUIDField(allow_null=True)


class OutlineSerializer(serializers.Serializer[Any]):
    """A square on the atlas's picture, corners in its pixels."""

    slug = serializers.CharField()
    corners_px = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    square_class = serializers.CharField(allow_blank=True)
    imaged = serializers.BooleanField()


class DistributionSerializer(serializers.Serializer[Any]):
    """All measured values of one kind; `wanted` is the range people asked for."""

    name = serializers.CharField()
    unit = serializers.CharField()
    values = serializers.ListField(child=serializers.FloatField())
    wanted = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class MicrographSerializer(serializers.Serializer[Any]):
    """Best, typical or worst exposure of a grid; null is not measured."""

    standing = serializers.CharField()
    slug = serializers.CharField()
    picture = serializers.UUIDField(allow_null=True)
    spectrum = serializers.UUIDField(allow_null=True)
    usable = serializers.BooleanField()
    label_by_person = serializers.CharField(allow_blank=True)
    quality_class = serializers.CharField(allow_blank=True)
    ice_nm = serializers.FloatField(allow_null=True)
    drift_angstrom = serializers.FloatField(allow_null=True)
    ctf_fit_angstrom = serializers.FloatField(allow_null=True)
    target_defocus_um = serializers.FloatField(allow_null=True)
    defocus_um = serializers.FloatField(allow_null=True)


class GridReportSerializer(serializers.Serializer[Any]):
    """One grid: its verdict and why, what was seen, what to do next."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    sample = serializers.CharField(allow_blank=True)
    position = serializers.IntegerField()
    hole_type = serializers.CharField()
    mesh = serializers.CharField()
    status = serializers.CharField()
    status_reason = serializers.CharField(allow_blank=True)
    verdict = serializers.CharField()
    verdict_by_person = serializers.BooleanField()
    confidence = serializers.FloatField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    expected_usable_holes = serializers.FloatField(allow_null=True)
    holes_in_range = serializers.IntegerField(allow_null=True)
    success_rate = serializers.FloatField(allow_null=True)
    squares_found = serializers.IntegerField()
    squares_good = serializers.IntegerField()
    squares_imaged = serializers.IntegerField()
    exposures = serializers.IntegerField()
    exposures_usable = serializers.IntegerField()
    holes_lost = serializers.IntegerField()
    atlas = serializers.UUIDField(allow_null=True)
    outlines = OutlineSerializer(many=True)
    micrographs = MicrographSerializer(many=True)
    distributions = DistributionSerializer(many=True)
    suggestions = serializers.ListField(child=serializers.CharField())
    incidents = IncidentSerializer(many=True)
    methods = serializers.ListField(child=serializers.CharField())
    minutes = serializers.FloatField(allow_null=True)


class SessionReportSerializer(serializers.Serializer[Any]):
    """The whole night, grids best first; `missing` says what keeps it from being complete."""

    session = serializers.UUIDField()
    name = serializers.CharField()
    date = serializers.DateField()
    group = serializers.CharField()
    microscope = serializers.CharField()
    detector = serializers.CharField()
    voltage_kv = serializers.IntegerField()
    simulated = serializers.BooleanField()
    imported = serializers.BooleanField()
    notes = serializers.CharField(allow_blank=True)
    made_at = serializers.DateTimeField()
    run_state = serializers.CharField(allow_blank=True)
    run_reason = serializers.CharField(allow_blank=True)
    answer = serializers.CharField()
    microscope_s = serializers.FloatField(allow_null=True)
    exposures = serializers.IntegerField()
    dose_e_per_angstrom2 = serializers.FloatField()
    waiting_s = serializers.DictField(child=serializers.FloatField())
    software_waiting_fraction = serializers.FloatField(allow_null=True)
    grids = GridReportSerializer(many=True)
    incidents = IncidentSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField())
