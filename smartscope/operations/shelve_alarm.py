"""Put an alarm aside for some hours, with a reason; after that its ladder begins anew."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import LONGEST_SHELF, AlarmState
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.models import Alarm
from smartscope.operations.acknowledge_alarm import answerable
from smartscope.operations.raise_alarm import tell


@transaction.atomic
def shelve_alarm(actor: Actor, alarm_id: UUID, *, duration: timedelta, reason: str) -> Alarm:
    """Raises InvalidInput without a reason or for over 12 h, NotFound, NotAllowed, Conflict."""
    problems = {}
    if not reason.strip():
        problems["reason"] = "say why it may wait."
    if not timedelta(0) < duration <= LONGEST_SHELF:
        problems["hours"] = "an alarm is put aside for at most 12 hours."
    if problems:
        raise InvalidInput(problems)
    alarm = answerable(actor, alarm_id)
    if alarm.state == AlarmState.CLOSED:
        raise Conflict("This alarm is closed; there is nothing to put aside.", code="conflict")
    alarm.shelved_until = alarm.escalates_from = timezone.now() + duration
    alarm.shelved_by_id, alarm.shelf_reason = actor.user_id, reason.strip()[:300]
    alarm.round += 1
    alarm.version += 1
    alarm.save()
    tell("alarm.shelved", alarm, actor, str(alarm.state), reason)
    return alarm
