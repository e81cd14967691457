"""A person has seen an alarm: nobody else is told, and once what raised it is over it is closed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import ACKNOWLEDGED_AS, ALARM_MOVES, AlarmState
from smartscope.domain.errors import Conflict, NotFound
from smartscope.domain.status import moved
from smartscope.models import Alarm
from smartscope.operations.raise_alarm import tell
from smartscope.queries.alarms import visible_alarms
from smartscope.queries.rights import require_answer
from smartscope.queries.visible import reader_of


@transaction.atomic
def acknowledge_alarm(actor: Actor, alarm_id: UUID) -> Alarm:
    """Raises NotFound, NotAllowed, and Conflict when it was acknowledged before."""
    alarm = answerable(actor, alarm_id)
    before = AlarmState(alarm.state)
    if before not in ACKNOWLEDGED_AS:
        by = alarm.acknowledged_by.get_username() if alarm.acknowledged_by else "somebody"
        raise Conflict(f"{by} has acknowledged this alarm already.", code="illegal_transition")
    alarm.state = moved(ALARM_MOVES, before, ACKNOWLEDGED_AS[before], f"alarm {alarm.key}")
    alarm.acknowledged_at, alarm.acknowledged_by_id = timezone.now(), actor.user_id
    alarm.version += 1
    alarm.save(
        update_fields=["state", "acknowledged_at", "acknowledged_by", "version", "updated_at"]
    )
    tell("alarm.acknowledged", alarm, actor, before)
    return alarm


def answerable(actor: Actor, alarm_id: UUID) -> Alarm:
    """The alarm, locked, for somebody who sees it and may answer it."""
    seen = visible_alarms(reader_of(actor)).filter(pk=alarm_id)
    alarm = seen.select_for_update(no_key=True, of=("self",)).first()
    if alarm is None:
        raise NotFound("There is no such alarm that you may see.")
    require_answer(actor, alarm)
    return alarm
