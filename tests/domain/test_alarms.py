"""The ladder of alarms: who is told when, and what may become of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.alarms import (
    ACKNOWLEDGED_AS,
    ALARM_MOVES,
    LADDER,
    OVER_AS,
    AlarmState,
    Duty,
    Level,
    next_try,
    rungs_due,
)

MINUTES = {0: 1, 9: 1, 10: 2, 19: 2, 20: 3, 39: 3, 40: 4, 600: 4}


@pytest.mark.parametrize(("minutes", "told"), MINUTES.items())
def test_a_major_alarm_climbs_user_operator_on_call_lead(minutes: int, told: int) -> None:
    ladder = [Duty.USER, Duty.OPERATOR, Duty.ON_CALL, Duty.LEAD]
    assert rungs_due(Level.MAJOR, timedelta(minutes=minutes)) == ladder[:told]
    assert rungs_due(Level.INVALID, timedelta(minutes=minutes)) == ladder[:told]


def test_nobody_is_woken_for_a_minor_alarm() -> None:
    assert Duty.ON_CALL not in rungs_due(Level.MINOR, timedelta(days=2))
    assert rungs_due(Level.INFO, timedelta(days=2)) == [Duty.USER]


def test_when_nobody_of_a_rung_could_be_reached_the_next_is_told_at_once() -> None:
    at_once = timedelta(0)
    assert rungs_due(Level.MAJOR, at_once, frozenset({Duty.USER})) == [Duty.USER, Duty.OPERATOR]
    everybody = rungs_due(Level.MAJOR, at_once, frozenset(Duty))
    assert everybody == list(Duty)


@given(st.sampled_from(Level), st.integers(0, 10**6), st.sets(st.sampled_from(Duty)))
def test_who_was_told_stays_told_as_time_passes(
    level: Level, seconds: int, failed: set[Duty]
) -> None:
    now = rungs_due(level, timedelta(seconds=seconds), frozenset(failed))
    later = rungs_due(level, timedelta(seconds=seconds + 60), frozenset(failed))
    assert later[: len(now)] == now
    assert now == [rung.duty for rung in LADDER[level]][: len(now)]


def test_a_value_that_is_not_known_is_the_worst() -> None:
    assert Level.INVALID.is_worse_than(Level.MAJOR)
    assert not Level.MINOR.is_worse_than(Level.MINOR)


def test_an_alarm_is_latched_until_a_person_acknowledged_it() -> None:
    for state, over in OVER_AS.items():
        assert over in ALARM_MOVES[state]
    for state, acknowledged in ACKNOWLEDGED_AS.items():
        assert acknowledged in ALARM_MOVES[state]
    assert OVER_AS[AlarmState.RAISED] is AlarmState.CLEARED
    assert AlarmState.CLOSED not in ALARM_MOVES[AlarmState.RAISED]


def test_a_message_is_tried_again_with_growing_pauses_and_not_for_ever() -> None:
    pauses: list[timedelta] = []
    while (pause := next_try(len(pauses) + 1)) is not None:
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert sum(pauses, timedelta(0)) < timedelta(minutes=5)
