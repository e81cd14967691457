"""What a limit would keep and lose, as counts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer
from smartscope.queries.limit_preview import MEASURES


class LimitQuery(StrictSerializer):
    """A measured value and inclusive limits; a side left out is open."""

    measure = serializers.ChoiceField(choices=list(MEASURES))
    low = serializers.FloatField(required=False, allow_null=True, default=None)
    high = serializers.FloatField(required=False, allow_null=True, default=None)


class LimitPreviewSerializer(serializers.Serializer[Any]):
    """Targets that count now and would (`kept`), would no more (`lost`), would anew (`gained`) or
    neither (`out`); and those a limit does not touch: unmeasured, decided by people, spent.
    `overruled` are those outside the limit that a person wants all the same, counted in
    `by_people`.
    """

    measure = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    kept = serializers.IntegerField()
    lost = serializers.IntegerField()
    gained = serializers.IntegerField()
    out = serializers.IntegerField()
    unmeasured = serializers.IntegerField()
    by_people = serializers.IntegerField()
    overruled = serializers.IntegerField()
    spent = serializers.IntegerField()
    as_of_seq = serializers.IntegerField()
