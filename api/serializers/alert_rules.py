"""Rules by which people are told."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.domain.alarms import Level
from smartscope.domain.alert_rules import METRICS, RuleKind
from smartscope.models import AlertRule

RULE = (
    "name",
    "kind",
    "level",
    "enabled",
    "minutes",
    "free_percent",
    "metric",
    "low",
    "high",
    "exposures",
    "quiet_from",
    "quiet_to",
)


class AlertRuleSerializer(serializers.ModelSerializer[Any]):
    """Who is told, and when, follows from `level`: see the ladder of alarms."""

    author = serializers.SerializerMethodField()

    class Meta:
        model = AlertRule
        fields = (*ROW, "microscope", "session", "author", *RULE)

    def get_author(self, rule: Any) -> str | None:
        return None if rule.author is None else str(rule.author.get_username())


class EditAlertRuleBody(StrictSerializer):
    """What the kind needs: minutes, a percentage, or a metric with a band; hours are UTC."""

    name = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=[str(kind) for kind in RuleKind])
    level = serializers.ChoiceField(choices=[str(level) for level in Level], default="MINOR")
    enabled = serializers.BooleanField(default=True)
    minutes = serializers.FloatField(required=False, allow_null=True)
    free_percent = serializers.FloatField(required=False, allow_null=True)
    metric = serializers.ChoiceField(choices=list(METRICS), required=False, allow_blank=True)
    low = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)
    exposures = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_to = serializers.TimeField(required=False, allow_null=True)


class NewAlertRuleBody(EditAlertRuleBody):
    """Of a session, of a microscope, or of all that the service drives (neither)."""

    microscope = serializers.UUIDField(required=False, allow_null=True)
    session = serializers.UUIDField(required=False, allow_null=True)
