"""A square grouped anew: the body that asks for it, and what became of its plan."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.commands import OutcomeSerializer
from api.serializers.strict import StrictSerializer


class RegroupBody(StrictSerializer):
    """`dry_run` tells what the plan would become."""

    dry_run = serializers.BooleanField(default=False)


class PlanCountSerializer(serializers.Serializer[Any]):
    """Groups that wait or were exposed, and the holes that wait in them."""

    groups = serializers.IntegerField()
    holes = serializers.IntegerField()


class RegroupedSerializer(serializers.Serializer[Any]):
    outcome = OutcomeSerializer()
    before = PlanCountSerializer()
    after = PlanCountSerializer()
    words = serializers.CharField()
