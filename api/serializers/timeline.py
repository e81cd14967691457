"""The shape of a timeline, as the API describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SpanSerializer(serializers.Serializer[Any]):
    """One bar, on the microscope's clock; `end_s` is null while it lasts.

    `target` is the short id of the square or group it was about.
    """

    lane = serializers.CharField()
    what = serializers.CharField()
    begin_s = serializers.FloatField()
    end_s = serializers.FloatField(allow_null=True)
    state = serializers.CharField()
    grid = serializers.CharField(allow_blank=True)
    target = serializers.CharField(allow_blank=True)


class LostSerializer(serializers.Serializer[Any]):
    """Waiting by cause, longest first."""

    cause = serializers.CharField()
    seconds = serializers.FloatField()
    share = serializers.FloatField()


class TimelineSerializer(serializers.Serializer[Any]):
    """Spans by lane and time; `imaging_s` has the beam on the specimen, `idle_s` is neither a step
    nor a wait. `planned_s` and `actual_s` are of the grids that are done, null before one is.
    """

    begin_s = serializers.FloatField(allow_null=True)
    end_s = serializers.FloatField(allow_null=True)
    live = serializers.BooleanField()
    spans = SpanSerializer(many=True)
    working_s = serializers.FloatField()
    imaging_s = serializers.FloatField()
    waiting = LostSerializer(many=True)
    idle_s = serializers.FloatField()
    steps = serializers.IntegerField()
    moves = serializers.IntegerField()
    planned_s = serializers.FloatField(allow_null=True)
    actual_s = serializers.FloatField(allow_null=True)
    as_of_seq = serializers.IntegerField()
