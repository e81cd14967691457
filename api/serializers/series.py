"""The shapes of exposures as columns, and of what waits to be analysed."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


def _column(kind: type[serializers.Field[Any, Any, Any, Any]], **more: Any) -> Any:
    return serializers.ListField(child=kind(**more))


class SeriesSerializer(serializers.Serializer[Any]):
    """One value per exposure in each column, in the order they were taken; null: not measured.

    With `after_seq` only exposures that changed since are here, known by `ids`, new ones included.
    `targeting_error_um` is how far the holes of the exposure's group were first seen from where the
    map and the stage put them, before the stage went after it.
    `number` counts all exposures of the grid or session from 1. `found` is how many there would be
    without leaving any out; above 5,000 the first, last, least and greatest of each stretch remain.
    """

    as_of_seq = serializers.IntegerField()
    changes_only = serializers.BooleanField()
    found = serializers.IntegerField()
    downsampled = serializers.BooleanField()
    ids = _column(serializers.UUIDField)
    slugs = _column(serializers.CharField)
    holes = _column(serializers.UUIDField)
    grids = _column(serializers.CharField)
    number = _column(serializers.IntegerField)
    exposed_at_s = _column(serializers.FloatField)
    stage_x_um = _column(serializers.FloatField)
    stage_y_um = _column(serializers.FloatField)
    status = _column(serializers.CharField)
    reason = _column(serializers.CharField, allow_blank=True)
    label = _column(serializers.CharField, allow_blank=True)
    fault = _column(serializers.CharField, allow_blank=True)
    target_defocus_um = _column(serializers.FloatField, allow_null=True)
    defocus_um = _column(serializers.FloatField, allow_null=True)
    astigmatism_nm = _column(serializers.FloatField, allow_null=True)
    ctf_fit_angstrom = _column(serializers.FloatField, allow_null=True)
    ice_thickness_nm = _column(serializers.FloatField, allow_null=True)
    drift_total_angstrom = _column(serializers.FloatField, allow_null=True)
    mean_counts = _column(serializers.FloatField, allow_null=True)
    particles = _column(serializers.IntegerField, allow_null=True)
    targeting_error_um = _column(serializers.FloatField, allow_null=True)
    analysed_after_s = _column(serializers.FloatField, allow_null=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """Analyses of one kind; `oldest_at` is when the longest waiting one was asked for."""

    kind = serializers.CharField()
    wanted = serializers.IntegerField()
    running = serializers.IntegerField()
    given_up = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True)
    oldest_age_s = serializers.FloatField(allow_null=True)


class BacklogSerializer(serializers.Serializer[Any]):
    """What waits to be analysed, by kind; exposures are `measure_exposure`."""

    waiting = WaitingSerializer(many=True)
    as_of_seq = serializers.IntegerField()
