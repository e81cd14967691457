"""A rule by which people let themselves be told; what it raises is an alarm like any other."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from smartscope.domain.alarms import Level
from smartscope.domain.alert_rules import RuleKind
from smartscope.models.base import Row, choices, one_of
from smartscope.models.microscope import Microscope
from smartscope.models.session import Session


class AlertRule(Row):
    """Of one session, of one microscope, or of all that the service drives (neither)."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=choices(RuleKind))
    microscope = models.ForeignKey(
        Microscope, null=True, on_delete=models.CASCADE, related_name="alert_rules"
    )
    session = models.ForeignKey(
        Session, null=True, on_delete=models.CASCADE, related_name="alert_rules"
    )
    level = models.CharField(max_length=8, choices=choices(Level), default=Level.MINOR)
    enabled = models.BooleanField(default=True)
    minutes = models.FloatField(null=True)
    free_percent = models.FloatField(null=True)
    metric = models.CharField(max_length=30, blank=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    exposures = models.PositiveIntegerField(null=True)
    #: UTC; in between the rule raises nothing new
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = (
            one_of("kind", RuleKind, "alert_rule_kind"),
            one_of("level", Level, "alert_rule_level"),
        )
