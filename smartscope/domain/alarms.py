"""Alarms: how bad, what may become of one, and who is told when nobody answers.

    raised ──────acknowledged──────> acknowledged
      │  ^                              │    │ worse than before: raised again
      │  └─the condition is back─┐      │ the condition is over
      └─the condition is over─> cleared └──────────> closed
                                   └─acknowledged────^

An alarm is latched: it stays open until a person has acknowledged it, even when what raised it is
over. Only one in `raised` climbs the ladder of people; a shelved one waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Level(StrEnum):
    """INVALID is worse than MAJOR: a value that is not known counts as bad."""

    INFO = "INFO"
    MINOR = "MINOR"
    MAJOR = "MAJOR"
    INVALID = "INVALID"

    def is_worse_than(self, other: Level) -> bool:
        """Whether somebody who accepted `other` must be told again."""
        levels = list(Level)
        return levels.index(self) > levels.index(other)


class AlarmState(StrEnum):
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    CLOSED = "closed"


ALARM_MOVES: Mapping[AlarmState, frozenset[AlarmState]] = {
    AlarmState.RAISED: frozenset({AlarmState.ACKNOWLEDGED, AlarmState.CLEARED}),
    AlarmState.ACKNOWLEDGED: frozenset({AlarmState.RAISED, AlarmState.CLOSED}),
    AlarmState.CLEARED: frozenset({AlarmState.RAISED, AlarmState.CLOSED}),
    AlarmState.CLOSED: frozenset(),
}
ACKNOWLEDGED_AS: Mapping[AlarmState, AlarmState] = {
    AlarmState.RAISED: AlarmState.ACKNOWLEDGED,
    AlarmState.CLEARED: AlarmState.CLOSED,
}
OVER_AS: Mapping[AlarmState, AlarmState] = {
    AlarmState.RAISED: AlarmState.CLEARED,
    AlarmState.ACKNOWLEDGED: AlarmState.CLOSED,
}

#: the alarm of the test button: everybody on the ladder is told at once
TEST_KEY = "alarms.test"
#: nothing is put aside for longer than a night
LONGEST_SHELF = timedelta(hours=12)


class Duty(StrEnum):
    """Whom a rung of the ladder reaches, and in which capacity."""

    USER = "user"
    OPERATOR = "operator"
    ON_CALL = "on_call"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Rung:
    """`after` the alarm was raised, and still unanswered, whoever has this duty is told."""

    duty: Duty
    after: timedelta


_USER = Rung(Duty.USER, timedelta(0))
_OPERATOR = Rung(Duty.OPERATOR, timedelta(minutes=10))
_WHOLE = (
    _USER,
    _OPERATOR,
    Rung(Duty.ON_CALL, timedelta(minutes=20)),
    Rung(Duty.LEAD, timedelta(minutes=40)),
)
#: nobody is woken for what can wait until the morning
LADDER: Mapping[Level, tuple[Rung, ...]] = {
    Level.INFO: (_USER,),
    Level.MINOR: (_USER, _OPERATOR),
    Level.MAJOR: _WHOLE,
    Level.INVALID: _WHOLE,
}


def rungs_due(level: Level, age: timedelta, failed: frozenset[Duty] = frozenset()) -> list[Duty]:
    """The duties that must have been told by now.

    When nobody of a rung could be reached (`failed`), the next one is told at once: time passes
    only for people who know.
    """
    due: list[Duty] = []
    passed_on = False
    for rung in LADDER[level]:
        if age < rung.after and not passed_on:
            break
        due.append(rung.duty)
        passed_on = rung.duty in failed
    return due


class DeliveryState(StrEnum):
    """wanted -> sending -> sent | wanted (tried again) | failed | unknown; wanted -> dropped.

    `dropped`: somebody answered the alarm before this was sent.
    `unknown`: the sender died between sending and writing that down. It is not sent again; for the
    ladder it counts as failed.
    """

    WANTED = "wanted"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WANTED: frozenset({DeliveryState.SENDING, DeliveryState.DROPPED}),
    DeliveryState.SENDING: frozenset(
        {DeliveryState.SENT, DeliveryState.WANTED, DeliveryState.FAILED, DeliveryState.UNKNOWN}
    ),
    DeliveryState.SENT: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.UNKNOWN: frozenset(),
    DeliveryState.DROPPED: frozenset(),
}

#: nobody was reached that way, and nobody will be
NOT_TOLD = frozenset({DeliveryState.FAILED, DeliveryState.UNKNOWN})
#: pauses before the second, third, … attempt; after the last the delivery has failed
RETRY_AFTER = (
    timedelta(seconds=10),
    timedelta(seconds=20),
    timedelta(seconds=40),
    timedelta(seconds=80),
)
#: a sender that has not come back by then is dead
SENDING_LIMIT = timedelta(minutes=2)


def next_try(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it has been tried enough."""
    return RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None
