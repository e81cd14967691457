"""What is wrong and unanswered, and whom it was told to over which channel."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.domain.alarms import AlarmState, DeliveryState, Duty, Level
from smartscope.models.base import Row, choices, one_of
from smartscope.models.microscope import Microscope
from smartscope.models.session import Session


class Alarm(Row):
    """One open alarm per key and microscope; what is closed stays as the record."""

    #: what is wrong, as code says it: "instrument.silent"
    key = models.CharField(max_length=80)
    #: null: the service itself
    microscope = models.ForeignKey(
        Microscope, null=True, on_delete=models.PROTECT, related_name="alarms"
    )
    session = models.ForeignKey(Session, null=True, on_delete=models.PROTECT, related_name="alarms")
    level = models.CharField(max_length=8, choices=choices(Level))
    state = models.CharField(max_length=12, choices=choices(AlarmState), default="raised")
    text = models.CharField(max_length=300)
    advice = models.CharField(max_length=500, blank=True)
    raised_at = models.DateTimeField()
    #: null: a part of the service noticed by itself
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: from here the ladder counts: when it was raised, became worse, or its shelf ended
    escalates_from = models.DateTimeField()
    #: one more each time the ladder is climbed from its foot
    round = models.PositiveIntegerField(default=1)
    cleared_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    shelved_until = models.DateTimeField(null=True)
    shelved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    shelf_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["key", "microscope"],
                condition=~models.Q(state="closed"),
                nulls_distinct=False,
                name="one_open_alarm",
            ),
            one_of("state", AlarmState, "alarm_state"),
            one_of("level", Level, "alarm_level"),
        )
        indexes = (models.Index(fields=["state", "raised_at"], name="alarm_open"),)


class AlarmDelivery(Row):
    """One message to one person over one channel: written down before it is sent."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="deliveries")
    round = models.PositiveIntegerField()
    duty = models.CharField(max_length=10, choices=choices(Duty))
    #: a person's name, or the site's address by number: never the address itself, it may be secret
    recipient = models.CharField(max_length=150)
    channel = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=choices(DeliveryState), default="wanted")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    #: since when it is being sent
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    #: what the channel said last, when it did not take the message
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["alarm", "round", "duty", "recipient", "channel"], name="told_once"
            ),
            one_of("state", DeliveryState, "delivery_state"),
            one_of("duty", Duty, "delivery_duty"),
        )
        indexes = (
            models.Index(
                fields=["next_at"],
                condition=models.Q(state__in=["wanted", "sending"]),
                name="delivery_to_send",
            ),
        )
