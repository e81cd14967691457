"""The helm of a microscope: who stands there, until when, and who asks for it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer


class DriverLeaseSerializer(serializers.Serializer[Any]):
    """`answer_by` is when silence hands over to `asked_by`; null for what is not the case."""

    microscope = serializers.UUIDField()
    holder = serializers.CharField(allow_null=True)
    mine = serializers.BooleanField()
    taken_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    asked_by = serializers.CharField(allow_null=True)
    asked_by_me = serializers.BooleanField()
    answer_by = serializers.DateTimeField(allow_null=True)
    may_drive = serializers.BooleanField()
    as_of_seq = serializers.IntegerField()


class TakeLeaseBody(StrictSerializer):
    """`force` takes it whoever holds it: staff, freshly signed in, with a reason."""

    force = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class AnswerLeaseBody(StrictSerializer):
    hand_over = serializers.BooleanField()
