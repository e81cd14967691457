"""Whom to tell now, one message at a time: written down, claimed, and only then sent.

A message is claimed and committed before it leaves, so that no second sender takes it. Whether one
left whose sender died meanwhile is unknown; it is not sent again, the ladder goes on instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ALARMS
from smartscope.domain.alarms import (
    DELIVERY_MOVES,
    NOT_TOLD,
    SENDING_LIMIT,
    TEST_KEY,
    AlarmState,
    DeliveryState,
    Duty,
    Level,
    next_try,
    rungs_due,
)
from smartscope.domain.status import moved
from smartscope.models import Alarm, AlarmDelivery
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.queries.alarms import addressees, unanswered

UNDELIVERED = "alarms.undelivered"


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery that is ours to send, and where to."""

    delivery: UUID
    url: str
    alarm: Alarm


def plan_deliveries(now: datetime) -> int:
    """Write down whom the ladder reaches by now; how many are new."""
    raised = Alarm.objects.filter(state=AlarmState.RAISED, escalates_from__lte=now)
    alarms = raised.select_related("session").order_by("raised_at")
    return sum(_plan(alarm, now) for alarm in alarms if unanswered(alarm, now))


def claim_delivery(now: datetime) -> Message | None:
    """The next message to send, committed as being sent; None when nothing is due."""
    with transaction.atomic(durable=True):
        _give_up_dead_senders(now)
        while (found := _next(now)) is not None:
            if (message := _claimed(found, now)) is not None:
                return message
    return None


@transaction.atomic
def note_delivery(delivery_id: UUID, answer: str) -> None:
    """What became of a claimed message: `answer` is "" when the channel took it."""
    row = AlarmDelivery.objects.select_for_update(no_key=True, of=("self",)).get(pk=delivery_id)
    now = timezone.now()
    pause = next_try(row.attempts)
    if not answer:
        to, row.sent_at = DeliveryState.SENT, now
    elif pause is None:
        to = DeliveryState.FAILED
    else:
        to, row.next_at = DeliveryState.WANTED, now + pause
    _move(row, to, answer)
    _tell_of(row)


def _plan(alarm: Alarm, now: datetime) -> int:
    made = 0
    reached = {duty: addressees(alarm, duty) for duty in Duty}
    told = list(alarm.deliveries.filter(round=alarm.round))
    for duty in _due(alarm, now, told, reached):
        known = {(row.recipient, row.channel) for row in told if row.duty == duty}
        new = [one for one in reached[duty] if (one.recipient, one.channel) not in known]
        rows = [
            AlarmDelivery(
                alarm=alarm,
                round=alarm.round,
                duty=duty,
                recipient=one.recipient,
                channel=one.channel,
                next_at=now,
            )
            for one in new
        ]
        made += len(AlarmDelivery.objects.bulk_create(rows, ignore_conflicts=True))
    return made


def _due(
    alarm: Alarm, now: datetime, told: list[AlarmDelivery], reached: Mapping[Duty, Sequence[object]]
) -> list[Duty]:
    if alarm.key == TEST_KEY:
        return list(Duty)
    failed = {duty for duty in Duty if not reached[duty] and not _rows(told, duty)}
    for duty in Duty:
        rows = _rows(told, duty)
        if rows and all(row.state in NOT_TOLD for row in rows):
            failed.add(duty)
    return rungs_due(Level(alarm.level), now - alarm.escalates_from, frozenset(failed))


def _rows(told: list[AlarmDelivery], duty: Duty) -> list[AlarmDelivery]:
    return [row for row in told if row.duty == duty]


def _next(now: datetime) -> AlarmDelivery | None:
    return (
        AlarmDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("alarm", "alarm__microscope", "alarm__session")
        .filter(state=DeliveryState.WANTED, next_at__lte=now)
        .order_by("next_at", "created_at")
        .first()
    )


def _claimed(row: AlarmDelivery, now: datetime) -> Message | None:
    """None when it is not needed any more, or its address is gone."""
    alarm = row.alarm
    if row.round != alarm.round or not unanswered(alarm, now):
        _move(row, DeliveryState.DROPPED, "the alarm was answered first")
        return None
    url = next(
        (
            one.url
            for one in addressees(alarm, Duty(row.duty))
            if (one.recipient, one.channel) == (row.recipient, row.channel)
        ),
        None,
    )
    if url is None:
        _move(row, DeliveryState.DROPPED, "this address is not known any more")
        return None
    row.attempts += 1
    row.claimed_at = now
    _move(row, DeliveryState.SENDING, row.answer)
    return Message(row.pk, url, alarm)


def _give_up_dead_senders(now: datetime) -> None:
    dead = AlarmDelivery.objects.select_for_update(
        no_key=True, skip_locked=True, of=("self",)
    ).filter(state=DeliveryState.SENDING, claimed_at__lt=now - SENDING_LIMIT)
    for row in dead:
        _move(row, DeliveryState.UNKNOWN, "the sender ended before it knew whether it was sent")
        _tell_of(row)


def _move(row: AlarmDelivery, to: DeliveryState, answer: str) -> None:
    row.state = moved(DELIVERY_MOVES, DeliveryState(row.state), to, "a message of an alarm")
    row.answer = answer[:300]
    row.version += 1
    row.save()


def _tell_of(row: AlarmDelivery) -> None:
    """A message that did not arrive is itself an alarm, until one does by the same way."""
    if row.state in (DeliveryState.SENT, *NOT_TOLD):
        after = {"who": row.recipient, "by": row.channel, "state": str(row.state)}
        scope = Scope(row.alarm.microscope_id, row.alarm.session_id)
        told = Told(subjects=[row.alarm_id], after=after, reason=row.answer)
        # who asked for a test may see what becomes of it
        actor = replace(ALARMS, user_id=row.alarm.raised_by_id)
        record_event("alarm.told", actor, scope, told)
    key = f"{UNDELIVERED}.{row.channel}.{row.recipient}"[:80]
    if row.state == DeliveryState.SENT:
        clear_alarm(key=key, microscope=None)
    elif row.state in NOT_TOLD and not row.alarm.key.startswith(UNDELIVERED):
        raise_alarm(
            key=key,
            level=Level.MINOR,
            microscope=None,
            text=f"An alarm could not be told to {row.recipient} by {row.channel}.",
            advice=f"The channel said: {row.answer} Correct the address, then test the alarms.",
        )
