"""The table of suspenders: by level, never by edge; stages in time; a pause before it is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.alarms import Level
from smartscope.domain.suspenders import (
    SUSPENDERS,
    Signal,
    Then,
    Trip,
    followed,
    forbids_dose,
    strongest,
)

MINUTE_S = 60.0


def test_every_signal_has_its_suspender_with_stages_that_only_grow() -> None:
    assert set(SUSPENDERS) == set(Signal)
    for suspender in SUSPENDERS.values():
        times = [stage.after_s for stage in suspender.stages]
        ranks = [list(Then).index(stage.then) for stage in suspender.stages]
        assert times[0] == 0.0
        assert times == sorted(times)
        assert ranks == sorted(ranks)
        assert suspender.advice.endswith(".")
        assert not suspender.text.endswith(".")


@pytest.mark.parametrize(
    ("signal", "minutes", "then", "level"),
    [
        (Signal.VACUUM, 9, Then.WAIT, None),
        (Signal.VACUUM, 10, Then.CLOSE_VALVES, Level.MAJOR),
        (Signal.VACUUM, 30, Then.ASK_PERSON, Level.MAJOR),
        (Signal.REFILL, 29, Then.WAIT, None),
        (Signal.REFILL, 30, Then.CLOSE_VALVES, Level.MAJOR),
        (Signal.HIGH_TENSION, 0, Then.ASK_PERSON, Level.MAJOR),
        (Signal.TEMPERATURE, 0, Then.ASK_PERSON, Level.MAJOR),
        (Signal.STORAGE, 10, Then.ASK_PERSON, Level.MAJOR),
        (Signal.DISK_LOW, 100, Then.GO_ON, Level.MINOR),
        (Signal.DISK_SCARCE, 100, Then.NO_NEW_GRID, Level.MAJOR),
    ],
)
def test_what_follows_when(signal: Signal, minutes: float, then: Then, level: Level) -> None:
    stage = Trip(signal, 0.0).stage(minutes * MINUTE_S)
    assert (stage.then, stage.level) == (then, level)


def test_a_signal_that_is_good_again_holds_on_for_its_time_and_starts_anew_when_bad_again() -> None:
    trips = followed((), {Signal.VACUUM: ""}, 100.0)
    trips = followed(trips, {}, 200.0)
    assert trips == (Trip(Signal.VACUUM, 100.0, clears_at_s=260.0),)
    assert followed(trips, {}, 260.0) == ()
    back = followed(trips, {Signal.VACUUM: ""}, 230.0)
    assert back == (Trip(Signal.VACUUM, 100.0),)


def test_what_clears_is_waited_for_however_long_it_had_been_bad() -> None:
    trip = Trip(Signal.VACUUM, 0.0, clears_at_s=4_000.0)
    assert trip.stage(3_990.0).then is Then.WAIT


def test_the_strongest_decides_and_warnings_do_not_forbid() -> None:
    trips = (Trip(Signal.DISK_LOW, 0.0), Trip(Signal.REFILL, 0.0), Trip(Signal.HIGH_TENSION, 0.0))
    found = strongest(trips, 1.0)
    assert found is not None
    assert found.signal is Signal.HIGH_TENSION
    assert forbids_dose(trips[:1], 1.0) is None
    assert forbids_dose((), 1.0) is None


@given(
    looks=st.lists(
        st.tuples(st.floats(1.0, 100.0), st.frozensets(st.sampled_from(list(Signal)))),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_is_bad_now_is_tripped_now(
    looks: list[tuple[float, frozenset[Signal]]],
) -> None:
    trips: tuple[Trip, ...] = ()
    now_s = 0.0
    for step_s, bad in looks:
        now_s += step_s
        trips = followed(trips, dict.fromkeys(bad, ""), now_s)
        tripped = {trip.signal for trip in trips if trip.clears_at_s is None}
        assert tripped == set(bad)
        assert all(trip.since_s <= now_s for trip in trips)
