"""Alarms, whom they were told to, and what people answer; the emergency stop's answer."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.record import CommandSerializer
from api.serializers.strict import StrictSerializer
from smartscope.models import Alarm, AlarmDelivery


class DeliverySerializer(serializers.ModelSerializer[Any]):
    """One message to one person; `answer` is what the channel said when it did not take it."""

    class Meta:
        model = AlarmDelivery
        fields = (
            "id",
            "round",
            "duty",
            "recipient",
            "channel",
            "state",
            "attempts",
            "next_at",
            "sent_at",
            "answer",
        )


class AlarmSerializer(serializers.ModelSerializer[Any]):
    """Latched until acknowledged; `advice` says what to do."""

    microscope_name = serializers.SerializerMethodField()
    simulated = serializers.SerializerMethodField()
    raised_by = serializers.SerializerMethodField()
    acknowledged_by = serializers.SerializerMethodField()
    shelved_by = serializers.SerializerMethodField()
    shelved = serializers.SerializerMethodField()
    deliveries = DeliverySerializer(many=True, read_only=True)

    class Meta:
        model = Alarm
        fields = (
            *ROW,
            "key",
            "level",
            "state",
            "microscope",
            "microscope_name",
            "simulated",
            "session",
            "text",
            "advice",
            "raised_at",
            "raised_by",
            "cleared_at",
            "acknowledged_at",
            "acknowledged_by",
            "shelved",
            "shelved_until",
            "shelved_by",
            "shelf_reason",
            "round",
            "deliveries",
        )

    def get_microscope_name(self, alarm: Any) -> str | None:
        return None if alarm.microscope is None else str(alarm.microscope.name)

    def get_simulated(self, alarm: Any) -> bool:
        return alarm.microscope is not None and bool(alarm.microscope.simulated)

    def get_raised_by(self, alarm: Any) -> str | None:
        return _name(alarm.raised_by)

    def get_acknowledged_by(self, alarm: Any) -> str | None:
        return _name(alarm.acknowledged_by)

    def get_shelved_by(self, alarm: Any) -> str | None:
        return _name(alarm.shelved_by)

    def get_shelved(self, alarm: Any) -> bool:
        return alarm.shelved_until is not None and alarm.shelved_until > timezone.now()


class ShelfBody(StrictSerializer):
    """For how long, and why it may wait."""

    hours = serializers.FloatField(min_value=0.01, max_value=12)
    reason = serializers.CharField(max_length=300)


class RungSerializer(serializers.Serializer[Any]):
    """Who is told after how many minutes without an answer, and by which of the site's channels."""

    duty = serializers.CharField()
    after_minutes = serializers.IntegerField()
    channels = serializers.ListField(child=serializers.CharField())


class LadderSerializer(serializers.Serializer[Any]):
    """`mail` is whether people get mail at the address of their account."""

    mail = serializers.BooleanField()
    rungs = RungSerializer(many=True)
    may_test = serializers.BooleanField()


class EmergencyAnswerSerializer(serializers.Serializer[Any]):
    """Who accepted the stop; without a database there is no command to show."""

    accepted_by = serializers.ChoiceField(choices=["service", "safety agent"])
    told = serializers.CharField()
    command = CommandSerializer(allow_null=True)


def _name(user: Any) -> str | None:
    return None if user is None else str(user.get_username())
