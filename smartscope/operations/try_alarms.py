"""The test button: an alarm of its own that tells everybody on the ladder at once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import TEST_KEY, AlarmState, Level
from smartscope.models import Alarm
from smartscope.operations.raise_alarm import open_alarm, tell
from smartscope.queries.rights import require_alarm_test

TEXT = "This is a test of the alarms; nothing is wrong."
ADVICE = "Look at the page whether everybody got it, then acknowledge it."


@transaction.atomic
def try_alarms(actor: Actor) -> Alarm:
    """Raise it, or send the open one once more. Raises NotAllowed."""
    require_alarm_test(actor)
    now = timezone.now()
    alarm = open_alarm(TEST_KEY, None)
    before = None if alarm is None else str(alarm.state)
    if alarm is None:
        alarm = Alarm(key=TEST_KEY, level=Level.INFO, text=TEXT, advice=ADVICE, round=0)
    alarm.state = AlarmState.RAISED
    alarm.raised_at = alarm.escalates_from = now
    alarm.raised_by_id = actor.user_id
    alarm.shelved_until = None
    alarm.round += 1
    alarm.version += 1
    alarm.save()
    tell("alarm.raised", alarm, actor, before)
    return alarm
