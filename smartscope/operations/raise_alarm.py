"""Something is wrong and somebody must know: raise its alarm, or make the open one worse."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from smartscope.domain.actor import ALARMS, Actor
from smartscope.domain.alarms import ALARM_MOVES, AlarmState, Level
from smartscope.domain.status import moved
from smartscope.models import Alarm
from smartscope.operations.event_log import Scope, Told, record_event


@transaction.atomic
def raise_alarm(
    *,
    key: str,
    level: Level,
    microscope: UUID | None,
    session: UUID | None = None,
    text: str,
    advice: str,
) -> None:
    """Latched per key and microscope: raising what is open already and no worse changes nothing.

    `text` is one sentence of what happened, `advice` what to do next. May be called again and
    again, inside a transaction of the caller's or not; people are told by the sweeper.
    """
    wanted = Alarm(
        key=key,
        level=level,
        microscope_id=microscope,
        session_id=session,
        text=text[:300],
        advice=advice[:500],
    )
    found = open_alarm(key, microscope)
    if found is None:
        found = _created(wanted)
    if found is not None:
        _again(found, wanted)


def open_alarm(key: str, microscope: UUID | None) -> Alarm | None:
    """The open alarm of that key, locked until the transaction ends."""
    return (
        Alarm.objects.select_for_update(no_key=True, of=("self",))
        .exclude(state=AlarmState.CLOSED)
        .filter(key=key, microscope=microscope)
        .first()
    )


def tell(kind: str, alarm: Alarm, actor: Actor, before: str | None, reason: str = "") -> None:
    """The event of an alarm's change, which is last in its transaction."""
    told = Told(
        subjects=[alarm.pk],
        before=None if before is None else {"state": before},
        after={"key": alarm.key, "level": str(alarm.level), "state": str(alarm.state)},
        reason=reason or alarm.text,
    )
    record_event(kind, actor, Scope(alarm.microscope_id, alarm.session_id), told)


def _created(wanted: Alarm) -> Alarm | None:
    """None when it was created; else the one that another process raised at the same moment."""
    wanted.raised_at = wanted.escalates_from = timezone.now()
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:
        found = open_alarm(wanted.key, wanted.microscope_id)
        if found is None:
            raise
        return found
    tell("alarm.raised", wanted, ALARMS, None)
    return None


def _again(found: Alarm, wanted: Alarm) -> None:
    """It is open: only what is worse, or back after it was over, is news."""
    before = AlarmState(found.state)
    worse = Level(wanted.level).is_worse_than(Level(found.level))
    if not worse and before is not AlarmState.CLEARED:
        return
    now = timezone.now()
    found.level = wanted.level if worse else found.level
    found.text, found.advice = wanted.text, wanted.advice
    found.session_id = wanted.session_id or found.session_id
    found.cleared_at = None
    if before is not AlarmState.RAISED:
        found.state = moved(ALARM_MOVES, before, AlarmState.RAISED, f"alarm {found.key}")
    if worse:
        # Who accepted less is told again; what merely comes back goes on climbing where it was.
        found.round += 1
        found.escalates_from = now
        found.acknowledged_at = found.acknowledged_by = None
        found.shelved_until = None
    found.version += 1
    found.save()
    tell("alarm.raised", found, ALARMS, before)
