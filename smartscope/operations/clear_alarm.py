"""What an alarm was raised for is over; until a person acknowledges it, it stays in sight."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ALARMS
from smartscope.domain.alarms import ALARM_MOVES, OVER_AS, AlarmState
from smartscope.domain.status import moved
from smartscope.operations.raise_alarm import open_alarm, tell


@transaction.atomic
def clear_alarm(*, key: str, microscope: UUID | None) -> None:
    """Nothing happens where no such alarm is raised, so it may be called again and again."""
    alarm = open_alarm(key, microscope)
    if alarm is None or (before := AlarmState(alarm.state)) not in OVER_AS:
        return
    alarm.state = moved(ALARM_MOVES, before, OVER_AS[before], f"alarm {alarm.key}")
    alarm.cleared_at = timezone.now()
    alarm.version += 1
    alarm.save(update_fields=["state", "cleared_at", "version", "updated_at"])
    tell("alarm.cleared", alarm, ALARMS, before)
