"""The rules by which people are told, and the alarms they raised."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from smartscope.domain.alarms import AlarmState
from smartscope.models import Alarm, AlertRule, Microscope
from smartscope.queries.visible import Reader, visible_sessions

#: the alarms of rules begin so
PREFIX = "rule."


def visible_rules(reader: Reader) -> QuerySet[AlertRule]:
    """Those of visible sessions, of microscopes near the reader, and those for all."""
    rules = AlertRule.objects.select_related("author", "microscope", "session")
    if reader.sees_everything:
        return rules
    if reader.user_id is None:
        return rules.none()
    sessions = visible_sessions(reader)
    near = Microscope.objects.filter(
        Q(pk__in=sessions.values("microscope")) | Q(grants__user=reader.user_id)
    )
    return rules.filter(
        Q(session__in=sessions.values("pk"))
        | Q(session=None, microscope__in=near.values("pk"))
        | Q(session=None, microscope=None)
    )


def alarm_key(rule: AlertRule) -> str:
    """The key of what a rule raises; a grid's or session's name follows it where there is one."""
    return f"{PREFIX}{rule.pk.hex}"


def open_alarms_of(key: str) -> QuerySet[Alarm]:
    """Alarms of that rule that nobody closed."""
    return Alarm.objects.filter(key__startswith=key).exclude(state=AlarmState.CLOSED)
